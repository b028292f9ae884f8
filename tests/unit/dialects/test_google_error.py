import msgspec
import pytest

from nexhina.contract.status import STATUS_ZH
from nexhina.dialects.google_error import STATUSES, write_error
from nexhina.dialects.openai_error import read_error
from nexhina.errors import (
    InvalidApiKeyError,
    InvalidRequestError,
    ModelNotFoundError,
    NexhinaError,
    RateLimitedError,
)

TYPE = "type.googleapis.com/google.rpc."


def write(error: NexhinaError) -> dict[str, object]:
    status, headers, body = write_error(error)
    assert headers[0] == (b"content-type", b"application/json")
    found = msgspec.json.decode(body)["error"]
    assert (found["code"], list(found)) == (status, ["code", "message", "status", "details"])
    return found


def test_an_error_says_number_word_and_our_code() -> None:
    assert write(InvalidApiKeyError()) == {
        "code": 401,
        "message": "Incorrect API key provided",
        "status": "UNAUTHENTICATED",
        "details": [
            {"@type": f"{TYPE}ErrorInfo", "reason": "INVALID_API_KEY", "domain": "nexhina"}
        ],
    }
    missing = write(ModelNotFoundError("no", param="model"))
    assert (missing["code"], missing["status"]) == (404, "NOT_FOUND")
    assert missing["details"] == [
        {"@type": f"{TYPE}ErrorInfo", "reason": "MODEL_NOT_FOUND", "domain": "nexhina"},
        {
            "@type": f"{TYPE}BadRequest",
            "fieldViolations": [{"field": "model", "description": "no"}],
        },
    ]


def test_a_wait_is_told_in_the_header_and_in_the_details() -> None:
    error = RateLimitedError("busy", headers=[(b"retry-after", b"7")])
    assert (b"retry-after", b"7") in write_error(error)[1]
    assert {"@type": f"{TYPE}RetryInfo", "retryDelay": "7s"} in write(error)["details"]  # type: ignore[operator]


@pytest.mark.parametrize("status", STATUS_ZH)
def test_every_status_has_a_word(status: int) -> None:
    # What is left out is a refusal of what was sent.
    assert status in STATUSES or 400 <= status < 500


def test_our_own_reader_understands_it() -> None:
    status, _, body = write_error(InvalidRequestError("bad size", param="pageSize"))
    read = read_error(status, {}, body)
    assert (read.message, read.code) == ("bad size", "INVALID_REQUEST_ERROR")
