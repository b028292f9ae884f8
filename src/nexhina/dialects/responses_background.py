"""Responses that nobody waits for: what they say while they run and when they failed, and their events.

Their vendor is asked as for any other response. So the id, the time and the numbers of events that
it tells are replaced by those that the caller was given before the vendor answered.
"""

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.dialect import Peek
from nexhina.dialects.responses_frame import make_frame, write_response
from nexhina.dialects.responses_item import Item
from nexhina.dialects.responses_replay import LAST, write_numbered
from nexhina.dialects.sse import read_event
from nexhina.errors import InvalidRequestError, NexhinaError

OPEN = frozenset(("queued", "in_progress"))
"""States of a response that has not ended."""

UNANSWERED = OPEN | {"failed", "cancelled"}
"""… and of one that ended without an answer."""

_KEPT = ("id", "created_at", "background", "store", "previous_response_id")
_BEGINNINGS = frozenset(("response.created", "response.queued", "response.in_progress"))
_CODES = {429: "rate_limit_exceeded", 500: "server_error"}
"""What the format has for a failed response; its clients know no other codes."""


class State(Struct):
    """What a stored response says of itself."""

    status: str | None = None
    background: bool | None = None


class Event(Struct):
    """One event of the vendor's stream; of an error its message alone counts."""

    kind: str
    members: dict[str, Raw]
    message: str | None = None

    @property
    def is_beginning(self) -> bool:
        """Whether it says what the caller was told already."""
        return self.kind in _BEGINNINGS

    @property
    def has_response(self) -> bool:
        """Whether it carries the whole response, which only the first and the last ones do."""
        return "response" in self.members


class _Error(Struct):
    message: str | None = None


_state = msgspec.json.Decoder(State)
_error = msgspec.json.Decoder(_Error)
_members = msgspec.json.Decoder(dict[str, Raw])
_kind = msgspec.json.Decoder(str)


def read_state(answer: bytes) -> State:
    """Status and kind of a Response object; nothing of what is none."""
    try:
        return _state.decode(answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return State()


def write_begun(peek: Peek, public_model: str, created: int) -> Item:
    """The Response object of a request that was accepted; raises InvalidRequestError."""
    begun = write_response(make_frame(peek, public_model), [], created=created, ending=None)
    return {**begun, "status": "queued", "store": True}


def write_failed(begun: Item, error: NexhinaError) -> bytes:
    """The Response object of one that ended without an answer."""
    caller = isinstance(error, InvalidRequestError) and error.status < 500
    code = "invalid_prompt" if caller else _CODES.get(error.status, "server_error")
    told = {"code": code, "message": error.message}
    return msgspec.json.encode({**begun, "status": "failed", "error": told})


def write_cancelled(begun: Item) -> bytes:
    """The Response object of one that was cancelled."""
    return msgspec.json.encode({**begun, "status": "cancelled"})


def adopt(answer: bytes, begun: Item) -> bytes:
    """The vendor's Response object as the one that was begun."""
    members: Item = {**_members.decode(answer)}
    members |= {name: begun[name] for name in _KEPT}
    return msgspec.json.encode(members)


def take_event(event: bytes) -> Event | None:
    """What a whole event says; None for comments and for what is no event of this format."""
    _, data = read_event(event)
    if not data:
        return None
    try:
        members = _members.decode(data)
        kind = _kind.decode(members["type"])
        message = _error.decode(data).message if kind == "error" else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
        return None
    return Event(kind, members, message)


def number_event(event: Event, number: int) -> bytes:
    """The event as the caller's stream has it."""
    return write_numbered(event.kind, number, event.members)


def write_beginning(begun: Item) -> list[bytes]:
    """The first events of every stream."""
    running = {**begun, "status": "in_progress"}
    return [
        write_numbered("response.created", 0, {"response": begun}),
        write_numbered("response.in_progress", 1, {"response": running}),
    ]


def write_last(answer: bytes, number: int) -> bytes:
    """The last event of every stream: it carries the whole response."""
    status = read_state(answer).status or ""
    kind = LAST.get(status, "response.incomplete")
    return write_numbered(kind, number, {"response": Raw(answer)})
