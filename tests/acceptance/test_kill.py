"""SIGKILL at any point: no answer that a caller received whole is lost, none is charged twice.

After each kill the installation starts again on the same folder, and its books are read in SQL:
every answer received whole has its row once, the balances are what the rows say, no hold is left.
"""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.bookkeeping import BooksFile, Row
from support.caller import Caller, CutError, Head
from support.control import CHARGE, USAGE, add_vendor, ask, chat_answer
from support.installation import Installation
from support.product import NEXHINA, Product, clean_environment, run_cli, spawn_product
from support.scripted_upstream import (
    Cut,
    Hold,
    Received,
    ScriptedUpstream,
    Step,
    chat_event,
    chat_stream,
    sse_head,
)

BUDGET_NANO = 5_000_000_000
NEVER_BOOKED = {"NEXHINA_JOURNAL_FLUSH_MS": "5000"}  # what happens now is in the journal only


class House:
    """An installation that is killed and started again, and what its callers have got from it."""

    def __init__(self, data: Path, owner_key: str, vendor: ScriptedUpstream) -> None:
        self.data = data
        self.env: dict[str, str] = {}  # of the next start
        self.vendor = vendor
        self.gate = threading.Event()  # held streams wait for it
        self.whole: list[str] = []  # ids of answers that a caller has received to the end
        self.cut: list[str] = []  # ids of streams that began and did not end
        vendor.otherwise = self._speak
        self.owner_key = owner_key
        self.product = self.start()
        add_vendor(self.product, vendor, models="m=scripted,held=held")
        made = ask(self.product, "keys.create", name="app", budget_usd="5")
        self.budget_key = str(made["key"])
        self.budget_account = f"budget/{made['id']}/0"

    def _speak(self, request: Received) -> list[Step]:
        asked = request.json()
        if asked["model"] == "held":
            return [sse_head(), *(chat_event(f"word{n} ") for n in range(8)), Hold(self.gate)]
        if asked.get("stream"):
            return chat_stream(4, usage=USAGE)
        return [chat_answer()]

    def start(self) -> Product:
        self.product = spawn_product(self.data, env=self.env)
        self.product.key = self.owner_key
        return self.product

    def restart(self, env: dict[str, str]) -> None:
        """Stops in good order; from now on it starts with `env`."""
        assert self.product.stop() == 0
        self.env = env
        self.start()

    def kill(self) -> None:
        """Ends the server as a power cut would; returns when it is gone."""
        os.kill(self.product.process.pid, signal.SIGKILL)
        assert self.product.process.wait(10) == -signal.SIGKILL

    def stop(self) -> None:
        self.gate.set()
        if self.product.process.poll() is None:
            self.product.process.kill()
            self.product.process.wait()

    # --- callers ----------------------------------------------------------------------------------

    def caller(self, *, budget: bool = True) -> Caller:
        return Caller(self.product, key=self.budget_key if budget else self.owner_key)

    def call(self, caller: Caller, *, stream: bool) -> None:
        """One call to its end; notes what came of it."""
        caller.chat("m", stream=stream)
        head = caller.read_head()
        assert head.status == 200, self.product.read_log()[-3000:]
        if not stream:
            caller.read_body()
            self.whole.append(head.id)
            return
        try:
            events = list(caller.events())
        except CutError:
            self.cut.append(head.id)
            raise
        assert events[-1] == b"[DONE]"
        self.whole.append(head.id)

    # --- what must hold ---------------------------------------------------------------------------

    def check(self) -> dict[str, Row]:
        """Starts again and asserts that the books are true. Returns the rows by id."""
        self.start()
        keys = ask(self.product, "keys.list")
        assert [key["held_nano_usd"] for key in keys] == [0] * len(keys)
        rows = BooksFile(self.data).require_exact({self.budget_account: BUDGET_NANO})
        for key in keys:
            mine = [row for row in rows if row.token_id == key["id"]]
            assert key["spent_nano_usd"] == sum(row.charge_nano for row in mine)
            assert key["calls"] == len(mine)
        by_id = {row.id: row for row in rows}
        for name in self.whole:
            row = by_id[name]
            assert (row.status, row.abandoned, row.charge_nano) == (200, 0, CHARGE)
        for name in self.cut:
            row = by_id[name]
            assert row.charge_nano == (0 if row.abandoned else CHARGE)
        return by_id


@pytest.fixture
def house(tmp_path: Path, installation: Installation) -> Iterator[House]:
    with ScriptedUpstream() as vendor:
        house = House(installation.copy(tmp_path), installation.key, vendor)
        try:
            yield house
        finally:
            house.stop()


def test_streams_that_the_kill_cut_are_abandoned_rows_that_cost_nothing(house: House) -> None:
    for read in (1, 3, 8):
        with contextlib.ExitStack() as stack:
            callers = [stack.enter_context(house.caller(budget=n % 2 == 0)) for n in range(4)]
            for caller in callers:
                caller.chat("held", stream=True)
            heads = [caller.read_head() for caller in callers]
            for caller in callers:
                events = caller.events()
                for _ in range(read):
                    assert b"word" in next(events)
            house.kill()
            for caller in callers:
                with pytest.raises(CutError):
                    caller.read_body()
        house.cut += [head.id for head in heads]
        rows = house.check()
        for name in house.cut:
            row = rows[name]
            assert (row.abandoned, row.status, row.error_code) == (1, 500, "abandoned")
            assert (row.charge_nano, row.lines) == (0, "[]")
    assert len(house.cut) == 12


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_kill_right_behind_the_last_byte_of_an_answer_does_not_lose_it(
    house: House, stream: bool
) -> None:
    house.restart(NEVER_BOOKED)
    for _ in range(3):
        with house.caller() as caller:
            house.call(caller, stream=False)
            house.call(caller, stream=stream)
            house.kill()
        assert house.whole[-1] not in {row.id for row in BooksFile(house.data).rows()}
        house.check()
    assert len(house.whole) == 6


def test_a_command_without_a_server_books_what_the_kill_left(house: House) -> None:
    house.restart(NEVER_BOOKED)
    with house.caller() as caller, house.caller() as held:
        held.chat("held", stream=True)
        assert held.read_head().status == 200
        house.call(caller, stream=False)
        house.kill()
    assert BooksFile(house.data).rows() == []
    app = next(key for key in run_cli(house.data, "keys", "list") if key["name"] == "app")
    assert (app["spent_nano_usd"], app["held_nano_usd"], app["calls"]) == (CHARGE, 0, 2)
    house.check()


@pytest.mark.parametrize(("seed", "sync"), [(0, "interval"), (1, "always"), (2, "off")])
def test_a_kill_in_a_burst_of_calls_keeps_the_books_true(
    house: House, seed: int, sync: str
) -> None:
    draw = random.Random(seed)
    house.restart({"NEXHINA_JOURNAL_SYNC": sync})
    for _ in range(2):
        already = len(house.whole)
        stopped = threading.Event()

        def run(number: int) -> None:
            with (
                contextlib.suppress(CutError, OSError),
                house.caller(budget=number % 2 == 0) as own,
            ):
                while not stopped.is_set():
                    house.call(own, stream=number % 3 == 0)

        threads = [threading.Thread(target=run, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 10
        while len(house.whole) == already and time.monotonic() < deadline:
            time.sleep(0.005)
        stopped.wait(draw.uniform(0.0, 0.7))
        house.kill()
        stopped.set()
        for thread in threads:
            thread.join()
        assert len(house.whole) > already
        house.check()


def test_a_kill_while_the_books_are_written_counts_each_call_once(house: House) -> None:
    log = house.data / "nexhina.db-wal"
    for _ in range(2):
        before = log.stat().st_mtime_ns
        with house.caller() as caller:
            for _ in range(20):
                house.call(caller, stream=False)
            deadline = time.monotonic() + 5
            while log.stat().st_mtime_ns == before:  # a spin: the kill is to hit the very write
                assert time.monotonic() < deadline
            house.kill()
        house.check()


def test_a_kill_while_the_books_are_locked_by_another_counts_each_call_once(house: House) -> None:
    other = sqlite3.connect(house.data / "nexhina.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with house.caller() as caller:
        for _ in range(10):
            house.call(caller, stream=False)
        time.sleep(0.5)  # until after the next flush: it waits for the lock in silence
        for _ in range(10):
            house.call(caller, stream=True)
        assert len(BooksFile(house.data).rows()) == 0
        house.kill()
    other.execute("ROLLBACK")
    other.close()
    house.check()


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_among_broken_vendors_and_callers_who_leave_keeps_the_books_true(
    house: House, seed: int
) -> None:
    draw = random.Random(seed)
    healthy = house.vendor.otherwise
    stopped = threading.Event()

    def speak(request: Received) -> list[Step]:
        kind = draw.randrange(5)
        if kind == 0:
            return [Cut()]
        if kind == 1:
            return [sse_head(), chat_event("word "), chat_event("word "), Cut()]
        assert callable(healthy)
        return list(healthy(request))

    def run(number: int) -> None:
        while not stopped.is_set():
            with contextlib.suppress(CutError, OSError), house.caller(budget=True) as caller:
                for _ in range(draw.randrange(1, 6)):
                    caller.chat("m", stream=number % 2 == 0)
                    head = caller.read_head()
                    if draw.randrange(4) == 0:
                        break  # hangs up on what still comes
                    caller.read_body()
                    if head.status == 200 and number % 2:
                        house.whole.append(head.id)

    house.vendor.otherwise = speak
    threads = [threading.Thread(target=run, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    stopped.wait(draw.uniform(0.6, 1.2))
    house.kill()
    stopped.set()
    for thread in threads:
        thread.join()
    rows = house.check()
    assert {row.status for row in rows.values()} >= {200, 502}
    assert all(row.hold_nano >= row.charge_nano for row in rows.values())


def test_a_kill_while_the_next_start_reads_the_journal_changes_nothing(
    house: House,
) -> None:
    draw = random.Random(5)
    house.restart(NEVER_BOOKED)
    with house.caller() as caller, house.caller() as held:
        held.chat("held", stream=True)
        house.cut.append(held.read_head().id)
        for number in range(300):
            house.call(caller, stream=number % 10 == 0)
        house.kill()
    for _ in range(3):
        starting = subprocess.Popen(
            [*NEXHINA, "serve", "--port", "0", "--data-dir", str(house.data)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            starting.wait(draw.uniform(0.3, 0.9))
        starting.kill()
        starting.wait()
    rows = house.check()
    assert len(rows) == 301


def test_a_kill_in_the_middle_of_an_orderly_stop_loses_nothing(house: House) -> None:
    for _ in range(2):
        with house.caller() as caller:
            for _ in range(30):
                house.call(caller, stream=False)
        house.product.process.send_signal(signal.SIGTERM)
        house.kill()
        house.check()


def test_a_picture_that_the_kill_cut_may_be_asked_for_again_under_its_key_and_is_paid_once(
    house: House,
) -> None:
    body = b'{"model":"sandbox-image","prompt":"a hill","size":"256x256"}'

    def draw(caller: Caller, wait_ms: int) -> Head:
        caller.send(
            "POST",
            "/v1/images/generations",
            body,
            idempotency_key="hill-1",
            x_sandbox=f"latency_ms={wait_ms}",
        )
        return caller.read_head()

    with house.caller(budget=False) as caller, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(draw, caller, 30_000)
        deadline = time.monotonic() + 5
        while not ask(house.product, "keys.list")[0]["held_nano_usd"]:
            assert time.monotonic() < deadline
        house.kill()
        with pytest.raises(CutError):
            waiting.result()
    house.check()
    with house.caller(budget=False) as caller:
        first = draw(caller, 0)
        drawn = caller.read_body()
        again = draw(caller, 0)
        assert (first.status, again.status) == (200, 200)
        assert caller.read_body() == drawn
        assert again.headers["idempotency-replayed"] == "true"
    house.kill()
    rows = house.check()
    assert [row.abandoned for row in rows.values()] == [1, 0, 0]
    assert rows[first.id].charge_nano > 0
    assert rows[again.id].charge_nano == 0
    with house.caller(budget=False) as caller:
        assert draw(caller, 0).headers["idempotency-replayed"] == "true"
        assert caller.read_body() == drawn


def test_what_ran_in_the_background_has_failed_after_a_kill_and_is_not_sent_again(
    house: House,
) -> None:
    def post(caller: Caller, wait_ms: int, **fields: object) -> Head:
        body = msgspec.json.encode({"input": "hello", "background": True} | fields)
        caller.send("POST", "/v1/responses", body, x_sandbox=f"latency_ms={wait_ms}")
        head = caller.read_head()
        assert head.status == 200
        return head

    def get(caller: Caller, name: str) -> Any:
        caller.send("GET", f"/v1/responses/{name}")
        assert caller.read_head().status == 200
        return msgspec.json.decode(caller.read_body())

    with house.caller() as caller, house.caller() as reader:
        done = post(caller, 0, model="sandbox-chat")
        names = [msgspec.json.decode(caller.read_body())["id"]]
        deadline = time.monotonic() + 5
        while get(caller, names[0])["status"] != "completed":
            assert time.monotonic() < deadline
        cut = [post(caller, 30_000, model="sandbox-chat")]
        names.append(msgspec.json.decode(caller.read_body())["id"])
        cut.append(post(reader, 0, model="held", stream=True))
        names.append(f"resp_{cut[-1].id.replace('-', '')}")
        assert any(b"word0" in piece for piece in reader.pieces())
        house.kill()
    heard = len(house.vendor.received)
    rows = house.check()
    assert [(rows[head.id].abandoned, rows[head.id].charge_nano) for head in cut] == [(1, 0)] * 2
    assert rows[done.id].abandoned == 0
    with house.caller() as caller:
        first, *others = [get(caller, name) for name in names]
        assert (first["status"], first["usage"]["total_tokens"] > 0) == ("completed", True)
        for found in others:
            assert (found["status"], found["error"]["code"]) == ("failed", "server_error")
            assert "The log says what it cost" in found["error"]["message"]
    assert len(house.vendor.received) == heard
