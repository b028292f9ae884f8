"""Completions, moderations and rerank from the caller to the row, bridges between formats included."""

import msgspec
import pytest

from nexhina.billing.calculation import recompute
from support.stage import JSON, Stage

RANKED = b'{"model":"r","results":[{"index":1,"relevance_score":0.9}],"usage":{"total_tokens":20}}'


@pytest.fixture(params=[True, False], ids=["steady", "coroutine"])
async def stage(tmp_path, request):
    stage = Stage(tmp_path / "journal", steady=request.param)
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


async def test_a_rerank_call_is_charged_by_search_unit(stage):
    stage.model("r", operations=("rerank",))
    stage.price("r", "request", 0.002, per=1)
    stage.channel("a", {"r": "r"})
    body = msgspec.json.encode({"model": "r", "query": "q", "documents": ["d"] * 101})
    stage.vendor.answer(200, JSON, RANKED)
    call = await stage.over(stage.post("/v1/rerank", body))
    assert (call.client.status, call.client.body) == (200, RANKED)
    (row,) = stage.rows()
    assert row.charge_nano == recompute(row.lines) == 4_000_000


async def test_a_caller_of_coheres_format_gets_it_from_a_vendor_of_the_other(stage):
    stage.model("r", operations=("rerank",))
    stage.channel("a", {"r": "r"})
    body = b'{"model":"r","query":"q","documents":["a","b"],"max_tokens_per_doc":9}'
    stage.vendor.answer(200, JSON, RANKED)
    call = await stage.over(stage.post("/v2/rerank", body))
    assert msgspec.json.decode(call.client.body)["meta"]["billed_units"] == {"search_units": 1}
    assert call.client.headers[b"x-nexhina-dropped"] == b"max_tokens_per_doc"
    assert b"max_tokens_per_doc" not in stage.vendor.plays[0].body


@pytest.mark.parametrize("name", [rb"a\r\nset-cookie: b=c", "é".encode(), b"x" * 300, b"a, b"])
async def test_no_name_that_a_caller_makes_up_breaks_out_of_its_header(stage, name):
    stage.model("r", operations=("rerank",))
    stage.channel("a", {"r": "r"}, provider="dashscope")
    body = b'{"model":"r","query":"q","documents":["a","b"],"%b":1,"user":"u"}' % name
    stage.vendor.answer(200, JSON, b'{"output":{"results":[{"index":1,"relevance_score":0.9}]}}')
    call = await stage.over(stage.post("/v1/rerank", body))
    assert call.client.status == 200
    assert call.client.headers[b"x-nexhina-dropped"] == b"other, user"
    assert b"set-cookie" not in call.client.headers


async def test_a_moderation_without_a_model_reaches_the_default_one(stage):
    stage.model("omni-moderation-latest", operations=("moderations",))
    stage.channel("a", {"omni-moderation-latest": "up"})
    answer = (
        b'{"id":"m","model":"up","results":[{"flagged":false,"categories":{"hate":false},'
        b'"category_scores":{"hate":0.1}}]}'
    )
    stage.vendor.answer(200, JSON, answer)
    call = await stage.over(stage.post("/v1/moderations", b'{"input":"hello"}'))
    assert call.client.status == 200
    assert stage.vendor.plays[0].body == b'{"input":"hello","model":"up"}'
    assert msgspec.json.decode(call.client.body)["model"] == "omni-moderation-latest"
    assert stage.rows()[0].charge_nano == 0


async def test_a_name_of_the_operators_own_offers_what_the_model_behind_it_does(stage):
    stage.model("ranker", operations=("rerank",))
    stage.channel("a", {"ours": "ranker", "other": "unheard-of"})
    offers = stage.pipeline.planner.offers(stage.clock.now())
    assert {op.value for op, name in offers if name == "ours"} == {"rerank"}
    assert {"chat", "rerank"} < {op.value for op, name in offers if name == "other"}
    call = await stage.over(stage.chat(model="ours"))
    assert call.refusal.status == 400
    assert "can't do chat; it does rerank" in call.refusal.message


async def test_a_completion_is_charged_like_chat(stage):
    stage.model("c", operations=("completions",), context=1000, output_limit=500)
    stage.price("c", "output", 2.0)
    stage.channel("a", {"c": "c"})
    answer = b'{"choices":[{"text":"x"}],"usage":{"prompt_tokens":1,"completion_tokens":4}}'
    stage.vendor.answer(200, JSON, answer)
    call = await stage.over(stage.post("/v1/completions", b'{"model":"c","prompt":"a"}'))
    assert call.client.body == answer
    assert stage.rows()[0].charge_nano == 8_000
