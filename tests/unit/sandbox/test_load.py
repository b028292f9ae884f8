"""The longest step of the loop while hundreds of calls of every kind are answered at once."""

import asyncio
from typing import Any

import msgspec

from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import drive
from support.attachment import make_picture, say, show
from support.heartbeat import longest_turn
from support.sandbox import CHAT, EMBEDDINGS, make_chat, open_vendor

CALLS = 300
LONGEST_S = 0.25  # of this thread's own time; a step is a few milliseconds on an idle machine

TEXT = "You are kind and the river runs to the sea. 我今天去公园。" * 10
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
UNIQUE = {
    "type": "object",
    "properties": {
        "names": {
            "type": "array",
            "minItems": 60,
            "uniqueItems": True,
            "items": {"type": "object", "properties": {"n": {"const": "x"}}, "required": ["n"]},
        }
    },
    "required": ["names"],
}
FORM = {"type": "json_schema", "json_schema": {"name": "f", "schema": {**CITY, "title": "f"}}}
HARD = {"type": "json_schema", "json_schema": {"name": "f", "schema": UNIQUE}}
LOOK = [{"role": "user", "content": [say("What is this?"), show(make_picture())]}]

KINDS: list[tuple[str, dict[str, Any], int]] = [
    (CHAT, make_chat(TEXT), 200),
    (CHAT, make_chat(TEXT, stream=True), 200),
    (CHAT, {**make_chat(TEXT, reasoning_effort="high"), "model": "sandbox-reasoning"}, 200),
    (CHAT, make_chat("Weather in Rome? " + TEXT, tools=[TOOL]), 200),
    (CHAT, make_chat(TEXT, response_format=FORM), 200),
    (CHAT, make_chat("x", response_format=HARD), 400),  # cannot be met: refused, and soon
    (EMBEDDINGS, {"model": "sandbox-embedding", "input": [TEXT] * 4}, 200),
    ("/v1/rerank", {"model": "sandbox-rerank", "query": TEXT[:40], "documents": [TEXT] * 5}, 200),
    ("/v1/moderations", {"model": "sandbox-moderation", "input": TEXT}, 200),
    (CHAT, {"model": "sandbox-chat", "messages": LOOK}, 200),
]


async def play(vendor: SandboxVendor, path: str, call: dict[str, Any], status: int) -> None:
    """Takes the pieces as the players do: one a turn, inside the turn."""
    reply = await drive(vendor.answer("POST", path, {}, msgspec.json.encode(call)))
    assert reply.status == status, (call, b"".join(piece.data for piece in reply.pieces))
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def step() -> None:
        if next(reply.pieces, None) is None:
            done.set_result(None)
        else:
            vendor.turns.add(step)

    vendor.turns.add(step)
    await done


async def test_hundreds_of_calls_of_every_kind_hold_the_loop_only_for_moments():
    async with open_vendor() as vendor:
        for kind in KINDS:  # what is loaded once is loaded
            await play(vendor, *kind)

        async def play_all() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(CALLS):
                    group.create_task(play(vendor, *KINDS[number % len(KINDS)]))

        assert await longest_turn(play_all, LONGEST_S) < LONGEST_S
