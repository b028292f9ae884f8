"""Calls of the Responses format, and one chat answer in both of its shapes."""

from typing import Any

import msgspec
from msgspec import structs

from nexhina.dialects.dialect import StreamWatch
from nexhina.ports import Inbound
from support.inbound import make_inbound

CALL_ID = "01890000-0000-7000-8000-00000000abcd"
HEX = CALL_ID.replace("-", "")


def make_call(**body: Any) -> Inbound:
    """A POST of a Responses request for the model "m"."""
    return structs.replace(make_inbound({"model": "m", **body}), id=CALL_ID)


def write_chunks(deltas: list[dict[str, Any]], finish: str | None, usage: Any = None) -> bytes:
    """A chat stream: these deltas, the finish, the usage, the end mark."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 7, "model": "up"}
    chunks: list[dict[str, Any]] = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage is not None:
        chunks.append({**head, "choices": [], "usage": usage})
    events = [b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks]
    return b"".join(events) + b"data: [DONE]\n\n"


def write_completion(message: dict[str, Any], finish: str | None, usage: Any = None) -> bytes:
    """The same answer in one piece."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    answer = {"id": "c", "object": "chat.completion", "created": 7, "model": "up"}
    return msgspec.json.encode({**answer, "choices": [choice], "usage": usage})


def read_events(data: bytes) -> list[dict[str, Any]]:
    """The data of events whose name and type agree."""
    events: list[dict[str, Any]] = []
    for event in data.split(b"\n\n")[:-1]:
        name, line = event.split(b"\n")
        found = msgspec.json.decode(line.removeprefix(b"data: "))
        assert name == b"event: " + found["type"].encode()
        events.append(found)
    return events


def run_stream(watch: StreamWatch, pieces: list[bytes]) -> bytes:
    """All that a watch writes for these reads, the tail last."""
    out = b"".join([watch.feed(piece) for piece in pieces])
    return out + watch.finish(clean=True)
