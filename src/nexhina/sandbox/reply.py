"""What the sandbox answers: a status, headers and pieces of a body, made one by one when asked for.

Bodies are OpenAI's JSON. How pieces travel is the business of whoever plays the reply
(`upstream.sandbox_transport` in the process, `standalone` on a port).
"""

from collections.abc import Iterator

import msgspec

from nexhina.errors import HeaderList, NexhinaError
from nexhina.ports import Headers
from nexhina.tasks import Wait

JSON: Headers = {b"content-type": b"application/json"}
EVENTS: Headers = {
    b"content-type": b"text/event-stream; charset=utf-8",
    b"cache-control": b"no-cache",
}


class Piece(msgspec.Struct, frozen=True):
    """Bytes to send after a delay. No bytes: a breath, so that a long computation lets others run.

    With `until` it comes without bytes: the next piece can be had once that is resolved.
    """

    delay_s: float
    data: bytes
    until: Wait[None] | None = None


BREATH = Piece(0.0, b"")


class SandboxReply(msgspec.Struct, kw_only=True):
    """One answer. `cut` is known once `pieces` has ended: the body breaks off there."""

    status: int
    headers: Headers
    pieces: Iterator[Piece]
    cut: bool = False
    length_known: bool = True  # a whole body with a length; False: a stream


def whole(body: bytes, status: int = 200, headers: Headers | None = None) -> SandboxReply:
    """A whole answer that is ready."""
    return SandboxReply(
        status=status, headers={**JSON, **(headers or {})}, pieces=iter((Piece(0.0, body),))
    )


def failure(
    status: int,
    message: str,
    kind: str,
    code: str | None,
    param: str | None = None,
    headers: HeaderList | None = None,
) -> SandboxReply:
    """An answer with OpenAI's error body."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return whole(msgspec.json.encode({"error": error}), status, dict(headers or ()))


def refusal(error: NexhinaError) -> SandboxReply:
    """The error as an answer."""
    return failure(error.status, error.message, error.type, error.code, error.param, error.headers)
