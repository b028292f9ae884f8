"""A price counts where it prices something: another kind's leaves an operation without a price."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nexhina.billing.bound import DEFAULT_IMAGE_TOKENS
from nexhina.billing.tariff import choose_tariff
from nexhina.contract.operation import Operation
from nexhina.domain.usage import KINDS
from nexhina.pipeline.bound import is_priced
from support.form import form_kind, write_form
from support.money import make_price
from support.pictures import make_png
from support.recordings import make_sound
from support.stage import JSON, Stage

ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}'
)
B64 = b64encode(make_png(64, 48))
FILM = {"per": 1_000, "channel_id": 1}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "journal")
    stage.channel("a", {"m": "m"})  # of which the catalog knows nothing
    yield stage
    assert stage.purse.open_holds() == 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["video", "character", "audio", "image", "audio_input"])
async def test_text_of_a_model_with_a_price_for_something_else_is_free_and_says_so(
    stage: Stage, kind: str, stream: bool
) -> None:
    stage.price("m", kind, 0.1, **FILM)
    stage.vendor.answer(200, JSON, ANSWER)
    headers = {b"x-channel": b"a"} if stream else None  # by pipeline.py
    assert (await stage.over(stage.chat(headers=headers))).client.status == 200
    (row,) = stage.rows()
    assert (row.unpriced, row.charge_nano, row.hold_nano) == (True, 0, 0)


async def test_a_key_with_a_budget_is_refused_text_of_a_model_with_a_price_for_films_only(
    stage: Stage,
) -> None:
    stage.price("m", "video", 0.1, **FILM)
    stage.token("sk-budget", id=8, budget=10**9)
    call = await stage.over(stage.chat(key="sk-budget"))
    assert (call.refusal.status, call.refusal.code) == (402, "model_not_priced")
    assert stage.vendor.plays == []


async def test_a_price_of_zero_for_text_is_a_price(stage: Stage) -> None:
    stage.price("m", "video", 0.1, **FILM)
    stage.price("m", "input", 0.0, channel_id=1)
    stage.vendor.answer(200, JSON, ANSWER)
    await stage.over(stage.chat())
    assert not stage.rows()[0].unpriced


@pytest.mark.parametrize(
    ("operation", "kinds"),
    [
        (Operation.CHAT, {"input", "output", "request"}),
        (Operation.RESPONSES, {"input", "output", "request"}),
        (Operation.EMBEDDINGS, {"input", "request"}),
        (Operation.RERANK, {"input", "request"}),
        (Operation.MODERATIONS, {"input", "request"}),
        (Operation.IMAGES, {"image", "output", "request"}),
        (Operation.SPEECH, {"character", "audio", "audio_output", "input", "output", "request"}),
        (Operation.TRANSCRIPTIONS, {"audio", "audio_input", "input", "output", "request"}),
        (Operation.VIDEO, {"video", "request"}),
    ],
)
def test_an_operation_is_priced_by_the_kinds_that_its_every_call_uses(
    operation: Operation, kinds: set[str]
) -> None:
    found = {
        kind
        for kind in KINDS
        if is_priced(operation, choose_tariff((make_price(kind, "1"),), "m", None, 1.0))
    }
    assert found == kinds


async def test_sound_whose_time_is_told_costs_its_tokens_where_only_those_have_a_price(
    stage: Stage,
) -> None:
    stage.price("m", "input", 1.0, channel_id=1)
    stage.price("m", "output", 2.0, channel_id=1)
    usage = b'{"text":"Hello to you all.","usage":{"type":"duration","seconds":3}}'
    stage.vendor.answer(200, JSON, usage)
    body = write_form({"model": "m"}, [("file", "a.wav", "audio/wav", make_sound("wav", 3_000))])
    await stage.over(
        stage.post("/v1/audio/transcriptions", body, headers={b"content-type": form_kind()})
    )
    (row,) = stage.rows()
    assert (row.status, row.estimated, row.unpriced) == (200, True, False)
    assert 0 < row.charge_nano <= row.hold_nano


async def test_a_picture_whose_tokens_alone_have_a_price_is_never_free(stage: Stage) -> None:
    stage.price("m", "input", 1.0, channel_id=1)
    stage.price("m", "output", 2.0, channel_id=1)
    stage.vendor.answer(200, JSON, b'{"created":1,"data":[{"b64_json":"%b"}]}' % B64)
    asked = {"model": "m", "prompt": "A boat", "response_format": "b64_json"}
    call = await stage.over(stage.post("/v1/images/generations", asked))
    assert call.client.status == 200
    (row,) = stage.rows()
    assert row.estimated
    assert 2_000 * DEFAULT_IMAGE_TOKENS <= row.charge_nano <= row.hold_nano


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "file", "file": {"file_id": "file-1"}},
                            {"type": "input_audio", "input_audio": {"data": "", "format": "mp3"}},
                        ],
                    }
                ]
            },
        ),
        (
            "/v1/responses",
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_file", "file_url": "http://a/b"}]}
                ]
            },
        ),
    ],
)
async def test_a_document_may_fill_the_models_context_and_is_held_for(
    stage: Stage, path: str, body: dict[str, object]
) -> None:
    stage.model("m", context=1_000_000, image_input_tokens=1_000)
    stage.price("m", "input", 1.0)
    stage.token("sk-budget", id=8, budget=1_000_000 * 1_000)  # less by the bytes of the text
    call = await stage.over(stage.post(path, {"model": "m", **body}, key="sk-budget"))
    assert (call.refusal.status, call.refusal.code) == (402, "insufficient_quota")
