"""Cohere's embed routes from the caller to the row, over vendors of both formats and the sandbox."""

import msgspec
import pytest

from nexhina.billing.calculation import recompute
from nexhina.errors import InvalidRequestError
from support.stage import JSON, Stage

OPENAI = b'{"data":[{"index":0,"embedding":[0.5,-1]}],"model":"up","usage":{"prompt_tokens":7}}'
COHERE = b'{"id":"x","embeddings":{"float":[[0.5,-1]]},"meta":{"billed_units":{"input_tokens":7}}}'
ASKED = b'{"model":"e","texts":["a"],"input_type":"search_query","embedding_types":["float"]}'


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model("e", operations=("embeddings",))
    stage.price("e", "input", 0.1)
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


def row_of(stage):
    (row,) = stage.rows()
    return row


async def test_a_vendor_of_the_format_gets_the_callers_bytes(stage):
    stage.channel("a", {"e": "e"}, provider="cohere")
    stage.vendor.answer(200, JSON, COHERE)
    call = await stage.over(stage.post("/v2/embed", ASKED))
    assert (call.client.status, call.client.body) == (200, COHERE)
    assert stage.vendor.plays[0].body == ASKED
    row = row_of(stage)
    assert (row.operation, row.dialect_in, row.dialect_out) == (
        "embeddings",
        "cohere_embed",
        "cohere_embed",
    )
    assert row.charge_nano == recompute(row.lines) == 700


async def test_a_vendor_of_the_other_format_is_asked_in_its_own(stage):
    stage.channel("a", {"e": "up"})
    stage.vendor.answer(200, JSON, OPENAI)
    call = await stage.over(stage.post("/v2/embed", ASKED))
    assert msgspec.json.decode(stage.vendor.plays[0].body) == {"model": "up", "input": ["a"]}
    assert call.client.json["embeddings"] == {"float": [[0.5, -1]]}
    assert call.client.headers[b"x-nexhina-dropped"] == b"input_type"
    assert call.client.headers[b"x-nexhina-lane"] == b"translate"
    row = row_of(stage)
    assert (row.dialect_in, row.dialect_out) == ("cohere_embed", "openai_embeddings")
    assert row.charge_nano == 700


@pytest.mark.parametrize(
    ("provider", "answer"), [("openai_compatible", OPENAI), ("cohere", COHERE), ("jina", OPENAI)]
)
async def test_the_first_version_is_served_by_any_vendor(stage, provider, answer):
    stage.channel("a", {"e": "up"}, provider=provider)
    stage.vendor.answer(200, JSON, answer)
    call = await stage.over(stage.post("/v1/embed", b'{"model":"e","texts":["a"]}'))
    assert call.client.json["response_type"] == "embeddings_floats"
    assert call.client.json["embeddings"] == [[0.5, -1]]
    assert row_of(stage).charge_nano == 700


async def test_openais_caller_is_served_by_a_vendor_of_coheres_format(stage):
    stage.channel("a", {"e": "up"}, provider="cohere")
    stage.vendor.answer(200, JSON, COHERE)
    call = await stage.over(stage.post("/v1/embeddings", b'{"model":"e","input":"a","user":"u"}'))
    assert call.client.json["data"][0]["embedding"] == [0.5, -1]
    assert call.client.json["model"] == "e"
    assert call.client.headers[b"x-nexhina-dropped"] == b"user"
    assert row_of(stage).charge_nano == 700


async def test_a_picture_is_held_and_charged_as_tokens_and_as_a_picture(stage):
    stage.price("e", "image", 0.001, per=1)
    stage.channel("a", {"e": "e"}, provider="cohere")
    body = b'{"model":"e","images":["data:image/png;base64,AAAA"],"input_type":"image"}'
    call = stage.post("/v2/embed", body)
    assert stage.purse.open_holds() >= 50_000 * 100 + 1_000_000
    units = b'{"image_tokens":1000,"images":1}'
    stage.vendor.plays[-1].answer(200, JSON, COHERE.replace(b'{"input_tokens":7}', units))
    call = await stage.over(call)
    assert call.client.status == 200
    assert row_of(stage).charge_nano == 100_000 + 1_000_000


async def test_what_no_vendor_can_do_is_refused_and_free(stage):
    stage.channel("a", {"e": "e"})
    body = ASKED.replace(b'["float"]', b'["int8"]')
    call = await stage.over(stage.post("/v2/embed", body))
    assert isinstance(call.refusal, InvalidRequestError)
    assert call.refusal.param == "embedding_types[0]"
    assert not stage.vendor.plays
    assert row_of(stage).charge_nano == 0


async def test_an_answer_for_another_request_goes_on_to_the_next_channel(stage):
    stage.channel("a", {"e": "e"}, provider="cohere", priority=2)
    stage.channel("b", {"e": "e"}, priority=1)
    stage.vendor.answer(200, JSON, b'{"id":"x","embeddings":{"float":[[1],[2]]}}')
    stage.vendor.answer(200, JSON, OPENAI)
    call = await stage.over(stage.post("/v2/embed", ASKED))
    assert call.client.json["embeddings"] == {"float": [[0.5, -1]]}
    assert row_of(stage).attempts == 2
