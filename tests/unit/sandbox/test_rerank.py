"""Rerank: the wire format, and whether the right document comes first."""

import pytest

from support.rerank_corpus import CHINESE, ENGLISH, read_rows
from support.sandbox import ask_error, ask_json, open_vendor

RERANK = "/v1/rerank"


def make_call(**more: object) -> dict[str, object]:
    documents = ["Bananas are yellow.", "Paris is the capital of France.", {"text": "法国的首都"}]
    return {
        "model": "sandbox-rerank",
        "query": "capital of France",
        "documents": documents,
        **more,
    }


@pytest.mark.parametrize("corpus", [ENGLISH, CHINESE])
async def test_the_right_document_comes_first_among_the_answers_to_other_queries(corpus: str):
    rows = read_rows(corpus)
    total = 0.0
    async with open_vendor() as vendor:
        for place, (query, own) in enumerate(rows):
            others = [rows[(place + step) % len(rows)][1][0] for step in range(1, 10)]
            call = make_call(query=query, documents=[*others, own[0]])
            results = (await ask_json(vendor, RERANK, call))["results"]
            total += 1 / (1 + [each["index"] for each in results].index(9))
    assert len(rows) >= 20
    assert total / len(rows) >= 0.8


@pytest.mark.parametrize(("corpus", "least"), [(ENGLISH, 0.7), (CHINESE, 0.8)])
async def test_traps_that_share_single_words_seldom_win(corpus: str, least: float):
    rows = read_rows(corpus)
    total = 0.0
    async with open_vendor() as vendor:
        for query, (right, *traps) in rows:
            call = make_call(query=query, documents=[*traps, right])
            results = (await ask_json(vendor, RERANK, call))["results"]
            total += 1 / (1 + [each["index"] for each in results].index(len(traps)))
    assert total / len(rows) >= least


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
