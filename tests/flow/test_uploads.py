"""Uploads through the whole pipeline: what the vendor gets, a second time too, and replays."""

from pathlib import Path

import pytest

from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.domain.secret import Secret
from nexhina.ports import Segments
from nexhina.providers.endpoint import build_target, write_kind_line
from nexhina.providers.registry import PROVIDERS
from nexhina.upstream.fake import Play
from support.form import form_kind, write_form
from support.stage import JSON, Stage, StageCall
from support.wire import until

EDITS = "/v1/images/edits"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x00\x00\x00\x04\x00\x08\x06\x00\x00\x00"
    b"\x7f\x1d\x2b\x83" + bytes(1000)
)
ANSWER = (
    b'{"created":1,"data":[{"b64_json":"iVBORw0KGgo="}],"usage":{"input_tokens":10,'
    b'"output_tokens":20,"total_tokens":30,'
    b'"input_tokens_details":{"text_tokens":4,"image_tokens":6}}}'
)


@pytest.fixture
async def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path / "journal")
    stage.model("edits", operations=("image_edits",))
    stage.channel("a", models={"edits": "vendor-edits"}, priority=2)
    stage.channel("b", models={"edits": "other-edits"}, priority=1)
    return stage


def make_body(boundary: bytes, prompt: str = "a hat") -> bytes:
    return write_form(
        {"model": "edits", "prompt": prompt}, [("image", "a.png", "image/png", PNG)], boundary
    )


def post(stage: Stage, boundary: bytes = b"b-1", prompt: str = "a hat", **headers: bytes):
    more = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    body = make_body(boundary, prompt)
    return stage.post(EDITS, body, headers={b"content-type": form_kind(boundary), **more})


async def over(call: StageCall) -> StageCall:
    await until(lambda: call.over)
    return call


async def sent(stage: Stage, number: int) -> Play:
    """The attempt of this number, once it is under way."""
    await until(lambda: len(stage.vendor.plays) >= number)
    return stage.vendor.plays[number - 1]


def lines(play: Play) -> bytes:
    return play.target.head + play.extra


async def test_the_vendor_gets_the_form_with_its_own_boundary_and_model(stage: Stage):
    call = post(stage, b"b-77")
    play = await sent(stage, 1)
    assert lines(play).lower().count(b"content-type:") == 1
    assert b"Content-Type: multipart/form-data; boundary=b-77\r\n" in play.extra
    assert play.body == make_body(b"b-77").replace(b"\r\nedits\r\n", b"\r\nvendor-edits\r\n")
    play.answer(200, JSON, ANSWER)
    assert (await over(call)).client.status == 200


async def test_the_next_channel_gets_the_whole_form_again(stage: Stage):
    call = post(stage)
    (await sent(stage, 1)).answer(500, JSON, b"{}")
    play = await sent(stage, 2)
    assert play.body == make_body(b"b-1").replace(b"\r\nedits\r\n", b"\r\nother-edits\r\n")
    play.answer(200, JSON, ANSWER)
    assert (await over(call)).client.status == 200


async def test_a_broken_form_reaches_nobody(stage: Stage):
    body = make_body(b"b-1")[:-9]
    call = stage.post(EDITS, body, headers={b"content-type": form_kind(b"b-1")})
    await over(call)
    assert call.refusal.status == 400
    assert "closing boundary is missing" in call.refusal.message
    assert stage.vendor.plays == []


async def test_a_retry_with_a_new_boundary_is_the_same_request(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    digests: list[bytes] = []
    begin = stage.idempotency.begin

    async def note(token_id: int, key: str, digest: bytes):
        digests.append(digest)
        return await begin(token_id, key, digest)

    monkeypatch.setattr(stage.idempotency, "begin", note)
    first = post(stage, b"b-1", idempotency_key=b"k-1")
    (await sent(stage, 1)).answer(200, JSON, ANSWER)
    await over(first)
    again = await over(post(stage, b"b-2", idempotency_key=b"k-1"))
    assert again.client.status == 200
    assert again.client.headers[b"idempotency-replayed"] == b"true"
    post(stage, b"b-2", "a scarf", idempotency_key=b"k-2")
    await sent(stage, 2)
    assert digests[0] == digests[1]
    assert digests[1] != digests[2]
    assert len(stage.vendor.plays) == 2


# --- the head of what may be a form ---------------------------------------------------------------

_CHANNEL = Channel(
    id=1,
    tenant_id=1,
    name="a",
    provider="openai_compatible",
    public_name="openai_compatible",
    base_url="http://a.test/v1",
    key=Secret("k"),
    models={},
)


def test_a_target_for_forms_leaves_the_kind_to_each_request():
    provider = PROVIDERS["openai_compatible"]
    target = build_target(provider, _CHANNEL, Operation.IMAGE_EDITS)
    assert b"content-type" not in target.headers
    assert b"content-type" not in target.head.lower()
    assert write_kind_line(target, b"a/b; c=d") == b"Content-Type: a/b; c=d\r\n"
    assert write_kind_line(target, None) == b"Content-Type: application/json\r\n"


def test_a_target_for_json_says_so_itself():
    provider = PROVIDERS["openai_compatible"]
    target = build_target(provider, _CHANNEL, Operation.CHAT)
    assert target.headers[b"content-type"] == b"application/json"
    assert write_kind_line(target, None) == b""


def test_an_empty_segment_body_has_no_size():
    assert Segments(()).size == 0
