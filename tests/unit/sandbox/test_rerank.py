"""Rerank: the wire format, and whether the right document comes first."""

from pathlib import Path

import pytest

from support.rerank_corpus import CHINESE, ENGLISH, read_rows
from support.sandbox import ask_error, ask_json, open_vendor

RERANK = "/v1/rerank"
CORPORA = {"en": ENGLISH, "zh": CHINESE}


def make_call(**more: object) -> dict[str, object]:
    documents = ["Bananas are yellow.", "Paris is the capital of France.", {"text": "法国的首都"}]
    return {
        "model": "sandbox-rerank",
        "query": "capital of France",
        "documents": documents,
        **more,
    }


HERE = Path(__file__).parent


async def measure(rows: list[tuple[str, list[str]]]) -> float:
    """The mean reciprocal rank of each row's first document, which stands last in the call."""
    total = 0.0
    async with open_vendor() as vendor:
        for query, (right, *others) in rows:
            call = make_call(query=query, documents=[*others, right])
            results = (await ask_json(vendor, RERANK, call))["results"]
            total += 1 / (1 + [each["index"] for each in results].index(len(others)))
    return total / len(rows)


def read_sets(*names: str) -> list[tuple[str, list[str]]]:
    return [row for name in names for row in read_rows((HERE / name).read_text("utf-8"))]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_right_document_comes_first_among_the_answers_to_other_queries(language: str):
    rows = read_rows(CORPORA[language]) + read_sets(f"rerank_daily_{language}.txt")
    mixed = [
        (query, [own[0], *(rows[(place + step) % len(rows)][1][0] for step in range(1, 10))])
        for place, (query, own) in enumerate(rows)
    ]
    assert len(mixed) >= 80
    assert await measure(mixed) >= 0.9


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_right_document_comes_first_among_others_near_it(language: str):
    """Sixty queries as people write them, each with four documents that share words with it."""
    rows = read_sets(f"rerank_daily_{language}.txt")
    assert len(rows) >= 60
    assert await measure(rows) >= 0.8


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_traps_that_share_the_words_of_the_query_seldom_win(language: str):
    """The right document has hardly a word of the query, the four traps have them all: no judge of
    words gets these right, and 0.3 is what the order of shared words would reach."""
    rows = read_sets(f"rerank_traps_{language}.txt") + read_rows(CORPORA[language])
    assert await measure(rows) >= 0.7


async def test_the_earlier_chinese_traps_still_seldom_win():
    assert await measure(read_rows(CHINESE)) >= 0.8


async def test_a_document_that_is_a_question_is_no_answer():
    documents = ["What does the museum ticket cost?", "A museum ticket is 12 euros."]
    call = make_call(query="How much does a museum ticket cost?", documents=documents)
    async with open_vendor() as vendor:
        results = (await ask_json(vendor, RERANK, call))["results"]
    assert results[0]["index"] == 1


async def test_the_answer_has_the_shape_of_jina_and_cohere():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, RERANK, make_call(return_documents=True))
    scores = [each["relevance_score"] for each in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert answer["model"] == "sandbox-rerank"
    assert answer["results"][0]["index"] == 1
    assert answer["results"][0]["document"] == {"text": "Paris is the capital of France."}
    assert answer["usage"]["total_tokens"] > 15
    assert answer["meta"]["billed_units"] == {"search_units": 1}


async def test_only_the_first_top_n_are_answered_and_documents_only_when_asked():
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, RERANK, make_call(top_n=1))
        all_of_them = await ask_json(vendor, RERANK, make_call(top_n=50))
    assert [set(each) for each in answer["results"]] == [{"index", "relevance_score"}]
    assert len(all_of_them["results"]) == 3


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": "  "}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": ["x"] * 1001}, "documents"),
        ({"documents": ["x" * 1_000_001]}, "documents"),
        ({"documents": [{"title": "x"}]}, "documents[0]"),
        ({"top_n": 0}, "top_n"),
    ],
)
async def test_a_bad_value_is_refused_by_name(more: dict[str, object], param: str):
    async with open_vendor() as vendor:
        status, error = await ask_error(vendor, RERANK, make_call(**more))
    assert (status, error["param"]) == (400, param)


async def test_usage_is_left_away_when_the_controls_say_so():
    async with open_vendor() as vendor:
        call = make_call(model="sandbox-rerank;no_usage=1")
        assert "usage" not in await ask_json(vendor, RERANK, call)
