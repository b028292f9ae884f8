"""Writes answers as bytes: heads, chunks, and errors of the edge itself. Pure.

What makes up framing (Content-Length, Transfer-Encoding, Connection) is written by the edge alone; of
a handler's own fields of those names only the length counts, where the edge can't know it (a stream).
"""

from functools import lru_cache
from http import HTTPStatus

import msgspec

from nexhina.contract.header import EXPOSED
from nexhina.errors import HeaderList, NexhinaError

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
CORS = (
    b"access-control-allow-origin: *\r\naccess-control-expose-headers: "
    + b", ".join((*EXPOSED, b"idempotency-replayed", b"retry-after"))
    + b"\r\n"
)
CHUNKED = b"transfer-encoding: chunked\r\n"
CLOSE = b"connection: close\r\n"
KEEP_ALIVE = b"connection: keep-alive\r\n"  # HTTP/1.0 has to be told

_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode())
    for status in HTTPStatus
}
_OURS = frozenset(
    {b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"date",
     b"trailer", b"upgrade"}
)  # fmt: skip


def write_fields(headers: HeaderList) -> bytes:
    """The header lines of a handler's fields, without those that are ours to write.

    Raises ValueError when a field would break out of its line.
    """
    fields = b""
    count = 0
    for name, value in headers:
        if name not in _OURS:
            fields += b"%b: %b\r\n" % (name, value)
            count += 1
    # One look at the whole instead of one at each field: every line break must be one of ours.
    if fields.count(b"\n") != count or fields.count(b"\r") != count:
        raise ValueError("a header of the answer holds a line break")
    return fields


@lru_cache(maxsize=64)
def write_type(content_type: bytes) -> bytes:
    """The line of the one field that nearly every answer has; raises ValueError as write_fields.

    Remembered, since there are few values and no secrets among them.
    """
    return write_fields([(b"content-type", content_type)])


def write_head(status: int, headers: HeaderList, rest: bytes) -> bytes:
    """The head; `rest` = further header lines, each ended by CRLF.

    Raises ValueError when a field would break out of its line.
    """
    return join_head(status, write_fields(headers), rest)


def join_head(status: int, fields: bytes, rest: bytes) -> bytes:
    """The head, of header lines that were written before."""
    line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return b"%b%b%b\r\n" % (line, fields, rest)


def read_length(headers: HeaderList) -> int | None:
    """The Content-Length that a handler gives, None when it gives none (or not a number)."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


def has_no_body(status: int) -> bool:
    """Whether an answer of this status never has a body nor a length (RFC 9110 6.4.1)."""
    return status in (204, 304) or status < 200


def write_chunk(data: bytes) -> bytes:
    """One chunk; `data` must not be empty (an empty chunk is the end)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def write_plain_error(error: NexhinaError) -> tuple[int, HeaderList, bytes]:
    """Status, headers and body in the shape of the OpenAI dialects, for errors no route owns."""
    body = msgspec.json.encode(
        {
            "error": {
                "message": error.message,
                "type": error.type,
                "param": error.param,
                "code": error.code,
            }
        }
    )
    return error.status, [(b"content-type", b"application/json"), *error.headers], body
