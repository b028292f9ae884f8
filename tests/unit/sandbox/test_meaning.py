"""What texts mean, read in a child: ranks, vectors, and what happens where it can't be read.

The rows of `rerank_meant_*` and `meant_pairs_*` were written before this was built. Those with an even
number were looked at since; the others, which count here, only to see the share that is right (it was
seen when the last of the numbers in `rerank_meaning` was chosen).
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from nexhina.errors import ClientGone, RateLimitedError
from nexhina.sandbox.child import READING, Child
from nexhina.sandbox.meaning import PACKAGE, Meaning
from nexhina.sandbox.order import Order, Read
from nexhina.sandbox.rerank_meaning import EXCERPT, MOST_MEANT, cut_excerpts
from nexhina.sandbox.studio import Studio
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import Steps, drive
from support.needs import require_module
from support.rerank_corpus import read_rows
from support.sandbox import EMBEDDINGS, ask, ask_json, open_vendor

HERE = Path(__file__).parent
RERANK = "/v1/rerank"
DEAD = (sys.executable, "-c", "raise SystemExit(1)")
ECHO = """
import sys
from nexhina.sandbox import worker
worker._work = lambda order, files: answer(order.read)
def answer(asked):
    import struct
    near = [0.95 if "yes" in text else 0.8 for text in asked.texts]
    yield 1, struct.pack(f"={len(near)}f", *near)
    yield 2, b""
worker.main()
"""
"""A child that finds near what says yes."""


def open_scripted(code: str):
    child = Child((sys.executable, "-P", "-c", code), trade=READING)
    return open_vendor(studio=Studio(reading=child), by_words=False)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What children are given to do."""
    orders: list[Order] = []
    begin = Child.begin

    def note(child: Child, order: Order, *files: Any, **more: Any) -> Any:
        orders.append(order)
        return begin(child, order, *files, **more)

    monkeypatch.setattr(Child, "begin", note)
    return orders


@pytest.fixture
def has_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package counts as installed; the child of the test needs it not."""
    monkeypatch.setattr("nexhina.sandbox.meaning.find_spec", lambda name: name)


async def rank(vendor: SandboxVendor, query: str, documents: list[str]) -> list[tuple[int, float]]:
    call = {"model": "sandbox-rerank", "query": query, "documents": documents}
    results = (await ask_json(vendor, RERANK, call))["results"]
    return [(each["index"], each["relevance_score"]) for each in results]


async def embed(vendor: SandboxVendor, *texts: str, **more: object) -> list[list[float]]:
    call = {"model": "sandbox-embedding", "input": texts, **more}
    return [each["embedding"] for each in (await ask_json(vendor, EMBEDDINGS, call))["data"]]


def cosine(one: list[float], two: list[float]) -> float:
    return sum(a * b for a, b in zip(one, two, strict=True))


async def measure(vendor: SandboxVendor, name: str, step: int) -> float:
    """The mean reciprocal rank of the right documents of every so manyeth blind row."""
    rows = read_rows((HERE / name).read_text("utf-8"))[1::step]
    total = 0.0
    for query, (right, *others) in rows:
        ranks = await rank(vendor, query, [*others, right])
        total += 1 / (1 + [index for index, _ in ranks].index(len(others)))
    return total / len(rows)


async def test_meaning_ranks_and_embeds_better_than_words():
    """One child for all of it, as its start takes longer than the rest."""
    require_module(PACKAGE, "install the development packages again; it needs Linux on x86-64")
    async with open_vendor(by_words=False) as vendor:
        assert await measure(vendor, "rerank_meant_en.txt", 8) >= 0.8
        assert await measure(vendor, "rerank_meant_zh.txt", 8) >= 0.65
        for name in ("meant_pairs_en.tsv", "meant_pairs_zh.tsv"):
            for line in (HERE / name).read_text("utf-8").splitlines()[1::16]:
                one, two, three = await embed(vendor, *line.split("\t"))
                margin = cosine(one, two) - max(cosine(one, three), cosine(two, three))
                assert margin >= 0.1, line
        small, again, hostile = (
            await embed(vendor, "a small vector", dimensions=7),
            await embed(vendor, "a small vector", dimensions=7),
            await embed(vendor, "\0 nothing", "x" * 300, " "),
        )
        assert small == again
        assert [len(each) for each in small] == [7]
        assert all(cosine(each, each) == pytest.approx(1.0, abs=1e-5) for each in hostile)


@pytest.mark.usefixtures("has_package")
async def test_of_a_long_list_what_is_best_by_words_is_read_and_the_rest_comes_behind():
    documents = [f"apples, number {number}" for number in range(MOST_MEANT + 10)]
    documents[3] = "apples, number three, yes"
    documents[7] = "nothing of the kind, yes"
    async with open_scripted(ECHO) as vendor:
        ranks = await rank(vendor, "apples", documents)
    assert ranks[0][0] == 3
    assert 7 in [index for index, _ in ranks[MOST_MEANT:]]
    assert sorted(index for index, _ in ranks) == list(range(len(documents)))
    scores = [score for _, score in ranks]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1


@pytest.mark.usefixtures("has_package")
async def test_a_long_document_is_read_where_it_has_the_words_of_the_query():
    long = "x " * EXCERPT + "apples, yes. " + "y " * EXCERPT
    async with open_scripted(ECHO) as vendor:
        ranks = await rank(vendor, "apples", ["apples no", long])
    assert ranks[0][0] == 1
    assert cut_excerpts("short", frozenset()) == ["short"]
    assert cut_excerpts("", frozenset()) == [""]


@pytest.mark.usefixtures("has_package")
async def test_a_child_that_can_not_read_leaves_the_words_and_is_not_asked_again(
    begun: list[Order],
):
    async with open_scripted("raise SystemExit(1)") as vendor:
        ranks = await rank(vendor, "green apples", ["pears", "an apple that is green"])
        vector = (await embed(vendor, "apples"))[0]
    assert len(begun) == 1
    assert ranks[0][0] == 1
    async with open_vendor() as words:
        assert vector == (await embed(words, "apples"))[0]


@pytest.mark.usefixtures("has_package")
async def test_a_child_that_dies_later_costs_a_rank_its_meaning_and_breaks_an_embedding_off():
    code = ECHO.replace(
        "    import struct", "    import struct\n    if 'die' in asked.texts: raise SystemExit"
    )
    async with open_scripted(code) as vendor:
        assert (await rank(vendor, "apples", ["yes", "apples"]))[0][0] == 0
        assert (await rank(vendor, "apples", ["die", "apples"]))[0][0] == 1
        with pytest.raises(Exception, match="died"):
            await ask(vendor, EMBEDDINGS, {"model": "sandbox-embedding", "input": "die"})


async def test_without_the_package_no_child_is_started(
    monkeypatch: pytest.MonkeyPatch, begun: list[Order]
):
    monkeypatch.setattr("nexhina.sandbox.meaning.find_spec", lambda _: None)
    async with open_scripted("raise SystemExit(1)") as vendor:
        assert (await rank(vendor, "apples", ["pears", "apples"]))[0][0] == 1
    assert begun == []


@pytest.mark.usefixtures("has_package")
async def test_those_who_ask_while_it_is_tried_share_the_trial(begun: list[Order]):
    child = Child(DEAD, trade=READING)
    meaning = Meaning(child)
    found = await asyncio.gather(*(drive(meaning.admit()) for _ in range(5)))
    assert found == [False] * 5
    assert len(begun) == 1
    await child.wait_closed()


@pytest.mark.usefixtures("has_package")
async def test_when_who_tries_it_leaves_the_next_of_those_who_wait_does(begun: list[Order]):
    """Else one process would give vectors of two kinds."""
    child = Child((sys.executable, "-P", "-c", ECHO), trade=READING)
    meaning = Meaning(child)
    ends: list[BaseException | None] = []

    async def ask_and_leave() -> None:
        await meaning.admit()

    leaver = Steps(ask_and_leave(), ends.append)
    leaver.advance()
    others = asyncio.gather(drive(meaning.admit()), drive(meaning.admit()))
    await asyncio.sleep(0)
    leaver.throw(ClientGone())
    assert await others == [True, True]
    assert isinstance(ends[0], ClientGone)
    assert len(begun) == 2
    child.close()
    await child.wait_closed()


async def test_when_too_many_wait_the_next_is_told_to_come_again():
    child = Child(DEAD, trade=READING)
    meaning = Meaning(child, is_able=True)
    for _ in range(1025):
        child.begin(Order(read=Read(texts=["x"])), limit=2000)
    with pytest.raises(RateLimitedError):
        await meaning.admit()
    await child.wait_closed()
