"""A Response is kept before it is answered, and the next call goes on from it."""

import msgspec
import pytest

from nexhina.errors import InvalidRequestError, NotFoundError
from nexhina.pipeline.stored import StoredRoutes
from nexhina.ports import Inbound, StoredResponse
from support.responses import read_events
from support.stage import JSON, KEY, SSE, Stage, StageClient

CHAT = (
    b'{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"Hi there"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14}}'
)
OTHER = "sk-other"


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model("m", operations=("chat", "responses"), context=100_000, output_limit=500)
    stage.channel("a", {"m": "m"})
    stage.stranger(OTHER)
    yield stage
    stage.journal.close(all_booked=False)


async def respond(stage, text, *, key=KEY, **fields):
    stage.vendor.answer(200, JSON, CHAT)
    body = {"model": "m", "input": text} | fields
    return await stage.over(stage.post("/v1/responses", body, key=key))


async def ask(stage, name, response, query=b"", *, key=KEY, body=b""):
    client = StageClient()
    call = Inbound(
        id="x", request_id="x", method="GET", path="/", params={"id": response}, query=query,
        headers={b"authorization": b"Bearer " + key.encode()} | JSON, body=body, peer="", received=0.0,
    )  # fmt: skip
    await getattr(StoredRoutes(stage.pipeline), name)(call, client)
    return client.json


async def test_an_answer_can_be_read_again_and_is_then_deleted(stage):
    call = await respond(stage, "hello")
    kept = call.client.json["id"]
    assert await ask(stage, "run_get", kept) == call.client.json
    assert await ask(stage, "run_delete", kept) == {
        "id": kept,
        "object": "response",
        "deleted": True,
    }
    for name in ("run_get", "run_delete", "run_items", "run_cancel"):
        with pytest.raises(NotFoundError) as refused:
            await ask(stage, name, kept)
        assert refused.value.param == "response_id"


async def test_the_next_turn_carries_the_earlier_ones_to_a_vendor_of_chat(stage):
    first = await respond(stage, "first")
    second = await respond(stage, "second", previous_response_id=first.client.json["id"])
    await respond(stage, "third", previous_response_id=second.client.json["id"])
    sent = msgspec.json.decode(stage.vendor.plays[-1].body)["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant"] * 2 + ["user"]
    texts = [str(message["content"]) for message in sent]
    assert "first" in texts[0] and "second" in texts[2] and "third" in texts[4]


async def test_store_false_keeps_nothing(stage):
    call = await respond(stage, "hello", store=False)
    assert call.client.status == 200
    assert stage.responses.kept == {}


async def test_another_tenant_gets_404_and_the_vendor_hears_nothing(stage):
    kept = (await respond(stage, "hello")).client.json["id"]
    with pytest.raises(NotFoundError):
        await ask(stage, "run_get", kept, key=OTHER)
    count = len(stage.vendor.plays)
    call = await stage.over(
        stage.post(
            "/v1/responses", {"model": "m", "input": "x", "previous_response_id": kept}, key=OTHER
        )
    )
    assert (call.refusal.status, call.refusal.param) == (404, "previous_response_id")
    assert len(stage.vendor.plays) == count


async def test_what_a_vendor_stores_is_not_gone_on_from_at_a_channel_that_does_not_know_it(stage):
    native = StoredResponse(
        tenant_id=1, id="resp_v", channel_id=77, native=True, model="m", created_at=0.0,
        expires_at=9e9, answer=b'{"id":"resp_v","output":[]}', items=b"[]", previous_id=None,
    )  # fmt: skip
    await stage.responses.save(native)
    call = await respond(stage, "x", previous_response_id="resp_v")
    assert (call.refusal.status, call.refusal.param) == (400, "previous_response_id")
    assert "removed" in call.refusal.message
    assert stage.vendor.plays == []


async def test_a_conversation_that_is_too_long_is_refused(stage):
    items = msgspec.json.encode([{"type": "message", "role": "user", "content": "x"}] * 1001)
    await stage.responses.save(
        StoredResponse(
            tenant_id=1,
            id="resp_l",
            channel_id=1,
            native=False,
            model="m",
            created_at=0.0,
            expires_at=9e9,
            answer=b'{"id":"resp_l","output":[]}',
            items=items,
            previous_id=None,
        )
    )
    call = await respond(stage, "x", previous_response_id="resp_l")
    assert call.refusal.status == 400
    assert stage.vendor.plays == []


async def test_input_items_come_in_pages(stage):
    items = [{"role": "user", "content": text} for text in "abc"]
    kept = (await respond(stage, items)).client.json["id"]
    page = await ask(stage, "run_items", kept, b"limit=2")
    assert [item["content"][0]["text"] for item in page["data"]] == ["c", "b"]
    assert page["has_more"] and page["last_id"] == page["data"][1]["id"]
    rest = await ask(stage, "run_items", kept, b"limit=2&after=" + page["last_id"].encode())
    assert [item["content"][0]["text"] for item in rest["data"]] == ["a"]
    assert not rest["has_more"]
    for query in (b"limit=0", b"limit=101", b"limit=x", b"order=up", b"after=none"):
        with pytest.raises(InvalidRequestError):
            await ask(stage, "run_items", kept, query)


async def test_tokens_are_estimated_from_the_text(stage):
    body = msgspec.json.encode({"model": "m", "input": "x" * 41})
    found = await ask(stage, "run_count", "", body=body)
    assert found == {"object": "response.input_tokens", "input_tokens": 11}


async def test_tokens_of_earlier_turns_are_their_text_and_not_their_json(stage):
    kept = (await respond(stage, "x" * 400)).client.json["id"]
    body = {"model": "m", "input": "y" * 40, "previous_response_id": kept}
    found = await ask(stage, "run_count", "", body=msgspec.json.encode(body))
    assert found["input_tokens"] == (400 + len("Hi there") + 40) // 4


async def test_a_picture_of_an_earlier_turn_is_held_for_as_a_picture_and_not_as_its_bytes(stage):
    stage.models[0] = msgspec.structs.replace(stage.models[0], image_input_tokens=1_500)
    stage.price("m", "input", 1.0)
    picture = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 400_000}
    kept = (await respond(stage, [{"role": "user", "content": [picture]}])).client.json["id"]
    with_picture = stage.rows()[-1].hold_nano
    await respond(stage, "and now?", previous_response_id=kept)
    second = stage.rows()[-1].hold_nano
    assert with_picture < second < with_picture + 1_000 * 1_000
    disguised = {
        "type": "input_text",
        "text": "x",
        "image_url": "data:image/png;base64," + "A" * 9_000,
    }
    kept = (await respond(stage, [{"role": "user", "content": [picture, disguised]}])).client.json
    await respond(stage, "and now?", previous_response_id=kept["id"])
    assert stage.rows()[-1].hold_nano > 400_000 * 1_000


async def test_nothing_can_be_cancelled(stage):
    kept = (await respond(stage, "hello")).client.json["id"]
    with pytest.raises(InvalidRequestError):
        await ask(stage, "run_cancel", kept)


async def replay(stage, name, query):
    client = StageClient()
    call = Inbound(
        id="x", request_id="x", method="GET", path="/", params={"id": name}, query=query,
        headers={b"authorization": b"Bearer " + KEY.encode()}, body=b"", peer="", received=0.0,
    )  # fmt: skip
    await StoredRoutes(stage.pipeline).run_get(call, client)
    assert client.headers[b"content-type"].startswith(b"text/event-stream")
    return read_events(client.body)


async def test_a_stored_response_streams_again_from_any_event(stage):
    answer = (await respond(stage, "hello")).client.json
    events = await replay(stage, answer["id"], b"stream=true")
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    assert [each["type"] for each in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert events[-1]["response"] == answer
    assert events[0]["response"]["output"] == []
    rest = await replay(stage, answer["id"], b"stream=true&starting_after=4")
    assert rest == events[5:]
    for past in (b"7", b"8", b"57", b"99999999999999999999"):
        rest = await replay(stage, answer["id"], b"stream=true&starting_after=" + past)
        assert rest == events[-1:]


@pytest.mark.parametrize(
    "query",
    [
        b"stream=yes",
        b"stream=true&starting_after=x",
        b"stream=true&starting_after=-1",
        b"stream=true&starting_after=" + b"9" * 5_000,
    ],
)
async def test_a_replay_that_makes_no_sense_is_refused(stage, query):
    kept = (await respond(stage, "hello")).client.json["id"]
    with pytest.raises(InvalidRequestError) as refused:
        await ask(stage, "run_get", kept, query)
    assert refused.value.param in {"stream", "starting_after"}


async def test_a_stream_that_breaks_off_ends_with_the_number_that_comes_next(stage):
    chunk = (
        b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
        b'[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}\n\n'
    )
    stage.vendor.stream(chunk, headers=SSE, cut=True)
    body = {"model": "m", "input": "hello", "stream": True}
    call = await stage.over(stage.post("/v1/responses", body))
    events = read_events(call.client.body)
    assert events[-1]["type"] == "error"
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    assert len(events) > 4


async def test_a_streamed_answer_is_kept_before_its_end_goes_out(stage):
    chunk = (
        b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
        b'[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}\n\n'
    )
    end = chunk.replace(b'"role":"assistant","content":"Hi"', b"").replace(b"null", b'"stop"')
    stage.vendor.answer(200, SSE, chunk + end + b"data: [DONE]\n\n")
    body = {"model": "m", "input": "hello", "stream": True}
    call = await stage.over(stage.post("/v1/responses", body))
    (kept,) = stage.responses.kept.values()
    assert kept.id.encode() in call.client.body
    found = await ask(stage, "run_get", kept.id)
    assert found["status"] == "completed"
    assert found["output"][0]["content"][0]["text"] == "Hi"


async def test_an_answer_that_broke_off_is_not_kept(stage):
    chunk = (
        b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
        b'[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}\n\n'
    )
    stage.vendor.answer(200, SSE, chunk)
    body = {"model": "m", "input": "hello", "stream": True}
    await stage.over(stage.post("/v1/responses", body))
    assert stage.responses.kept == {}
