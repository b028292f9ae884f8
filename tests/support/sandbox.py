"""Asking the sandbox vendor in tests, and reading what it answers."""

from contextlib import asynccontextmanager
from typing import Any

import msgspec

from nexhina.sandbox.reply import Piece, SandboxReply
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import drive
from nexhina.telemetry.clock import ManualClock

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
IMAGES = "/v1/images/generations"


@asynccontextmanager
async def open_vendor(**more: Any):
    """A vendor whose child ends with the block. It goes by words, which needs no child, unless told."""
    more.setdefault("by_words", True)
    vendor = SandboxVendor(ManualClock(), **more)
    try:
        yield vendor
    finally:
        await vendor.wait_closed()


def read_body(reply: SandboxReply) -> bytes:
    """The whole body, without the delays; of a reply that is ready."""
    return b"".join(piece.data for piece in reply.pieces)


async def collect_body(reply: SandboxReply) -> bytes:
    """The whole body, without the delays, also of a reply that is still being made."""
    found = bytearray()
    for piece in reply.pieces:
        if piece.until is not None:
            await drive(wait_for(piece))
        found += piece.data
    return bytes(found)


async def wait_for(piece: Piece) -> None:
    """Returns once the rest of the reply may go on."""
    assert piece.until is not None
    await piece.until


async def ask(
    vendor: SandboxVendor,
    path: str,
    body: Any,
    headers: dict[bytes, bytes] | None = None,
    method: str = "POST",
) -> tuple[SandboxReply, bytes]:
    """The reply to one request and its body."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    reply = await drive(vendor.answer(method, path, headers or {}, raw))
    return reply, await collect_body(reply)


async def ask_json(vendor: SandboxVendor, path: str, body: Any, **more: Any) -> Any:
    """The JSON of an answer that must be 200."""
    reply, raw = await ask(vendor, path, body, **more)
    assert reply.status == 200, raw
    return msgspec.json.decode(raw)


async def ask_error(vendor: SandboxVendor, path: str, body: Any, **more: Any) -> tuple[int, Any]:
    """Status and error object of an answer that must be refused."""
    reply, raw = await ask(vendor, path, body, **more)
    assert reply.status >= 400, raw
    error = msgspec.json.decode(raw)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return reply.status, error


def make_chat(prompt: str = "Tell me about rivers", **more: Any) -> dict[str, Any]:
    """A chat request with one user message."""
    messages = [{"role": "user", "content": prompt}]
    return {"model": "sandbox-chat", "messages": messages, **more}


def read_events(raw: bytes) -> list[Any]:
    """The JSON of a stream's events; the last must be [DONE]."""
    events = raw.decode().split("\n\n")
    assert events.pop() == ""
    assert all(event.startswith("data: ") for event in events)
    assert events.pop() == "data: [DONE]"
    return [msgspec.json.decode(event[6:]) for event in events]


def join_choices(events: list[Any]) -> dict[int, str]:
    """The texts of a stream's choices."""
    texts: dict[int, str] = {}
    for event in events:
        for choice in event["choices"]:
            delta = choice["delta"].get("content") or ""
            texts[choice["index"]] = texts.get(choice["index"], "") + delta
    return texts
