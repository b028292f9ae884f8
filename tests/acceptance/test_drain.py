"""SIGTERM: nobody new is let in, whoever is being served is served to the end, then the process goes."""

import contextlib
import select
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from support.bookkeeping import BooksFile
from support.caller import Caller, CutError, chat
from support.control import CHARGE, USAGE, chat_answer
from support.installation import Installation
from support.product import NEXHINA, Product, clean_environment
from support.scripted_upstream import (
    Hold,
    ScriptedUpstream,
    Step,
    chat_event,
    chat_stream,
    sse_head,
)
from support.served import serve_installation

AT_ONCE = 2.0  # seconds: far below the drain time, far above what a stop takes


def held_stream(gate: threading.Event) -> list[Step]:
    """A stream that stops after its first event until the gate opens."""
    head, first, *rest = chat_stream(4, usage=USAGE)
    return [head, first, Hold(gate), *rest]


def wait_until_closed(product: Product) -> None:
    """Until nobody can connect any more: then the signal has been taken in."""
    address = urlsplit(product.origin)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            socket.create_connection((address.hostname or "", address.port or 0), 1).close()
        except OSError:
            return
        time.sleep(0.005)
    raise AssertionError("the server still takes connections")


def begin_in_background(caller: Caller, wait_ms: int) -> str:
    """The id of the call, whose vendor answers after so long."""
    body = b'{"model":"sandbox-chat","input":"Hi","background":true}'
    caller.send("POST", "/v1/responses", body, x_sandbox=f"latency_ms={wait_ms}")
    head = caller.read_head()
    caller.read_body()
    return head.id


def list_responses(data: Path) -> list[dict[str, Any]]:
    """All that are stored, oldest first."""
    with contextlib.closing(sqlite3.connect(data / "nexhina.db")) as database:
        found = database.execute("SELECT answer FROM response ORDER BY created_at").fetchall()
    return [msgspec.json.decode(answer) for (answer,) in found]


@pytest.fixture
def served(
    installation: Installation, vendor: ScriptedUpstream, tmp_path: Path
) -> Iterator[Product]:
    with serve_installation(installation, tmp_path, vendor) as product:
        yield product


def test_a_running_stream_ends_as_if_nothing_were_and_then_the_process_goes_at_once(
    served: Product, vendor: ScriptedUpstream
) -> None:
    gate = threading.Event()
    vendor.play(*held_stream(gate))
    with Caller(served) as caller:
        caller.chat("m", stream=True, stream_options={"include_usage": True})
        head = caller.read_head()
        events = caller.events()
        next(events)
        served.process.send_signal(signal.SIGTERM)
        wait_until_closed(served)
        assert served.process.poll() is None
        gate.set()
        assert list(events)[-1] == b"[DONE]"
        ended = time.monotonic()
        assert served.process.wait(10) == 0
        assert time.monotonic() - ended < AT_ONCE
    books = BooksFile(served.data)
    [row] = books.require_exact()
    assert (row.id, row.status, row.charge_nano) == (head.id, 200, CHARGE)
    assert list((served.data / "journal").iterdir()) == []


def test_a_whole_answer_under_way_is_still_given_and_says_that_the_connection_closes(
    served: Product, vendor: ScriptedUpstream
) -> None:
    gate = threading.Event()
    vendor.play(Hold(gate), chat_answer())
    with Caller(served) as caller:
        caller.chat("m")
        vendor.wait_for_requests(1)
        served.process.send_signal(signal.SIGTERM)
        wait_until_closed(served)
        gate.set()
        head = caller.read_head()
        assert (head.status, head.headers["connection"]) == (200, "close")
        assert b"Hello there." in caller.read_body()
        assert caller.is_hung_up(AT_ONCE)
    assert served.process.wait(10) == 0
    assert BooksFile(served.data).find(head.id) is not None


def test_idle_connections_are_closed_while_others_are_still_served(
    served: Product, vendor: ScriptedUpstream
) -> None:
    gate = threading.Event()
    vendor.otherwise = [chat_answer()]
    with Caller(served) as idle, Caller(served) as fresh, Caller(served) as busy:
        idle.chat("m")
        assert idle.read_head().status == 200
        idle.read_body()
        vendor.play(*held_stream(gate))
        busy.chat("m", stream=True)
        assert busy.read_head().status == 200
        served.process.send_signal(signal.SIGTERM)
        assert idle.is_hung_up(AT_ONCE)
        assert fresh.is_hung_up(AT_ONCE)
        gate.set()
        assert list(busy.events())[-1] == b"[DONE]"
    assert served.process.wait(10) == 0


def test_without_work_it_goes_at_once_on_either_signal(
    installation: Installation, tmp_path: Path
) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with serve_installation(installation, tmp_path / number.name) as product:
            began = time.monotonic()
            assert product.stop(number) == 0
            assert time.monotonic() - began < AT_ONCE
            assert not (product.data / "control.sock").exists()
            assert "Traceback" not in product.read_log()


def test_what_is_not_over_within_the_drain_time_is_cut_and_still_booked(
    installation: Installation, vendor: ScriptedUpstream, tmp_path: Path
) -> None:
    never = threading.Event()
    env = {"NEXHINA_DRAIN_S": "0.5"}
    with serve_installation(installation, tmp_path, vendor, env) as product:
        vendor.play(*held_stream(never))
        with Caller(product) as caller, Caller(product) as other:
            caller.chat("m", stream=True)
            head = caller.read_head()
            ids = [begin_in_background(other, wait_ms) for wait_ms in (100, 30_000)]
            began = time.monotonic()
            product.process.send_signal(signal.SIGTERM)
            with pytest.raises(CutError) as cut:
                caller.read_body()
            assert b"[DONE]" not in cut.value.body
            assert product.process.wait(10) == 0
            assert 0.4 < time.monotonic() - began < 0.5 + AT_ONCE
        rows = {row.id: row for row in BooksFile(product.data).rows()}
        assert [(rows[name].status, rows[name].abandoned) for name in (head.id, *ids)] == [
            (499, 0),
            (200, 0),  # in the background as well: there was time for it
            (499, 0),
        ]
        assert list((product.data / "journal").iterdir()) == []
        assert vendor.connections[0].closed.wait(1)
        done, failed = list_responses(product.data)
        assert (done["status"], failed["status"]) == ("completed", "failed")
        assert "stopped" in failed["error"]["message"]


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once_and_loses_nothing(
    served: Product, vendor: ScriptedUpstream, second: signal.Signals
) -> None:
    gate = threading.Event()
    vendor.play(sse_head(), chat_event("word "), Hold(gate))
    vendor.play(chat_answer())
    with Caller(served) as held, Caller(served) as caller:
        held.chat("m", stream=True)
        cut = held.read_head().id
        caller.chat("m")
        whole = caller.read_head().id
        caller.read_body()
        served.process.send_signal(signal.SIGTERM)
        wait_until_closed(served)
        began = time.monotonic()
        served.process.send_signal(second)
        assert served.process.wait(10) != 0
        assert time.monotonic() - began < AT_ONCE
    ids = {key["id"] for key in served.run("keys", "list")}  # books what was left
    rows = {row.id: row for row in BooksFile(served.data).require_exact()}
    assert ids
    assert rows[whole].charge_nano == CHARGE
    assert (rows[cut].abandoned, rows[cut].charge_nano) == (1, 0)


def test_somebody_who_follows_the_log_does_not_hold_it_up(served: Product) -> None:
    follower = subprocess.Popen(
        [*NEXHINA, "logs", "list", "--follow", "--json", "--data-dir", str(served.data)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    with follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        first = b""
        while not first:  # it shows what comes after it has connected
            chat(served, "sandbox-chat")
            if select.select([follower.stdout], [], [], 0.3)[0]:
                first = follower.stdout.readline()
        began = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() - began < AT_ONCE
        assert follower.wait(5) is not None
        assert b"Traceback" not in follower.stderr.read()


def test_half_a_request_does_not_outlast_the_drain_time(
    installation: Installation, tmp_path: Path
) -> None:
    with (
        serve_installation(installation, tmp_path, env={"NEXHINA_DRAIN_S": "1"}) as product,
        Caller(product) as caller,
    ):
        caller.send("POST", "/v1/chat/completions", b"{", content_length="1000")
        chat(product, "sandbox-chat")  # by now the half has been read
        began = time.monotonic()
        assert product.stop() == 0
        assert time.monotonic() - began < 1 + AT_ONCE


def test_commands_work_on_the_folder_as_soon_as_the_server_has_gone(served: Product) -> None:
    assert served.stop() == 0
    assert [key["name"] for key in served.run("keys", "list")] == ["owner"]
