"""One of three channels is broken, behind a real TCP proxy: callers do not notice, each pays once.

2,000 calls, whole and streamed, sixteen at a time, over eight faults before any content; then
streams that are cut or reset after content, which nobody may send again. Each call carries its own
word in the prompt, by which the vendors count what they got.
"""

import http.client
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from support.bookkeeping import BooksFile
from support.control import CHARGE, PRICE, USAGE, ask, chat_answer
from support.faulty_proxy import Fault, FaultyProxy
from support.installation import Installation
from support.product import Product, spawn_product
from support.scripted_upstream import (
    GARBAGE,
    Received,
    ScriptedUpstream,
    Step,
    chat_event,
    event,
    json_answer,
    sse_end,
    sse_head,
)

CALLS = 2_000
AT_ONCE = 16
BUDGET_NANO = 5_000_000_000
ROLE = b'"role":"assistant"'  # before the content, of whole answers and of streams
MOST_MET = 5 + 2 * AT_ONCE
"""Calls that meet a fault before the breaker takes the channel out."""
BEFORE_CONTENT = {
    "dead": Fault(ends="refuse"),
    "stalling": Fault(ends="stall"),
    "429": Fault(answer=json_answer({"error": {"message": "busy"}}, 429)),
    "500": Fault(answer=json_answer({"error": {"message": "broken"}}, 500)),
    "garbage": Fault(answer=GARBAGE, ends="cut"),
    "cut": Fault(until=ROLE, ends="cut"),
    "reset": Fault(until=ROLE, ends="reset"),
    "stalling in the middle": Fault(until=ROLE, ends="stall"),
}
AFTER_CONTENT = {
    "cut after content": Fault(until=b"second", ends="cut"),
    "reset after content": Fault(until=b"second", ends="reset"),
}


class Vendor:
    """A healthy vendor that says which call it answers, and counts the calls."""

    def __init__(self, name: str, server: ScriptedUpstream) -> None:
        self.name = name
        self.server = server
        server.otherwise = self._speak

    def _speak(self, request: Received) -> list[Step]:
        asked: dict[str, Any] = request.json()
        words = self.say(asked["messages"][-1]["content"])
        if not asked.get("stream"):
            return [chat_answer("".join(words))]
        role = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
        steps = [sse_head(), event(msgspec.json.encode({"choices": [role]}))]
        steps += [*map(chat_event, words), chat_event(finish="stop")]
        return [*steps, chat_event(usage=USAGE), sse_end()]

    def say(self, call: str) -> list[str]:
        """The answer to a call, in pieces."""
        return [f"{call} by {self.name}: ", "first ", "second ", "third"]

    def count(self) -> Counter[str]:
        """How often each call came."""
        return Counter(
            msgspec.json.decode(one.body)["messages"][-1]["content"] for one in self.server.received
        )


@dataclass(frozen=True)
class Outcome:
    """What a caller got: the text so far, and whether that is all."""

    call: str
    status: int
    text: str
    whole: bool
    id: str


class Callers:
    """Sixteen callers with a connection each; every other call is streamed."""

    def __init__(self, product: Product, key: str) -> None:
        self._address = urlsplit(product.origin)
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._numbers = itertools.count(1)

    def ask(self, times: int) -> list[Outcome]:
        """So many calls, and what came of each."""
        calls = [f"call-{next(self._numbers)}-" for _ in range(times)]
        parts = [calls[place::AT_ONCE] for place in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return [one for part in threads.map(self._ask_all, parts) for one in part]

    def _ask_all(self, calls: list[str]) -> list[Outcome]:
        host, port = self._address.hostname or "", self._address.port
        with closing(http.client.HTTPConnection(host, port, timeout=30)) as client:
            return [
                self._ask(client, call, streamed)
                for call, streamed in zip(calls, itertools.cycle((False, True)), strict=False)
            ]

    def _ask(self, client: http.client.HTTPConnection, call: str, stream: bool) -> Outcome:
        asked = {"model": "m", "messages": [{"role": "user", "content": call}], "stream": stream}
        client.request("POST", "/v1/chat/completions", msgspec.json.encode(asked), self._headers)
        reply = client.getresponse()
        body, name = reply.read(), str(reply.headers["x-nexhina-id"])
        if reply.status != 200:
            return Outcome(call, reply.status, body.decode(), whole=False, id=name)
        if not stream:
            text = msgspec.json.decode(body)["choices"][0]["message"]["content"]
            return Outcome(call, 200, text, whole=True, id=name)
        events = [part.removeprefix(b"data: ") for part in body.split(b"\n\n") if part]
        chunks = [msgspec.json.decode(data) for data in events if data != b"[DONE]"]
        deltas = (choice["delta"] for chunk in chunks for choice in chunk.get("choices", ()))
        text = "".join(delta.get("content") or "" for delta in deltas)
        return Outcome(call, 200, text, whole=events[-1] == b"[DONE]", id=name)


class House:
    """The product with three channels that offer one model; the first leads through a proxy."""

    def __init__(self, product: Product, frail: Vendor, sound: Vendor) -> None:
        self.product = product
        self.frail = frail
        self.sound = sound
        self.outcomes: list[Outcome] = []
        for name, vendor in (("frail", frail), ("sound-1", sound), ("sound-2", sound)):
            wanted = {"provider": "openai_compatible", "name": name, "key": f"sk-{name}"}
            prices = {"models": "m=scripted", "price": PRICE}
            ask(product, "channels.add", base_url=vendor.server.base_url, **wanted, **prices)
        made = ask(product, "keys.create", name="app", budget_usd="5")
        self.budget_account = f"budget/{made['id']}/0"
        self.callers = Callers(product, str(made["key"]))

    def suffer(self, fault: Fault, times: int) -> tuple[list[Outcome], int]:
        """Calls while the first channel has this fault; how many requests met it."""
        with FaultyProxy(self.frail.server.port, fault) as proxy:
            ask(self.product, "channels.set", channel="frail", base_url=proxy.base_url)
            outcomes = self.callers.ask(times)
        self.outcomes += outcomes
        return outcomes, proxy.met

    def read_breakers(self) -> dict[str, int]:
        """The state of each channel's breaker by its name, as the metrics tell it."""
        names = {str(one["id"]): one["name"] for one in ask(self.product, "channels.list")}
        scraped = self.product.call("GET", "/metrics").body.decode()
        told = re.findall(
            r'^nexhina_channel_breaker_state\{channel="(\d+)".*\} (\d)\.0$', scraped, re.MULTILINE
        )
        return {names[number]: int(state) for number, state in told}

    def require_single(self) -> None:
        """No call was sent again after content, and none is charged twice: books and vendors agree."""
        frail, sound = self.frail.count(), self.sound.count()
        for one in self.outcomes:
            theirs, ours = ("".join(vendor.say(one.call)) for vendor in (self.frail, self.sound))
            sent = frail[one.call], sound[one.call]
            if one.text == ours:  # tried at the frail one before, or not
                assert sent in {(0, 1), (1, 1)}, (one, sent)
            elif one.status == 200:  # it had content for the caller, all of it or not
                assert one.text == theirs if one.whole else theirs.startswith(one.text or "-"), one
                assert sent == (1, 0), (one, sent)
            else:
                assert sent[1] == 0, (one, sent)

    def require_books(self) -> None:
        """Each call has its row, each answer its charge, and the ledger says the same."""
        books = BooksFile(self.product.data)
        for one in self.outcomes[-AT_ONCE:]:
            books.wait_for(one.id)  # the newest are booked last
        assert self.product.stop() == 0
        rows = {row.id: row for row in books.require_exact({self.budget_account: BUDGET_NANO})}
        assert len(rows) == len(self.outcomes) == len({one.id for one in self.outcomes})
        for one in self.outcomes:
            row = rows[one.id]
            assert row.status == one.status
            if one.whole:
                assert row.charge_nano == CHARGE
            else:
                assert (row.charge_nano > 0) == (one.status == 200)
                assert row.estimated == (one.status == 200)
        spent = BUDGET_NANO - books.balance(self.budget_account)
        assert spent == sum(row.charge_nano for row in rows.values())


@pytest.fixture
def house(tmp_path: Path, installation: Installation) -> Iterator[House]:
    env = {"NEXHINA_FIRST_BYTE_TIMEOUT_S": "2", "NEXHINA_STREAM_IDLE_TIMEOUT_S": "2"}
    with ScriptedUpstream() as frail, ScriptedUpstream() as sound:
        product = spawn_product(installation.copy(tmp_path), env=env)
        product.key = installation.key
        try:
            yield House(product, Vendor("frail", frail), Vendor("sound", sound))
        finally:
            product.stop()


def test_one_broken_channel_of_three_costs_no_call_and_nothing_twice(house):
    met: dict[str, int] = {}
    for name, fault in BEFORE_CONTENT.items():
        _, met[name] = house.suffer(fault, CALLS // len(BEFORE_CONTENT))
    whole = sum(one.whole for one in house.outcomes)
    assert len(house.outcomes) == CALLS
    assert whole >= 0.999 * CALLS, [one for one in house.outcomes if not one.whole][:10]
    assert met.pop("dead") == 0
    assert met.pop("429") > 0  # no failure of the channel, but its key's rest
    assert all(0 < count <= MOST_MET for count in met.values()), met
    breakers = house.read_breakers()
    assert breakers.pop("frail") > 0  # open, or half-open by now
    assert set(breakers.values()) == {0}
    broken: dict[str, int] = {}
    for name, fault in AFTER_CONTENT.items():
        outcomes, hits = house.suffer(fault, 100)
        cut = [one for one in outcomes if not one.whole]
        assert {one.status for one in outcomes} == {200}
        assert len(cut) <= hits <= MOST_MET
        broken[name] = len(cut)
    assert broken["cut after content"] > 0  # a reset may overtake the content: then it is none
    house.require_single()
    house.require_books()
