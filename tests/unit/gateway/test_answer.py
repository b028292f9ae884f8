"""Answers as bytes."""

import msgspec
import pytest

from nexhina.errors import InternalError, InvalidRequestError
from nexhina.gateway.answer import CORS, has_no_body, write_chunk, write_head, write_plain_error


def test_a_head_has_its_lines_in_order() -> None:
    head = write_head(200, [(b"a", b"b"), (b"c", b"")], b"content-length: 0\r\n")
    assert head == b"HTTP/1.1 200 OK\r\na: b\r\nc: \r\ncontent-length: 0\r\n\r\n"


def test_a_status_without_a_known_phrase_is_written() -> None:
    assert write_head(599, [], b"").startswith(b"HTTP/1.1 599 \r\n")


@pytest.mark.parametrize(
    "field", [(b"a", b"b\r\nset-cookie: x"), (b"a\n", b"b"), (b"a", b"b\rc"), (b"a", b"b\n")]
)
def test_a_field_that_would_break_out_of_its_line_is_refused(field: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="line break"):
        write_head(200, [field], b"")


@pytest.mark.parametrize("name", [b"content-length", b"transfer-encoding", b"connection", b"date"])
def test_a_handler_can_not_write_framing(name: bytes) -> None:
    assert write_head(200, [(name, b"7")], b"") == b"HTTP/1.1 200 OK\r\n\r\n"


def test_chunks_carry_their_size_in_hexadecimal() -> None:
    assert write_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


def test_some_statuses_have_no_body() -> None:
    assert [status for status in (101, 200, 204, 304, 404) if has_no_body(status)] == [
        101,
        204,
        304,
    ]


def test_errors_have_the_documented_shape() -> None:
    status, headers, body = write_plain_error(
        InvalidRequestError("no", param="p", headers=[(b"allow", b"GET")])
    )
    assert status == 400
    assert headers == [(b"content-type", b"application/json"), (b"allow", b"GET")]
    assert msgspec.json.decode(body) == {
        "error": {
            "message": "no",
            "type": "invalid_request_error",
            "param": "p",
            "code": "invalid_request_error",
        }
    }
    assert (
        msgspec.json.decode(write_plain_error(InternalError())[2])["error"]["type"]
        == "server_error"
    )


def test_browsers_may_read_our_headers() -> None:
    assert b"access-control-allow-origin: *\r\n" in CORS
    assert b"x-nexhina-id" in CORS
