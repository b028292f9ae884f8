"""What a steady request costs, as counts: the hot path does no SQL, starts no task, sets no timer,
logs nothing, enters a bounded number of Python functions, and keeps its vendor's connections.

The product runs in this process, on asyncio's own loop (uvloop hides its timers); the vendor and
the client live in other threads, so that only the product is counted.
"""

import asyncio
import http.client
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from nexhina.app.product import Product
from nexhina.settings import read_settings
from support.counting import Counts, counting
from support.plain_vendor import PlainVendor, plain_vendor
from support.product import run_cli

REQUESTS = 200
# Functions of ours entered per request and per streamed chunk. Measured, with a tenth on top: who needs
# more says in the change what it buys.
CALLS_PER_CHAT = 78
CALLS_PER_CHUNK = 10
OF_THE_SWEEPS = 20  # timers and tasks of what runs each second, over a whole test


class Steady:
    """The running product, its vendor, and a client on one connection."""

    def __init__(self, product: Product, vendor: PlainVendor, key: str) -> None:
        self.product = product
        self.vendor = vendor
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        address = urlsplit(product.base_url)
        assert address.hostname
        self._client = http.client.HTTPConnection(address.hostname, address.port, timeout=30)

    def _chat(self, *, stream: bool) -> bytes:
        body: dict[str, object] = {
            "model": "steady",
            "messages": [{"role": "user", "content": "hi"}],
            "stream": stream,
            "max_tokens": 100,
        }
        if stream:
            body["stream_options"] = {"include_usage": True}
        self._client.request(
            "POST", "/v1/chat/completions", msgspec.json.encode(body), self._headers
        )
        reply = self._client.getresponse()
        answer = reply.read()
        assert reply.status == 200, answer
        return answer

    def _list_films(self) -> None:
        self._client.request("GET", "/v1/videos", headers=self._headers)
        reply = self._client.getresponse()
        assert reply.read()
        assert reply.status == 200

    async def run(self, times: int, *, stream: bool = False) -> Counts:
        """Counts of so many requests, one after the other; a few before them warm up.

        The first one opens the rooms of films, which else wake half a second after the start.
        """

        def go(number: int) -> None:
            for _ in range(number):
                self._chat(stream=stream)

        await asyncio.to_thread(self._list_films)
        await asyncio.to_thread(go, 5)
        with counting() as counts:
            await asyncio.to_thread(go, times)
        return counts

    def close(self) -> None:
        self._client.close()


@pytest.fixture
async def steady(tmp_path: Path) -> AsyncGenerator[Steady]:
    data = tmp_path / "data"
    key = str((await asyncio.to_thread(run_cli, data, "init"))["api_key"])
    with plain_vendor() as vendor:
        await asyncio.to_thread(
            run_cli,
            data,
            *("channels", "add", "--provider", "openai_compatible", "--name", "steady"),
            *("--base-url", vendor.base_url, "--key", "k", "--models", "steady=vendor-model"),
            *("--price", "0.15/0.60"),
        )
        settings, sources = read_settings({"port": 0}, {})
        async with AsyncExitStack() as stack:
            product = await Product.open(stack, settings, sources, data)
            await product.listen(stack)
            opened = Steady(product, vendor, key)
            stack.callback(opened.close)
            yield opened


async def test_a_steady_chat_does_nothing_but_its_work(steady: Steady) -> None:
    counts = await steady.run(REQUESTS)
    assert counts.statements == 0
    assert counts.logs == 0
    assert counts.tasks <= OF_THE_SWEEPS
    assert counts.timers <= OF_THE_SWEEPS
    assert counts.calls / REQUESTS <= CALLS_PER_CHAT


async def test_rows_are_written_by_another_thread_in_batches(steady: Steady) -> None:
    counts = await steady.run(REQUESTS)
    assert counts.statements == 0
    assert counts.statements_elsewhere < REQUESTS


async def test_one_client_needs_one_connection_to_the_vendor(steady: Steady) -> None:
    await steady.run(REQUESTS)
    assert steady.vendor.connections == 1


async def test_a_streamed_chunk_costs_a_bounded_number_of_calls(steady: Steady) -> None:
    streams = 10
    steady.vendor.chunks = 10
    short = await steady.run(streams, stream=True)
    steady.vendor.chunks = 210
    long = await steady.run(streams, stream=True)
    assert (long.calls - short.calls) / (200 * streams) <= CALLS_PER_CHUNK
    assert long.tasks <= OF_THE_SWEEPS
    assert long.timers <= OF_THE_SWEEPS
    assert (long.statements, long.logs) == (0, 0)


async def test_the_counts_count(steady: Steady) -> None:
    """A counter that sees nothing would let everything pass."""
    import logging

    from nexhina.tasks import spawn

    async def nothing() -> None:
        pass

    with counting() as counts:
        logging.getLogger("nexhina.test").warning("seen")
        asyncio.get_running_loop().call_later(0, lambda: None)
        await spawn(nothing(), "seen")
        steady.close()
    assert (counts.logs, counts.timers, counts.tasks) == (1, 1, 1)
    assert counts.calls > 3
