"""Vendors that misbehave on the wire, end to end: a started server between real sockets.

What the pipeline decides is proved in tests/flow and what the client machine accepts in
tests/contract; here stands what only a running process shows: time limits, connections, pressure.
"""

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from support.bookkeeping import BooksFile
from support.caller import Caller, chat
from support.control import CHARGE, USAGE, VENDOR_KEY, add_vendor, ask, chat_answer
from support.installation import Installation
from support.process import count_files, resident_bytes
from support.product import Product, spawn_product
from support.scripted_upstream import (
    GARBAGE,
    Cut,
    Flood,
    Hold,
    Received,
    Reset,
    ScriptedUpstream,
    Slow,
    Stall,
    Step,
    answer,
    chat_event,
    chat_stream,
    chunked_head,
    html_answer,
    json_answer,
    rate_limited,
    sse_end,
    sse_head,
)

SHORT = {
    "NEXHINA_FIRST_BYTE_TIMEOUT_S": "2.5",
    "NEXHINA_STREAM_IDLE_TIMEOUT_S": "1",
    "NEXHINA_CONNECT_TIMEOUT_S": "1",
    "NEXHINA_COMMIT_AFTER_S": "0.5",
}
LIMIT = 5.0  # seconds: far above the short limits
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def served(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """One server with short limits for all tests here; each test brings a channel of its own."""
    product = spawn_product(installation.copy(tmp_path_factory.mktemp("vendors")), env=SHORT)
    product.key = installation.key
    try:
        chat(product, "sandbox-chat")
        files = count_files(product.pid)
        yield product
        assert settled(lambda: count_files(product.pid)) <= files + 2
        keys = ask(product, "keys.list")
        assert [key["held_nano_usd"] for key in keys] == [0] * len(keys)
        assert product.stop() == 0
        assert "Traceback" not in product.read_log()
        BooksFile(product.data).require_exact()
    finally:
        if product.process.poll() is None:
            product.process.kill()
            product.process.wait()


_names = itertools.count()


@pytest.fixture
def model(served: Product, vendor: ScriptedUpstream) -> Iterator[str]:
    """A model that only this test's vendor serves."""
    name = f"m{next(_names)}"
    add_vendor(served, vendor, name=f"channel-{name}", models=f"{name}=scripted")
    yield name
    ask(served, "channels.remove", channel=f"channel-{name}")


@pytest.fixture
def second(served: Product, model: str) -> Iterator[ScriptedUpstream]:
    """Another vendor of the same model, tried after the first."""
    with ScriptedUpstream() as vendor:
        add_vendor(served, vendor, f"second-{model}", f"{model}=scripted", priority=-1)
        yield vendor
        ask(served, "channels.remove", channel=f"second-{model}")


def require_discreet(served: Product, vendor: ScriptedUpstream, told: bytes) -> None:
    """A caller may learn neither the vendor's address nor its key."""
    for secret in (VENDOR_KEY, "127.0.0.1", str(vendor.port)):
        assert secret.encode() not in told
    assert VENDOR_KEY not in served.read_log()


BROKEN: dict[str, tuple[list[Step], int]] = {
    "closes at once": ([Cut()], 502),
    "resets": ([Reset()], 502),
    "cuts the head": ([chat_answer()[:40], Cut()], 502),
    "cuts the body": ([chat_answer()[:-30], Cut()], 502),
    "promises more than it sends": ([answer(body=b"{}", length=500), Cut()], 502),
    "cuts between chunks": ([chunked_head(), b'5\r\n{"a":', Cut()], 502),
    "sends garbage": ([GARBAGE, Cut()], 502),
    "answers HTML with 200": ([html_answer()], 502),
    "answers JSON that is no chat": ([json_answer(["a", "list"])], 502),
    "shows its key": ([json_answer({"error": {"message": f"bad key {VENDOR_KEY}"}}, 401)], 502),
    "says nothing": ([Stall()], 504),
    "stalls in the body": ([chat_answer()[:-30], Stall()], 504),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_vendor_is_a_clean_error_in_time(
    served: Product, vendor: ScriptedUpstream, model: str, name: str
) -> None:
    steps, status = BROKEN[name]
    vendor.otherwise = steps
    began = time.monotonic()
    told = chat(served, model)
    assert time.monotonic() - began < LIMIT
    assert told.status == status
    assert told.json()["error"]["code"] == (
        "upstream_error" if status == 502 else "upstream_timeout"
    )
    require_discreet(served, vendor, told.body + repr(dict(told.headers)).encode())
    row = BooksFile(served.data).wait_for(told.headers["x-nexhina-id"])
    assert (row.status, row.charge_nano, row.attempts) == (status, 0, 1)
    vendor.otherwise = [chat_answer()]
    assert chat(served, model).status == 200


def test_an_answer_that_is_longer_than_its_length_never_reaches_the_next_caller(
    served: Product, vendor: ScriptedUpstream, model: str
) -> None:
    def speak(request: Received) -> list[Step]:
        text = str(request.json()["messages"])
        return [chat_answer(text) + chat_answer("smuggled")]

    vendor.otherwise = speak

    def ask_for(number: int) -> None:
        nonce = f"nonce-{number}-"
        told = chat(served, model, nonce)
        if told.status == 200:
            assert nonce in told.json()["choices"][0]["message"]["content"]
        else:
            assert told.status == 502
        assert b"smuggled" not in told.body

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask_for, range(80)))


def test_an_answer_that_comes_before_its_question_is_given_to_nobody(
    served: Product, vendor: ScriptedUpstream, model: str
) -> None:
    late = threading.Event()
    vendor.play(chat_answer("first"), Hold(late), chat_answer("smuggled"))
    assert "first" in chat(served, model).body.decode()
    vendor.otherwise = [chat_answer("second")]
    late.set()
    assert vendor.connections[0].closed.wait(2)  # who speaks unasked is hung up on
    for _ in range(3):
        told = chat(served, model)
        assert told.status == 200
        assert "second" in told.body.decode()


def test_each_of_many_callers_gets_their_own_answer_from_a_vendor_that_drops_connections(
    served: Product, vendor: ScriptedUpstream, model: str
) -> None:
    def speak(request: Received) -> list[Step]:
        text = str(request.json()["messages"])
        ending: list[Step] = [Cut()] if request.connection.requests % 3 == 0 else []
        return [chat_answer(text), *ending]

    vendor.otherwise = speak

    def ask_for(number: int) -> None:
        nonce = f"nonce-{number}-"
        told = chat(served, model, nonce)
        assert told.status == 200
        assert nonce in told.json()["choices"][0]["message"]["content"]

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(ask_for, range(150)))
    assert len(vendor.received) == 150
    assert vendor.accepted < 100


@pytest.mark.parametrize("size", [1, 7])
def test_a_vendor_that_dribbles_is_read_like_any_other(
    served: Product, vendor: ScriptedUpstream, model: str, size: int
) -> None:
    vendor.play(Slow(chat_answer("x" * 20), size, 0.0005))
    assert chat(served, model).json()["choices"][0]["message"]["content"] == "x" * 20
    script = b"".join(step for step in chat_stream(3, usage=USAGE) if isinstance(step, bytes))
    vendor.play(Slow(script, size, 0.0005))
    with Caller(served) as caller:
        caller.chat(model, stream=True, stream_options={"include_usage": True})
        head = caller.read_head()
        events = list(caller.events())
    assert len(events) == 6
    assert events[-1] == b"[DONE]"
    assert BooksFile(served.data).wait_for(head.id).charge_nano == CHARGE


def test_a_busy_vendor_is_asked_no_more_for_as_long_as_it_said(
    served: Product, vendor: ScriptedUpstream, model: str
) -> None:
    vendor.otherwise = [rate_limited("2")]
    told = chat(served, model)
    assert (told.status, told.headers["retry-after"]) == (429, "2")
    assert told.json()["error"]["code"] == "rate_limit_exceeded"
    began = time.monotonic()
    again = chat(served, model)
    assert (again.status, len(vendor.received)) == (429, 1)
    assert 1 <= int(again.headers["retry-after"]) <= 2
    vendor.otherwise = [chat_answer()]
    while (told := chat(served, model)).status == 429:
        assert time.monotonic() - began < LIMIT
        time.sleep(0.1)
    assert told.status == 200
    assert time.monotonic() - began > 1.5


def test_the_second_priority_serves_when_the_first_is_gone_busy_or_silent(
    served: Product, vendor: ScriptedUpstream, second: ScriptedUpstream, model: str
) -> None:
    second.otherwise = [chat_answer("from the second")]
    for steps in ([Cut()], [html_answer()], [json_answer({}, 500)], [Stall()], [rate_limited("1")]):
        vendor.otherwise = steps
        told = chat(served, model)
        assert told.status == 200
        assert "from the second" in told.body.decode()
        assert told.headers["x-nexhina-channel"] == f"second-{model}"
        assert told.headers["x-nexhina-attempts"] == "2"
        row = BooksFile(served.data).wait_for(told.headers["x-nexhina-id"])
        assert (row.charge_nano, row.channel_name) == (CHARGE, f"second-{model}")


def test_a_vendor_that_nobody_can_reach_is_passed_over(
    served: Product, vendor: ScriptedUpstream, second: ScriptedUpstream, model: str
) -> None:
    with ScriptedUpstream() as gone:
        address = gone.base_url
    ask(served, "channels.set", channel=f"channel-{model}", base_url=address)
    second.otherwise = [chat_answer()]
    assert chat(served, model).status == 200
    ask(served, "channels.disable", channel=f"second-{model}")
    told = chat(served, model)
    assert told.status == 502
    require_discreet(served, gone, told.body)


def test_before_the_first_content_a_stream_moves_on_and_after_it_never(
    served: Product, vendor: ScriptedUpstream, second: ScriptedUpstream, model: str
) -> None:
    second.otherwise = chat_stream(2, usage=USAGE)
    vendor.play(sse_head(), Reset())
    with Caller(served) as caller:
        caller.chat(model, stream=True)
        assert caller.read_head().headers["x-nexhina-attempts"] == "2"
        assert list(caller.events())[-1] == b"[DONE]"
    asked = len(second.received)
    vendor.play(sse_head(), chat_event("word "), b'1f\r\ndata: {"choices":', Cut())
    with Caller(served) as caller:
        caller.chat(model, stream=True)
        head = caller.read_head()
        events = list(caller.events())
        # The connection is still good: the answer's framing ended as it should.
        vendor.otherwise = chat_stream(2)
        caller.chat(model, stream=True)
        assert caller.read_head().status == 200
        assert list(caller.events())[-1] == b"[DONE]"
    assert len(second.received) == asked
    assert b"word " in events[0]
    assert msgspec.json.decode(events[-1])["error"]["code"] == "upstream_error"
    assert len(events) == 2
    assert b"[DONE]" not in b"".join(events)
    require_discreet(served, vendor, events[-1])
    row = BooksFile(served.data).wait_for(head.id)
    assert (row.error_code, row.estimated) == ("upstream_error", 1)
    assert row.charge_nano > 0


def test_a_stream_that_stalls_ends_with_an_error_event_in_time(
    served: Product, vendor: ScriptedUpstream, model: str
) -> None:
    vendor.play(sse_head(), chat_event("word "), Stall())
    with Caller(served) as caller:
        caller.chat(model, stream=True)
        caller.read_head()
        began = time.monotonic()
        events = list(caller.events())
    assert 0.5 < time.monotonic() - began < LIMIT
    assert b'"error"' in events[-1]
    assert b"[DONE]" not in events
    assert vendor.connections[-1].closed.wait(1)


def test_a_silent_vendor_is_covered_with_a_comment_and_may_still_fail_over(
    served: Product, vendor: ScriptedUpstream, second: ScriptedUpstream, model: str
) -> None:
    second.otherwise = chat_stream(2, usage=USAGE)
    vendor.play(Stall())
    with Caller(served) as caller:
        caller.chat(model, stream=True)
        began = time.monotonic()
        head = caller.read_head()
        assert time.monotonic() - began < 2.4  # before the first-byte limit has run out
        assert (head.status, head.headers["content-type"][:17]) == (200, "text/event-stream")
        body = caller.read_body()
    assert re.match(rb":[^\n]*\n\n", body)
    assert body.endswith(b"data: [DONE]\n\n")
    assert b"word0" in body


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_caller_who_leaves_frees_the_vendor_at_once(
    served: Product, vendor: ScriptedUpstream, model: str, stream: bool, way: str
) -> None:
    begun: list[Step] = [sse_head(), chat_event("word "), Stall()] if stream else [Stall()]
    vendor.play(*begun)
    caller = Caller(served)
    caller.send(
        "POST",
        "/v1/chat/completions",
        msgspec.json.encode(
            {"model": model, "messages": [{"role": "user", "content": "x"}], "stream": stream}
        ),
        x_request_id=f"left-{model}",
    )
    vendor.wait_for_requests(1)
    if stream:
        assert caller.read_head().status == 200
        next(caller.events())
    left = time.monotonic()
    getattr(caller, way)()
    assert vendor.connections[0].closed.wait(1)
    assert vendor.connections[0].closed_at - left < 1
    [shown] = ask_until_booked(served, f"left-{model}")
    row = BooksFile(served.data).wait_for(shown["id"])
    assert (row.status, row.error_code, row.abandoned) == (499, "client_left", 0)
    assert (row.charge_nano > 0) is stream


def ask_until_booked(served: Product, request_id: str) -> list[dict[str, str]]:
    deadline = time.monotonic() + LIMIT
    while not (found := ask(served, "logs.list", request_id=request_id)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


# --- pressure -------------------------------------------------------------------------------------


def test_a_caller_who_stops_reading_stops_the_vendor_and_costs_no_memory(
    served: Product, vendor: ScriptedUpstream, model: str
) -> None:
    vendor.receive_buffer = 65_536
    callers = 4
    event = chat_event("y" * 16_000)
    vendor.otherwise = [sse_head(), *([event] * 4000), sse_end()]  # 64 MB each
    before = resident_bytes(served.pid)
    open_now = [Caller(served, receive_buffer=65_536) for _ in range(callers)]
    try:
        for caller in open_now:
            caller.chat(model, stream=True)
            assert caller.read_head().status == 200
        sent = settled(lambda: sum(connection.sent for connection in vendor.connections))
        assert sent < callers * 16 * MIB  # what kernels buffer on two hops; not 64 MB each
        assert resident_bytes(served.pid) - before < callers * 2 * MIB + 8 * MIB
        time.sleep(1.5)  # longer than the idle limit: it rests while the caller is the slow one
        for caller in open_now[:2]:
            events = sum(1 for _ in caller.events())
            assert events == 4001
        assert resident_bytes(served.pid) - before < callers * 2 * MIB + 8 * MIB
    finally:
        for caller in open_now:
            caller.close()
    for connection in vendor.connections:
        if not connection.closed.is_set() and connection.sent < len(event) * 4000:
            assert connection.closed.wait(2)


def settled(measure: Callable[[], int], seconds: float = LIMIT) -> int:
    """The value once it has not changed for a third of a second."""
    deadline = time.monotonic() + seconds
    value, since = measure(), time.monotonic()
    while time.monotonic() - since < 0.35:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        if (now := measure()) != value:
            value, since = now, time.monotonic()
    return value


def test_an_endless_answer_is_refused_before_it_fills_the_memory(
    served: Product, vendor: ScriptedUpstream, model: str
) -> None:
    before = resident_bytes(served.pid)
    vendor.otherwise = [chunked_head(), b"%x\r\n" % (400 * MIB), Flood(400 * MIB)]
    told = chat(served, model, "flood")
    assert told.status == 502
    assert vendor.connections[0].closed.wait(2)
    assert vendor.connections[0].sent < 100 * MIB
    assert resident_bytes(served.pid) - before < 160 * MIB


def test_a_slow_vendor_holds_nobody_else_up(
    served: Product, vendor: ScriptedUpstream, second: ScriptedUpstream, model: str
) -> None:
    gate = threading.Event()
    vendor.otherwise = [Hold(gate), chat_answer()]
    other = f"fast-{model}"
    add_vendor(served, second, f"fast-{model}", f"{other}=scripted")
    second.otherwise = [chat_answer()]
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(chat, served, model) for _ in range(20)]
        vendor.wait_for_requests(20)
        began = time.monotonic()
        for _ in range(10):
            assert chat(served, other).status == 200
        spent = time.monotonic() - began
        gate.set()
        assert [call.result().status for call in waiting] == [200] * 20
    assert spent < 2.5  # all within the silence of the slow one
    assert vendor.accepted == 20
    ask(served, "channels.remove", channel=f"fast-{model}")
