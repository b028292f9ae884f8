"""Images made, edited and varied on their way through the pipeline, with a vendor played by hand."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.dialects.multipart import read_form_of
from support.pictures import FORM, make_png, write_form
from support.stage import JSON, SSE, Stage, StageCall

PNG = make_png(64, 48)
MASK = make_png(64, 48, alpha=True)
B64 = base64.b64encode(PNG)
FILES = [("image", "a.png", "image/png", PNG)]
FIELDS = {"model": "draw", "prompt": "Add a boat"}
GENERATIONS, EDITS, VARIATIONS = (
    f"/v1/images/{name}" for name in ("generations", "edits", "variations")
)
USAGE = (
    b'{"total_tokens":160,"input_tokens":60,"output_tokens":100,'
    b'"input_tokens_details":{"text_tokens":20,"image_tokens":40}}'
)
ANSWER = b'{"created":1,"data":[{"b64_json":"%b"}],"usage":%b}' % (B64, USAGE)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path / "journal")
    made.model(
        "draw",
        operations=("images", "image_edits", "image_variations"),
        image_reply="b64_json",
        image_stream=True,
        image_input_tokens=1000,
        output_limit=5000,
    )
    made.channel("a", {"draw": "draw-up"})
    yield made


def post_form(
    stage: Stage, path: str, fields: dict[str, Any], files: Any, **more: Any
) -> StageCall:
    return stage.post(path, write_form(fields, files), headers=FORM | more.get("headers", {}))


def event(kind: str, usage: bytes = b"null") -> bytes:
    return (
        b'event: image_edit.%b\ndata: {"type":"image_edit.%b","b64_json":"%b","usage":%b}\n\n'
        % (kind.encode(), kind.encode(), B64, usage)
    )


PARTIAL, DONE = event("partial_image"), event("completed", USAGE)


async def test_an_edit_goes_to_the_vendor_as_a_form_under_its_name_for_the_model(
    stage: Stage,
) -> None:
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(
        post_form(stage, EDITS, FIELDS, [*FILES, ("mask", "m.png", "image/png", MASK)])
    )
    assert call.client.status == 200
    assert call.client.headers[b"x-nexhina-lane"] == b"splice"
    play = stage.vendor.plays[0]
    assert play.target.path == "/v1/images/edits"
    assert b"multipart/form-data; boundary=" in play.target.head + play.extra
    form = read_form_of(play.body, FORM[b"content-type"])
    assert (form.text("model"), form.text("prompt")) == ("draw-up", "Add a boat")
    assert [form.read(part) for part in (*form.files("image"), *form.files("mask"))] == [PNG, MASK]
    assert call.client.json["data"] == [{"b64_json": B64.decode()}]
    assert (call.client.json["size"], call.client.json["output_format"]) == ("64x48", "png")


async def test_a_variation_goes_the_same_way(stage: Stage) -> None:
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(post_form(stage, VARIATIONS, {"model": "draw"}, FILES))
    assert call.client.status == 200
    assert stage.vendor.plays[0].target.path == "/v1/images/variations"


async def test_tokens_of_pictures_have_their_own_price_and_the_hold_knows_them(
    stage: Stage,
) -> None:
    stage.price("draw", "input", 5.0)
    stage.price("draw", "image_input", 10.0)
    stage.price("draw", "output", 40.0)
    stage.vendor.answer(200, JSON, ANSWER)
    await stage.over(post_form(stage, EDITS, FIELDS | {"n": "1"}, [*FILES, *FILES]))
    (row,) = stage.rows()
    assert row.charge_nano == 20 * 5000 + 40 * 10_000 + 100 * 40_000
    used = {line.kind: line.quantity for line in row.lines}
    assert (used["input"], used["image_input"], used["output"]) == (20, 40, 100)
    assert row.hold_nano >= 2 * 1000 * 10_000 + 5000 * 40_000


async def test_a_vendor_that_counts_no_tokens_gives_no_picture_away_where_tokens_are_priced(
    stage: Stage,
) -> None:
    stage.price("draw", "output", 40.0)
    stage.vendor.answer(200, JSON, b'{"created":1,"data":[{"b64_json":"%b"}]}' % B64)
    call = await stage.over(post_form(stage, EDITS, FIELDS | {"n": "2"}, FILES))
    assert call.client.json["usage"]["total_tokens"] == 0  # the vendor's word, not our estimate
    (row,) = stage.rows()
    assert row.estimated
    assert row.charge_nano == 5000 * 40_000  # one picture of the two that were held for
    assert row.hold_nano >= 2 * row.charge_nano


async def test_a_streamed_picture_without_a_count_is_estimated_as_well(stage: Stage) -> None:
    stage.price("draw", "output", 40.0)
    stage.vendor.answer(200, SSE, event("completed"))
    await stage.over(post_form(stage, EDITS, FIELDS | {"stream": "true"}, FILES))
    (row,) = stage.rows()
    assert (row.estimated, row.charge_nano) == (True, 5000 * 40_000)


async def test_links_are_made_for_edits_as_for_generations(stage: Stage) -> None:
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(post_form(stage, EDITS, FIELDS | {"response_format": "url"}, FILES))
    assert call.client.json["data"] == [{"url": "http://gw.test/media/0.png?exp=1&sig=s"}]
    assert call.client.json["size"] == "64x48"
    assert stage.blobs.kept == {"0.png": PNG}


@pytest.mark.parametrize("path", [GENERATIONS, EDITS])
async def test_pictures_stream_and_the_last_one_waits_for_the_books(
    stage: Stage, path: str
) -> None:
    if path == EDITS:
        call = post_form(stage, EDITS, FIELDS | {"stream": "true", "partial_images": "1"}, FILES)
    else:
        call = stage.post(GENERATIONS, FIELDS | {"stream": True, "partial_images": 1})
    play = stage.vendor.plays[0]
    play.head(200, SSE, PARTIAL[:100])
    assert not call.client.started
    play.piece(PARTIAL[100:])
    assert call.client.body == PARTIAL
    play.piece(DONE)
    await stage.over(call)
    assert call.client.body == PARTIAL + DONE
    (row,) = stage.rows()
    assert (row.status, row.stream) == (200, True)
    used = {line.kind: line.quantity for line in row.lines}
    assert (used["image_input"], used["output"]) == (40, 100)
    assert b"stream_options" not in play.body


async def test_a_cut_stream_ends_with_an_error_event_and_the_partial_pictures_price(
    stage: Stage,
) -> None:
    stage.price("draw", "output", 40.0)
    call = post_form(stage, EDITS, FIELDS | {"stream": "true"}, FILES)
    play = stage.vendor.plays[0]
    play.head(200, SSE, PARTIAL)
    play.piece(DONE[:60])
    play.cut()
    await stage.over(call)
    assert call.client.body.startswith(PARTIAL)
    assert b'"error"' in call.client.body[len(PARTIAL) :]
    assert DONE[:60] not in call.client.body
    (row,) = stage.rows()
    assert row.estimated
    assert row.charge_nano == 100 * 40_000


async def test_a_stream_that_fails_before_a_picture_moves_to_the_next_channel(stage: Stage) -> None:
    stage.channel("b", {"draw": "draw"})
    stage.vendor.answer(200, SSE, b'event: error\ndata: {"error":{"message":"busy"}}\n\n')
    stage.vendor.answer(200, SSE, PARTIAL + DONE)
    call = await stage.over(post_form(stage, EDITS, FIELDS | {"stream": "true"}, FILES))
    assert call.client.body == PARTIAL + DONE
    assert len(stage.vendor.plays) == 2


async def test_failover_sends_the_same_form_again(stage: Stage) -> None:
    stage.channel("b", {"draw": "draw"})
    stage.vendor.answer(500, JSON, b"{}")
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(post_form(stage, EDITS, FIELDS, FILES))
    assert call.client.status == 200
    sent = {
        read_form_of(play.body, FORM[b"content-type"]).text("model") for play in stage.vendor.plays
    }
    assert sent == {"draw", "draw-up"}


@pytest.mark.parametrize(
    ("path", "fields", "files", "status", "param"),
    [
        (EDITS, FIELDS, [("image", "a.png", "image/png", b"not a picture")], 400, "image"),
        (EDITS, FIELDS, [("image", "a.png", "image/png", b"")], 400, "image"),
        (EDITS, FIELDS, [*FILES, ("mask", "m", None, make_png(5, 5, alpha=True))], 400, "mask"),
        (EDITS, FIELDS | {"prompt": "x" * 1_000_000}, FILES, 400, "prompt"),
        (EDITS, FIELDS | {"n": "11"}, FILES, 400, "n"),
        (VARIATIONS, {"model": "draw"}, [("image", "a", None, make_png(90_000, 9_000))], 400, "image"),
    ],
)  # fmt: skip
async def test_bad_input_is_sent_to_nobody_and_costs_nothing(
    stage: Stage, path: str, fields: Any, files: Any, status: int, param: str
) -> None:
    call = await stage.over(post_form(stage, path, fields, files))
    assert (call.refusal.status, call.refusal.param) == (status, param)
    assert stage.vendor.plays == []
    assert stage.blobs.kept == {}
    assert all(row.charge_nano == 0 for row in stage.rows())
    assert stage.admission.open_holds() == 0


async def test_a_model_that_does_not_stream_pictures_is_refused_with_the_cure(stage: Stage) -> None:
    stage.model("still", operations=("images",))
    stage.channel("s", {"still": "still"})
    asked = {"model": "still", "prompt": "x", "stream": True}
    call = await stage.over(stage.post(GENERATIONS, asked))
    assert (call.refusal.status, call.refusal.param) == (400, "stream")
    assert "leave it out" in call.refusal.message


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, {b"content-type": b"text/html"}, b"<html>", 502),
        (200, JSON, ANSWER[:-9], 502),
        (200, JSON, b'{"created":1,"data":[]}', 502),
        (429, JSON | {b"retry-after": b"3"}, b'{"error":{"message":"slow down"}}', 429),
        (
            400,
            JSON,
            b'{"error":{"message":"Blocked.","code":"moderation_blocked","param":"prompt"}}',
            400,
        ),
    ],
)
async def test_what_a_vendor_does_wrong_is_the_documented_error_and_free(
    stage: Stage, status: int, headers: dict[bytes, bytes], body: bytes, expected: int
) -> None:
    stage.vendor.answer(status, headers, body)
    call = await stage.over(post_form(stage, EDITS, FIELDS, FILES))
    assert call.refusal.status == expected
    assert [row.charge_nano for row in stage.rows()] == [0]


async def test_an_idempotency_key_on_a_form_answers_again_and_charges_once(stage: Stage) -> None:
    stage.price("draw", "image", 1.0, per=1)
    stage.vendor.answer(200, JSON, ANSWER)
    headers = {b"idempotency-key": b"k1"}
    first = await stage.over(post_form(stage, EDITS, FIELDS, FILES, headers=headers))
    again = await stage.over(post_form(stage, EDITS, FIELDS, FILES, headers=headers))
    assert first.client.body == again.client.body
    assert again.client.headers[b"idempotency-replayed"] == b"true"
    assert [row.charge_nano > 0 for row in stage.rows()] == [True, False]


async def test_a_streamed_picture_is_had_again_under_its_idempotency_key(stage: Stage) -> None:
    stage.price("draw", "output", 40.0)
    body, key = FIELDS | {"stream": True, "partial_images": 1}, {b"idempotency-key": b"k2"}
    first = stage.post(GENERATIONS, body, headers=key)
    play = stage.vendor.plays[0]
    play.head(200, SSE, PARTIAL)
    play.piece(DONE)
    await stage.over(first)
    again = await stage.over(stage.post(GENERATIONS, body, headers=key))
    assert first.client.body == again.client.body == PARTIAL + DONE
    assert again.client.headers[b"content-type"] == first.client.headers[b"content-type"]
    assert again.client.headers[b"idempotency-replayed"] == b"true"
    assert len(stage.vendor.plays) == 1
    assert [row.charge_nano > 0 for row in stage.rows()] == [True, False]


async def test_a_stream_that_broke_off_is_made_anew_under_its_key(stage: Stage) -> None:
    body, key = FIELDS | {"stream": True}, {b"idempotency-key": b"k3"}
    first = stage.post(GENERATIONS, body, headers=key)
    stage.vendor.plays[0].head(200, SSE, PARTIAL)
    stage.vendor.plays[0].cut()
    await stage.over(first)
    again = stage.post(GENERATIONS, body, headers=key)
    stage.vendor.plays[1].head(200, SSE, DONE)
    await stage.over(again)
    assert again.client.body == DONE
    assert b"idempotency-replayed" not in again.client.headers


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_that_the_journal_does_not_have_is_not_had_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    stage.price("draw", "output", 40.0)
    body, key = FIELDS | {"stream": streamed}, {b"idempotency-key": b"k4"}

    def refuse(data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stage.journal, "_append", refuse)
    if not streamed:
        stage.vendor.answer(200, JSON, ANSWER)
    first = stage.post(GENERATIONS, body, headers=key)
    if streamed:
        stage.vendor.plays[0].head(200, SSE, PARTIAL)
        stage.vendor.plays[0].piece(DONE)
    await stage.over(first)
    assert DONE not in bytes(first.client.body)
    monkeypatch.undo()
    again = stage.post(GENERATIONS, body, headers=key)
    assert len(stage.vendor.plays) == 2
    again.leave()
    await stage.over(again)


async def test_json_edits_reach_a_vendor_as_json(stage: Stage) -> None:
    stage.vendor.answer(200, JSON, ANSWER)
    body = FIELDS | {"images": [{"image_url": "https://x.example/1.png"}]}
    call = await stage.over(stage.post(EDITS, body))
    assert call.client.status == 200
    play = stage.vendor.plays[0]
    assert msgspec.json.decode(play.body) == body | {"model": "draw-up"}
    assert b"application/json" in play.target.head + play.extra
