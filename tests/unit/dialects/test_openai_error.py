from typing import Any

import msgspec
import pytest

from nexhina.dialects.openai_error import (
    clean_text,
    read_error,
    write_error,
    write_ping,
    write_stream_error,
)
from nexhina.errors import InvalidApiKeyError, InvalidRequestError, RateLimitedError


def test_the_401_is_byte_for_byte_as_documented() -> None:
    status, headers, body = write_error(InvalidApiKeyError())
    assert status == 401
    assert headers == [(b"content-type", b"application/json")]
    assert msgspec.json.decode(body) == {
        "error": {
            "message": "Incorrect API key provided",
            "type": "invalid_request_error",
            "code": "invalid_api_key",
        }
    }


def test_other_errors_carry_param_and_their_headers() -> None:
    error = RateLimitedError("Slow down.", headers=[(b"retry-after", b"3")])
    status, headers, body = write_error(error)
    assert status == 429
    assert headers[1:] == [(b"retry-after", b"3")]
    assert list(msgspec.json.decode(body)["error"]) == ["message", "type", "param", "code"]
    _, _, body = write_error(InvalidRequestError("x", param="n"))
    assert msgspec.json.decode(body)["error"]["param"] == "n"


def test_an_error_inside_a_stream_is_one_event_without_an_end_mark() -> None:
    event = write_stream_error(RateLimitedError("line\nbreak"))
    assert event.startswith(b'data: {"error":{"message":"line\\nbreak"')
    assert event.endswith(b"}}\n\n")
    assert event.count(b"\n") == 2
    assert write_ping() == b": ping\n\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"No.","type":"t","code":"c","param":"p"}}', "No."),
        (b'{"error":"No."}', "No."),
        (b'"No."', "No."),
        (b'[{"error":{"message":"No."}}]', "No."),
        (b'{"detail":"No."}', "No."),
        (b'{"detail":[{"loc":["body","n"],"msg":"No."},{"msg":"Never."}]}', "body.n: No.; Never."),
        (b'{"message":"No.","code":7}', "No."),
        (b'{"errors":[{"message":"No."}]}', "No."),
        (b'{"error":{"code":5},"message":"No."}', "No."),
        (b"plain words", "plain words"),
        (b"<html><title>502\nBad Gateway</title></html>", "502 Bad Gateway"),
        (b"<html>nothing</html>", "The provider answered with status 400."),
        (b"", "The provider answered with status 400."),
        (b"[]", "The provider answered with status 400."),
        (b"17", "The provider answered with status 400."),
        (b'{"error":{"message":5}}', "The provider answered with status 400."),
        (b'{"error":null}', "The provider answered with status 400."),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 100_000, "[" * 499 + "…"),
    ],
)
def test_a_vendors_error_is_read_in_any_shape(body: bytes, message: str) -> None:
    assert read_error(400, {}, body).message == message


def test_html_signs_in_a_text_that_is_none_stay() -> None:
    error = read_error(400, {b"content-type": b"text/plain"}, b"a < b")
    assert error.message == "a < b"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"type": "t", "code": "c", "param": "p"}, ("t", "c", "p")),
        ({"type": None, "code": 404, "param": True}, (None, "404", None)),
        ({"status": "INVALID"}, (None, "INVALID", None)),
        ({"code": ""}, (None, None, None)),
    ],
)
def test_type_code_and_param_are_words_or_nothing(
    error: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    found = read_error(400, {}, msgspec.json.encode({"error": {"message": "x", **error}}))
    assert (found.type, found.code, found.param) == expected


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Incorrect API key provided: sk-proj-abc123XYZ", "abc123"),
        ("key sk-ab****************wxyz", "wxyz"),
        ("Authorization was Bearer abc.def", "abc.def"),
        ("organization org-AbC123xyz has no quota", "AbC123"),
        ("see https://internal.example.org/keys?x=1 for more", "internal"),
        ("connect to 10.1.2.3:8080 failed", "10.1.2.3"),
        ("connect to [2001:db8:0:1::5]:443 failed", "2001"),
        ("upstream vllm-7.cluster.local refused", "vllm-7"),
        ("upstream backend.svc:9000 refused", "backend"),
        ("localhost:11434 refused", "11434"),
        ("write to jane.doe@vendor.example", "jane"),
        ("token 0123456789abcdef0123456789abcdef", "0123456789abcdef"),
        ("AIzaSyA-1234567890 is wrong", "SyA"),
    ],
)
def test_keys_accounts_and_addresses_do_not_reach_the_caller(text: str, hidden: str) -> None:
    cleaned = clean_text(text)
    assert hidden not in cleaned
    assert "[" in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "The model gpt-4.1-mini does not exist.",
        "messages.0.content must be a string",
        "The keyboard shortcut and user-supplied account-level text stay.",
        "This model's maximum context length is 128000 tokens.",
        "'temperature' must be ≤ 2.0",
    ],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert clean_text(text) == text
