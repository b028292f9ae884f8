"""Many media calls at once: all work is the children's, the gateway neither grows nor holds its loop."""

import asyncio
import gc
import os
from array import array
from collections.abc import Awaitable

from nexhina.sandbox.vendor import SandboxVendor
from support.form import form_kind, write_form
from support.heartbeat import longest_turn
from support.process import resident_bytes
from support.sandbox import ask, open_vendor
from support.sound import write_wav

MIB = 1024 * 1024
ROUNDS = 2
LONGEST_S = 0.1  # of this thread's own time; it moves a few hundred kilobytes a turn
EXTRA = 6 * MIB  # one round alone moves more than ten times as much

IMAGE = {
    "model": "sandbox-image", "prompt": "A red boat", "size": "1024x1024", "output_format": "jpeg",
    "output_compression": 40,
}  # fmt: skip
SPEECH = {
    "model": "sandbox-speech", "input": "Good morning. " * 20, "voice": "echo",
    "response_format": "pcm",
}  # fmt: skip
RECORDING = write_form(
    {"model": "sandbox-hearing"},
    [("file", "a.wav", "audio/wav", write_wav(array("h", bytes(4 * MIB)), 96_000))],
)


async def play(call: Awaitable[tuple[object, bytes]]) -> int:
    return len((await call)[1])


async def play_round(vendor: SandboxVendor) -> int:
    """Asks for everything at once; returns the bytes that came."""
    calls = [
        *(ask(vendor, "/v1/audio/speech", SPEECH) for _ in range(8)),
        ask(vendor, "/v1/images/generations", IMAGE),
        *(
            ask(vendor, "/v1/audio/transcriptions", RECORDING, {b"content-type": form_kind()})
            for _ in range(2)
        ),
    ]
    return sum(await asyncio.gather(*(play(call) for call in calls)))


async def test_many_media_calls_neither_grow_the_gateway_nor_hold_its_loop():
    moved = 0

    async def play_rounds() -> None:
        nonlocal moved
        moved = sum([await play_round(vendor) for _ in range(ROUNDS)])

    async with open_vendor() as vendor:
        await play_round(vendor)  # what is loaded once is loaded
        gc.collect()
        before = resident_bytes(os.getpid())
        longest = await longest_turn(play_rounds, LONGEST_S)
        gc.collect()
        grown = resident_bytes(os.getpid()) - before
    assert moved > ROUNDS * 6 * MIB
    assert grown < EXTRA, f"{grown / MIB:.1f} MiB"
    assert longest < LONGEST_S
