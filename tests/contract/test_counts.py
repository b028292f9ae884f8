"""Counts of DESIGN §9 that hold for every kind of steady request, and for the pool and the flush.

The product runs in this process on asyncio's own loop; caller and vendor are other threads on real
sockets. tests/acceptance/test_steady_request.py measures the plain chat and the streamed chunk;
here each variant must stay in the same bounds, and what is scheduled is looked at by name.
"""

import asyncio
import http.client
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from nexhina.app.product import Product
from nexhina.services.channel import add_channel
from nexhina.services.key import create_key
from nexhina.services.shapes import AddChannel, CreateKey
from nexhina.settings import read_settings
from support.control import PRICE, USAGE, chat_answer
from support.counting import counting
from support.installation import Installation, fresh_installation
from support.scripted_upstream import (
    Hold,
    Received,
    ScriptedUpstream,
    Step,
    chat_stream,
    json_answer,
)

# Python functions entered per steady request, its share of the writer's thread included; lowered as
# the data plane gets faster.
MOST_CALLS = 80
MOST_CALLS_OF_A_STREAM = 150
MOST_CALLS_PER_EVENT = 10  # … and more for each event of a stream
EVENTS = 7
MOST_STATEMENTS = (
    15  # per transaction that books calls, BEGIN and COMMIT included, beside the rows' own
)
REQUESTS = 100
SWEEPS = {  # what runs once or a few times a second, whatever the traffic
    "GatewayServer._sweep",
    "Pool._tick",
    "_set_result_unless_cancelled",  # asyncio.sleep of the ticks
}

CHAT = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 100}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "verbatim": ("/v1/chat/completions", {"model": "same", **CHAT}),
    "splice": ("/v1/chat/completions", {"model": "alias", **CHAT}),
    "failover tier": ("/v1/chat/completions", {"model": "tiers", **CHAT}),
    "embeddings": ("/v1/embeddings", {"model": "embed", "input": ["a", "b"]}),
    "stream, verbatim": ("/v1/chat/completions", {"model": "same", **CHAT, **STREAM}),
    "stream, splice": ("/v1/chat/completions", {"model": "alias", **CHAT, **STREAM}),
}


class House:
    """The product in this process, its vendor, and callers in threads."""

    def __init__(self, product: Product, vendor: ScriptedUpstream, key: str) -> None:
        self.product = product
        self.vendor = vendor
        self.key = key
        address = urlsplit(product.base_url)
        self._address = (address.hostname or "", address.port or 0)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self._address, timeout=30)

    def post(self, client: http.client.HTTPConnection, path: str, body: dict[str, Any]) -> None:
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        client.request("POST", path, msgspec.json.encode(body), headers)
        reply = client.getresponse()
        answer = reply.read()
        assert reply.status == 200, answer

    def open_films(self) -> None:
        """Their rooms would else open half a second after the start, in the middle of a count."""
        with closing(self.connect()) as client:
            client.request("GET", "/v1/videos", headers={"authorization": f"Bearer {self.key}"})
            assert client.getresponse().status == 200

    def repeat(
        self,
        times: int,
        path: str,
        body: dict[str, Any],
        client: http.client.HTTPConnection | None = None,
    ) -> None:
        """So many requests, one after the other, on one connection."""
        own = client or self.connect()
        for _ in range(times):
            self.post(own, path, body)
        if client is None:
            own.close()


def speak(request: Received) -> list[Step]:
    if request.path.endswith("/embeddings"):
        vectors = [{"object": "embedding", "index": n, "embedding": [0.5] * 8} for n in range(2)]
        usage = {"prompt_tokens": 10, "total_tokens": 10}
        return [json_answer({"object": "list", "data": vectors, "model": "e", "usage": usage})]
    if request.json().get("stream"):
        return chat_stream(EVENTS - 3, usage=USAGE)
    return [chat_answer()]


@pytest.fixture(scope="session")
def installation() -> Installation:
    return fresh_installation()


@pytest.fixture
async def house(installation: Installation, tmp_path: Path) -> AsyncGenerator[House]:
    settings, sources = read_settings({"port": 0}, {})
    with ScriptedUpstream() as vendor:
        vendor.otherwise = speak
        async with AsyncExitStack() as stack:
            data = installation.copy(tmp_path)
            product = await Product.open(stack, settings, sources, data)
            await product.listen(stack)
            for name, models, priority in (
                ("one", "same,alias=scripted,tiers=scripted,embed=scripted", 1),
                ("two", "tiers=scripted", 0),
            ):
                await add_channel(
                    product.workspace,
                    AddChannel(
                        provider="openai_compatible",
                        name=name,
                        base_url=vendor.base_url,
                        key="k",
                        models=models,
                        priority=priority,
                        price=PRICE,
                    ),
                )
            made = await create_key(product.workspace, CreateKey(name="app", budget_usd="100"))
            house = House(product, vendor, made.key)
            await asyncio.to_thread(house.open_films)
            yield house


@contextmanager
def scheduled() -> Generator[tuple[Counter[str], Counter[str]]]:
    """Counts what is put on the loop's timers, and which tasks are made, by name."""
    loop: Any = asyncio.get_running_loop()
    timers: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    call_at, factory = loop.call_at, loop.get_task_factory()

    def note_timer(when: float, callback: Any, *arguments: Any, **more: Any) -> Any:
        timers[getattr(callback, "__qualname__", repr(callback))] += 1
        return call_at(when, callback, *arguments, **more)

    def note_task(loop: Any, coro: Any, **more: Any) -> Any:
        tasks[coro.__qualname__] += 1
        return asyncio.Task(coro, loop=loop, **more)

    loop.call_at = note_timer
    loop.set_task_factory(note_task)
    try:
        yield timers, tasks
    finally:
        loop.set_task_factory(factory)
        del loop.call_at


@pytest.mark.parametrize("kind", KINDS)
async def test_a_steady_request_stays_within_its_counts(house: House, kind: str) -> None:
    path, body = KINDS[kind]
    with closing(house.connect()) as client:
        await asyncio.to_thread(house.repeat, 5, path, body, client)
        with scheduled() as (timers, tasks):
            await asyncio.to_thread(house.repeat, REQUESTS, path, body, client)
        assert set(timers) <= SWEEPS
        assert not tasks
        with counting() as counts:
            await asyncio.to_thread(house.repeat, REQUESTS, path, body, client)
    assert (counts.statements, counts.logs) == (0, 0)
    per_request = counts.calls / REQUESTS
    print(f"{kind}: {per_request:.0f} Python calls")
    if "stream" in body:
        assert per_request <= MOST_CALLS_OF_A_STREAM + EVENTS * MOST_CALLS_PER_EVENT
    else:
        assert per_request <= MOST_CALLS


async def test_what_is_scheduled_is_seen(house: House) -> None:
    """A counter that sees nothing would let everything pass."""

    async def nothing() -> None:
        await asyncio.sleep(0.001)

    with scheduled() as (timers, tasks):
        await asyncio.get_running_loop().create_task(nothing())
    assert timers["_set_result_unless_cancelled"] == 1
    assert [name.rpartition(".")[2] for name in tasks] == ["nothing"]
    del house


async def test_one_caller_at_a_time_needs_one_connection(house: House) -> None:
    for path, body in KINDS.values():
        await asyncio.to_thread(house.repeat, 20, path, body)
    assert house.vendor.accepted == 1


async def test_fifty_at_once_open_fifty_connections_and_the_next_fifty_none(house: House) -> None:
    path, body = KINDS["splice"]
    at_once = 50

    def wave() -> None:
        """All of them stand at the vendor together before the first is answered."""
        gate = threading.Event()
        house.vendor.otherwise = [Hold(gate), chat_answer()]
        seen = len(house.vendor.received)
        with ThreadPoolExecutor(at_once) as threads:
            running = [threads.submit(house.repeat, 1, path, body) for _ in range(at_once)]
            house.vendor.wait_for_requests(seen + at_once, 20)
            gate.set()
            for call in running:
                call.result()

    await asyncio.to_thread(wave)
    assert house.vendor.accepted == at_once
    await asyncio.to_thread(wave)
    house.vendor.otherwise = speak
    await asyncio.to_thread(house.repeat, 50, path, body)
    assert house.vendor.accepted == at_once
    assert {connection.requests for connection in house.vendor.connections} >= {2}


def wait_until_still(count_rows: Callable[[], int]) -> None:
    """Returns when no row has come for half a second."""
    seen = -1
    while seen != (seen := count_rows()):
        time.sleep(0.5)


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


@contextmanager
def booking(
    total: int, count_rows: Callable[[], int]
) -> Generator[tuple[list[tuple[int, int]], threading.Event]]:
    """(statements beside the rows' own, rows of the log) of each transaction that books calls, in all threads.

    The event is set when `total` rows are booked.
    """
    full = threading.Event()
    done: list[tuple[int, int]] = []
    statements: list[str] = []

    def begin(connection: Connection) -> None:
        # The driver's own trace: rows go in past SQLAlchemy, many per statement.
        statements.clear()
        _driver(connection).set_trace_callback(statements.append)

    def commit(connection: Connection) -> None:
        driver = _driver(connection)
        driver.set_trace_callback(None)
        if any("INSERT INTO log" in text for text in statements):
            booked = driver.execute("SELECT count(*) FROM log").fetchone()[0] - before
            others = [text for text in statements if "INSERT INTO log" not in text]
            done.append((len(others), booked - sum(rows for _, rows in done)))
            if booked >= total:
                full.set()

    before = count_rows()
    listeners = (("begin", begin), ("commit", commit))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield done, full
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


async def test_a_batch_is_booked_with_the_same_few_statements_whatever_its_size(
    house: House,
) -> None:
    path, body = KINDS["splice"]
    total = 400

    def run() -> None:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: house.repeat(total // 8, path, body), range(8)))

    def count_rows() -> int:
        with house.product.workspace.database.read() as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM log").scalar_one()

    # What earlier tests did may still be on its way to the books.
    await asyncio.to_thread(wait_until_still, count_rows)
    with booking(total, count_rows) as (done, full):
        await asyncio.to_thread(run)
        assert await asyncio.to_thread(full.wait, 10)
    assert sum(rows for _, rows in done) == total
    assert max(rows for _, rows in done) > 10  # or this would prove nothing
    print(f"statements and rows per transaction: {done}")
    assert max(statements for statements, _ in done) <= MOST_STATEMENTS
