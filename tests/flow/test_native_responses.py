"""What a vendor stores: read, deleted and gone on from at the channel, and with the key, that made it."""

from typing import Any

import msgspec
import pytest

from nexhina.domain.secret import Secret
from nexhina.errors import (
    InvalidRequestError,
    NexhinaError,
    NotFoundError,
    RateLimitedError,
    UpstreamError,
    UpstreamTimeoutError,
)
from nexhina.pipeline.stored import StoredRoutes
from nexhina.ports import Inbound
from support.responses import read_events
from support.stage import JSON, KEY, SSE, Stage, StageClient

OTHER = "sk-other"


def answer(name="resp_v1", text="Hi there", model="m-up", **fields):
    item = {
        "id": "msg_v1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    usage = {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14}
    return {
        "id": name, "object": "response", "created_at": 1, "status": "completed", "model": model,
        "output": [item], "usage": usage,
    } | fields  # fmt: skip


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    stage.model("m", operations=("chat", "responses"), context=100_000, output_limit=500)
    stage.channel("a", {"m": "m-up"}, provider="openai")
    stage.stranger(OTHER)
    yield stage
    stage.journal.close(all_booked=False)


def change(stage, at=0, **fields):
    stage.channels[at] = msgspec.structs.replace(stage.channels[at], **fields)
    stage.refresh()


async def respond(stage, text: Any = "hello", *, said=None, key=KEY, headers=None, **fields):
    stage.vendor.answer(200, JSON, msgspec.json.encode(answer() if said is None else said))
    body = {"model": "m", "input": text} | fields
    return await stage.over(stage.post("/v1/responses", body, key=key, headers=headers))


def make_call(name, query=b"", *, key=KEY, body=b""):
    return Inbound(
        id="x", request_id="x", method="GET", path="/", params={"id": name}, query=query,
        headers={b"authorization": b"Bearer " + key.encode()} | JSON, body=body, peer="", received=0.0,
    )  # fmt: skip


async def ask(stage, name, response="resp_v1", query=b"", **more):
    client = StageClient()
    await getattr(StoredRoutes(stage.pipeline), name)(make_call(response, query, **more), client)
    return client.json


def refuse(stage, status, message, **fields):
    body = {"error": {"message": message, "type": "invalid_request_error", "code": None} | fields}
    stage.vendor.answer(status, JSON, msgspec.json.encode(body))


def sent(stage):
    play = stage.vendor.plays[-1]
    return play.target.method, play.target.path


# --- reading ------------------------------------------------------------------------------------


async def test_a_response_is_read_at_its_vendor_under_the_public_name(stage):
    await respond(stage)
    stage.vendor.answer(200, JSON, msgspec.json.encode(answer(metadata={"later": "yes"})))
    found = await ask(stage, "run_get", query=b"include[]=message.output_text.logprobs&key=sk-x")
    assert sent(stage) == (
        "GET",
        "/v1/responses/resp_v1?include%5B%5D=message.output_text.logprobs",
    )
    play = stage.vendor.plays[-1]
    assert play.body == b""
    assert b"content-type" not in play.target.head.lower()
    assert play.limits.total <= 60
    assert found["model"] == "m"
    assert found["metadata"] == {"later": "yes"}


async def test_what_is_gone_at_its_vendor_is_gone_here(stage):
    await respond(stage)
    refuse(stage, 404, "Response with id 'resp_v1' not found.")
    with pytest.raises(NotFoundError):
        await ask(stage, "run_get")
    assert stage.responses.kept == {}


@pytest.mark.parametrize(
    "moves",
    [
        lambda vendor: vendor.fail("connect"),
        lambda vendor: vendor.fail("total_timeout"),
        lambda vendor: vendor.answer(500, JSON, b"{}"),
        lambda vendor: vendor.answer(401, JSON, b'{"error":{"message":"no"}}'),
        lambda vendor: vendor.answer(404, {}, b"404 page not found"),
        lambda vendor: vendor.answer(404, JSON, b'{"detail":"no /v1/responses/resp_v1"}'),
        lambda vendor: vendor.answer(405, JSON, b'{"detail":"Method Not Allowed"}'),
        lambda vendor: vendor.answer(200, JSON, b"<html>"),
        lambda vendor: vendor.answer(200, JSON, b'{"id":"resp_other","output":[]}'),
        lambda vendor: vendor.answer(200, JSON, b"[" * 100_000),
    ],
)
async def test_our_copy_answers_while_its_vendor_can_not(stage, moves):
    call = await respond(stage)
    moves(stage.vendor)
    assert await ask(stage, "run_get") == call.client.json
    assert len(stage.vendor.plays) == 2
    assert stage.responses.kept


async def test_our_copy_answers_when_its_channel_was_removed_or_switched_off(stage):
    call = await respond(stage)
    change(stage, status="disabled")
    assert await ask(stage, "run_get") == call.client.json
    stage.channels.clear()
    stage.refresh()
    assert await ask(stage, "run_get") == call.client.json
    assert len(stage.vendor.plays) == 1


async def test_a_vendors_response_streams_again_from_what_the_vendor_has(stage):
    await respond(stage)
    stage.vendor.answer(200, JSON, msgspec.json.encode(answer(metadata={"later": "yes"})))
    client = StageClient()
    await StoredRoutes(stage.pipeline).run_get(make_call("resp_v1", b"stream=true"), client)
    events = read_events(client.body)
    assert events[-1]["response"]["metadata"] == {"later": "yes"}
    assert events[-1]["response"]["model"] == "m"
    assert "stream" not in sent(stage)[1]


async def test_another_tenant_gets_404_and_the_vendor_hears_nothing(stage):
    await respond(stage)
    for name in ("run_get", "run_delete", "run_items", "run_cancel"):
        with pytest.raises(NotFoundError):
            await ask(stage, name, key=OTHER)
    call = await respond(stage, previous_response_id="resp_v1", key=OTHER)
    assert (call.refusal.status, call.refusal.param) == (404, "previous_response_id")
    assert len(stage.vendor.plays) == 1


async def test_an_id_that_looks_like_a_path_stays_in_its_place(stage):
    await respond(stage, said=answer("../models?x#y z"))
    stage.vendor.answer(200, JSON, b"{}")
    await ask(stage, "run_get", "../models?x#y z")
    assert sent(stage) == ("GET", "/v1/responses/..%2Fmodels%3Fx%23y%20z")


async def test_a_caller_who_leaves_cancels_the_question(stage):
    await respond(stage)
    coro = StoredRoutes(stage.pipeline).run_get(make_call("resp_v1"), StageClient())
    stage.vendor.hold()
    coro.send(None)
    with pytest.raises(GeneratorExit):
        coro.throw(GeneratorExit())
    assert stage.vendor.plays[-1].cancelled


# --- its items ----------------------------------------------------------------------------------


async def test_input_items_are_the_vendors_page(stage):
    await respond(stage)
    page = {"object": "list", "data": [{"id": "msg_9", "type": "message"}], "has_more": False}
    stage.vendor.answer(200, JSON, msgspec.json.encode(page))
    found = await ask(stage, "run_items", query=b"limit=2&order=asc&after=msg_8&key=sk-x")
    assert found == page
    assert sent(stage) == (
        "GET",
        "/v1/responses/resp_v1/input_items?after=msg_8&limit=2&order=asc",
    )


async def test_a_vendors_refusal_of_a_page_is_the_callers(stage):
    await respond(stage)
    refuse(stage, 400, "Item 'msg_8' not found.", param="after")
    with pytest.raises(InvalidRequestError) as refused:
        await ask(stage, "run_items", query=b"after=msg_8")
    assert refused.value.param == "after"


@pytest.mark.parametrize(
    "body", [b"{}", b"<html>", b'{"object":"list"}', b'{"object":"x","data":[]}']
)
async def test_our_own_items_answer_where_the_vendors_page_is_none(stage, body):
    await respond(stage)
    stage.vendor.answer(200, JSON, body)
    found = await ask(stage, "run_items")
    assert found["data"][0]["content"] == [{"type": "input_text", "text": "hello"}]


# --- deleting, cancelling -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "moves",
    [
        lambda stage: stage.vendor.answer(200, JSON, b'{"id":"resp_v1","deleted":true}'),
        lambda stage: refuse(stage, 404, "Response with id 'resp_v1' not found."),
        lambda stage: stage.vendor.answer(404, {}, b"404 page not found"),
        lambda stage: stage.vendor.answer(501, JSON, b"{}"),
    ],
)
async def test_a_response_is_deleted_there_and_here(stage, moves):
    await respond(stage)
    moves(stage)
    found = await ask(stage, "run_delete")
    assert found == {"id": "resp_v1", "object": "response", "deleted": True}
    assert sent(stage) == ("DELETE", "/v1/responses/resp_v1")
    assert stage.responses.kept == {}


@pytest.mark.parametrize(
    ("moves", "error"),
    [
        (lambda vendor: vendor.fail("connect"), UpstreamError),
        (lambda vendor: vendor.fail("first_byte_timeout"), UpstreamTimeoutError),
        (lambda vendor: vendor.answer(500, JSON, b"{}"), UpstreamError),
        (lambda vendor: vendor.answer(403, JSON, b"{}"), UpstreamError),
        (lambda vendor: vendor.answer(429, JSON, b"{}"), RateLimitedError),
        (
            lambda vendor: vendor.answer(400, JSON, b'{"error":{"message":"no"}}'),
            InvalidRequestError,
        ),
    ],
)
async def test_nothing_is_deleted_here_that_may_still_be_there(stage, moves, error):
    await respond(stage)
    moves(stage.vendor)
    with pytest.raises(NexhinaError) as refused:
        await ask(stage, "run_delete")
    assert type(refused.value) is error
    assert "Nothing was removed" in refused.value.message
    assert stage.responses.kept
    stage.vendor.answer(200, JSON, b"{}")
    assert (await ask(stage, "run_delete"))["deleted"]


async def test_a_busy_vendor_says_how_long_to_wait(stage):
    await respond(stage)
    stage.vendor.answer(429, JSON | {b"retry-after": b"7"}, b"{}")
    with pytest.raises(RateLimitedError) as refused:
        await ask(stage, "run_delete")
    assert (b"retry-after", b"7") in refused.value.headers


async def test_what_a_removed_channel_gave_is_deleted_here(stage):
    await respond(stage)
    stage.channels.clear()
    stage.refresh()
    assert (await ask(stage, "run_delete"))["deleted"]
    assert len(stage.vendor.plays) == 1


async def test_nothing_is_deleted_while_its_channel_is_switched_off(stage):
    await respond(stage)
    change(stage, status="disabled")
    with pytest.raises(NexhinaError) as refused:
        await ask(stage, "run_delete")
    assert refused.value.status == 503
    assert stage.responses.kept


async def test_cancelling_is_the_vendors_to_refuse(stage):
    await respond(stage)
    refuse(stage, 400, "Cannot cancel a synchronous response.")
    with pytest.raises(InvalidRequestError, match="synchronous"):
        await ask(stage, "run_cancel")
    assert sent(stage) == ("POST", "/v1/responses/resp_v1/cancel")
    stage.vendor.answer(200, JSON, msgspec.json.encode(answer(status="cancelled")))
    assert (await ask(stage, "run_cancel"))["status"] == "cancelled"
    stage.vendor.answer(404, {}, b"404 page not found")
    with pytest.raises(InvalidRequestError, match="complete"):
        await ask(stage, "run_cancel")


# --- which key ----------------------------------------------------------------------------------


def keys_of(plays):
    return [play.target.headers[b"authorization"].decode() for play in plays]


async def test_the_key_that_made_a_response_reads_it_and_goes_on_from_it(stage):
    change(stage, key=Secret("sk-one\nsk-two\nsk-three"))
    await respond(stage)
    await respond(stage, said=answer("resp_v2"))
    first, second = keys_of(stage.vendor.plays)
    assert first != second
    stage.vendor.answer(200, JSON, b"{}")
    await ask(stage, "run_get", "resp_v2")
    assert keys_of(stage.vendor.plays)[2] == second
    for _ in range(3):
        call = await respond(stage, said=answer("resp_v3"), previous_response_id="resp_v2")
        assert call.client.status == 200
        assert keys_of(stage.vendor.plays)[-1] == second


async def test_a_404_to_a_key_that_did_not_make_it_proves_nothing(stage):
    change(stage, key=Secret("sk-one"))
    call = await respond(stage)
    change(stage, key=Secret("sk-two\nsk-three"))
    for _ in range(2):
        refuse(stage, 404, "Response with id 'resp_v1' not found.")
    assert await ask(stage, "run_get") == call.client.json
    assert keys_of(stage.vendor.plays)[1:] == ["Bearer sk-two", "Bearer sk-three"]


async def test_the_stored_mark_does_not_tell_the_key(stage):
    await respond(stage)
    (kept,) = stage.responses.kept.values()
    assert kept.key_mark
    assert "secret" not in kept.key_mark and len(kept.key_mark) == 16


# --- going on -----------------------------------------------------------------------------------


async def test_a_vendors_id_goes_on_at_its_channel_only_and_as_it_is(stage):
    await respond(stage)
    stage.channel("b", {"m": "m-up"}, provider="openai", priority=9)
    stage.channel("c", {"m": "m-up"}, priority=99)
    call = await respond(stage, said=answer("resp_v2"), previous_response_id="resp_v1")
    assert call.client.status == 200
    play = stage.vendor.plays[-1]
    assert play.target.origin.host == "a.test"
    body = msgspec.json.decode(play.body)
    assert (body["previous_response_id"], body["input"]) == ("resp_v1", "hello")


async def hold_of(stage, **fields):
    await respond(stage, "y", said=answer("resp_v2"), **fields)
    return stage.rows()[-1].hold_nano


async def test_the_hold_of_a_vendors_chain_covers_the_turns_that_it_reads_again(stage):
    stage.price("m", "input", 1.0)
    usage = {"input_tokens": 40_000, "output_tokens": 2_000, "total_tokens": 42_000}
    await respond(stage, "x" * 5_000, said=answer(usage=usage))
    alone = await hold_of(stage)
    assert await hold_of(stage, previous_response_id="resp_v1") >= alone + 42_000 * 1_000


async def test_the_hold_counts_bytes_where_the_vendor_did_not_count_or_for_another_model(stage):
    stage.price("m", "input", 1.0)
    await respond(stage, "x" * 5_000, said=answer(usage=None))
    alone = await hold_of(stage)
    assert await hold_of(stage, previous_response_id="resp_v1") >= alone + 5_000 * 1_000
    stage.model("n", operations=("chat",))
    change(stage, models={"m": "m-up", "n": "n-up"})
    await respond(stage, "x" * 5_000)
    stage.price("n", "input", 1.0)
    alone = await hold_of(stage, model="n")
    found = await hold_of(stage, model="n", previous_response_id="resp_v1")
    assert found >= alone + 5_000 * 1_000


async def test_a_vendors_id_at_a_model_that_its_channel_does_not_serve_is_refused(stage):
    await respond(stage)
    stage.model("n", operations=("chat",))
    stage.channel("b", {"n": "n"})
    call = await respond(stage, model="n", previous_response_id="resp_v1")
    assert (call.refusal.status, call.refusal.param) == (400, "previous_response_id")
    assert "Use the model m" in call.refusal.message
    assert len(stage.vendor.plays) == 1


async def test_a_vendors_id_waits_while_its_channel_is_switched_off(stage):
    await respond(stage)
    stage.channel("b", {"m": "m-up"}, provider="openai")
    change(stage, status="disabled")
    call = await respond(stage, previous_response_id="resp_v1")
    assert call.refusal.status == 503
    assert "switched off" in call.refusal.message


async def test_a_pin_to_another_channel_than_the_one_that_knows_the_id_is_refused(stage):
    await respond(stage)
    stage.channel("b", {"m": "m-up"}, provider="openai")
    call = await respond(stage, previous_response_id="resp_v1", headers={b"x-channel": b"b"})
    assert call.refusal.status == 400
    assert "X-Channel" in call.refusal.message


async def test_an_answer_that_says_it_is_not_stored_is_ours_to_keep(stage):
    await respond(stage, "first", said=answer(store=False))
    await respond(stage, "second", said=answer("resp_v2"), previous_response_id="resp_v1")
    body = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert "previous_response_id" not in body
    assert len(body["input"]) == 3
    first, second = stage.responses.kept.values()
    assert (first.native, second.native) == (False, True)


async def test_a_vendor_that_keeps_nothing_gets_the_whole_conversation(stage):
    change(stage, provider="openai_responses")
    first = await respond(stage, "first")
    stage.channel("chat", {"m": "m-chat"}, priority=-1)
    call = await respond(stage, "second", said=answer("resp_v2"), previous_response_id="resp_v1")
    assert call.client.status == 200
    body = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert "previous_response_id" not in body
    texts = [item["content"] for item in body["input"]]
    assert texts[0][0]["text"] == "first" and texts[1][0]["text"] == "Hi there"
    assert texts[2] == "second"
    # Its conversations may go on elsewhere.
    change(stage, status="disabled")
    stage.vendor.answer(200, JSON, CHAT)
    body = {"model": "m", "input": "x", "previous_response_id": "resp_v2"}
    call = await stage.over(stage.post("/v1/responses", body))
    assert call.client.status == 200
    assert len(msgspec.json.decode(stage.vendor.plays[-1].body)["messages"]) == 5
    change(stage, status="enabled")
    count = len(stage.vendor.plays)
    assert await ask(stage, "run_get") == first.client.json
    assert (await ask(stage, "run_delete"))["deleted"]
    assert len(stage.vendor.plays) == count


CHAT = (
    b'{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"Hi there","reasoning_content":"Hm","tool_calls":[{"id":"call_1",'
    b'"type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14}}'
)


async def test_a_chain_that_began_over_chat_goes_on_at_a_vendor_with_its_items(stage):
    change(stage, status="disabled")
    stage.channel("chat", {"m": "m-chat"})
    stage.vendor.answer(200, JSON, CHAT)
    tools = [{"type": "function", "name": "f", "parameters": {"type": "object"}}]
    body = {"model": "m", "input": "first", "tools": tools}
    first = await stage.over(stage.post("/v1/responses", body))
    ours = first.client.json["id"]
    change(stage, at=1, status="disabled")
    change(stage, status="enabled")
    output = {"type": "function_call_output", "call_id": "call_1", "output": "3"}
    call = await respond(stage, [output], previous_response_id=ours)
    assert call.client.status == 200
    assert call.client.headers[b"x-nexhina-lane"] == b"splice"
    body = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert body["model"] == "m-up"
    assert "previous_response_id" not in body
    assert body["input"] == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "first"}]},
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "Hi there", "annotations": [], "logprobs": []}
            ],
        },
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        output,
    ]
    # From here on the vendor has it all, and is asked under its own id.
    await respond(stage, "third", said=answer("resp_v2"), previous_response_id="resp_v1")
    body = msgspec.json.decode(stage.vendor.plays[-1].body)
    assert (body["previous_response_id"], body["input"]) == ("resp_v1", "third")


async def test_tokens_before_a_vendors_turn_are_those_that_it_counted(stage):
    await respond(stage)
    body = {"model": "m", "input": "y" * 40, "previous_response_id": "resp_v1"}
    found = await ask(stage, "run_count", "", body=msgspec.json.encode(body))
    assert found["input_tokens"] == 14 + 10


async def test_a_vendors_stream_that_breaks_off_ends_with_the_number_that_comes_next(stage):
    events = b"".join(
        b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode({"type": kind} | more))
        for kind, more in (
            ("response.created", {"sequence_number": 0, "response": answer(output=[])}),
            ("response.output_text.delta", {"sequence_number": 1, "delta": "Hi"}),
            ("response.output_text.delta", {"sequence_number": 5, "delta": " you"}),
        )
    )
    stage.vendor.stream(events, headers=SSE, cut=True)
    call = await stage.over(
        stage.post("/v1/responses", {"model": "m", "input": "x", "stream": True})
    )
    assert [each["sequence_number"] for each in read_events(call.client.body)] == [0, 1, 5, 6]


# --- compaction ---------------------------------------------------------------------------------

COMPACTED = {
    "id": "resp_c",
    "object": "response.compaction",
    "created_at": 1,
    "output": [{"id": "cmp_1", "type": "compaction", "encrypted_content": "gAAA"}],
    "usage": {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14},
}


async def compact(stage, said, **fields):
    stage.vendor.answer(200, JSON, said if isinstance(said, bytes) else msgspec.json.encode(said))
    body = {"model": "m"} | fields
    return await stage.over(stage.post("/v1/responses/compact", body))


async def test_a_vendor_of_responses_compacts_itself_and_is_paid_for_it(stage):
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 10.0)
    call = await compact(stage, COMPACTED, input="hello")
    assert call.client.json == COMPACTED
    assert sent(stage) == ("POST", "/v1/responses/compact")
    assert msgspec.json.decode(stage.vendor.plays[-1].body) == {"model": "m-up", "input": "hello"}
    assert stage.rows()[-1].charge_nano == 10 * 1_000 + 4 * 10_000
    assert stage.responses.kept == {}


async def test_a_vendor_of_responses_without_the_route_is_asked_for_a_summary(stage):
    change(stage, provider="openai_responses")
    call = await compact(stage, answer(text="She is Ada."), input="hello")
    assert sent(stage) == ("POST", "/v1/responses")
    assert call.client.json["output"][0]["type"] == "compaction"
    assert call.client.json["usage"]["total_tokens"] == 14
    assert stage.responses.kept == {}


async def test_a_vendors_chain_is_compacted_at_its_channel(stage):
    await respond(stage)
    stage.channel("b", {"m": "m-up"}, provider="openai", priority=9)
    await compact(stage, COMPACTED, previous_response_id="resp_v1")
    play = stage.vendor.plays[-1]
    assert play.target.origin.host == "a.test"
    assert msgspec.json.decode(play.body)["previous_response_id"] == "resp_v1"


async def test_a_vendor_of_chat_is_asked_for_a_summary_and_is_paid_for_it(stage):
    change(stage, status="disabled")
    stage.channel("chat", {"m": "m-chat"})
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 10.0)
    stage.vendor.answer(200, JSON, CHAT)
    first = await stage.over(stage.post("/v1/responses", {"model": "m", "input": "first"}))
    call = await compact(stage, CHAT, previous_response_id=first.client.json["id"])
    assert sent(stage) == ("POST", "/v1/chat/completions")
    [item] = call.client.json["output"]
    assert item["type"] == "compaction"
    assert stage.rows()[-1].charge_nano == 10 * 1_000 + 4 * 10_000
    assert len(stage.responses.kept) == 1
    # It stands for the conversation in the next request.
    stage.vendor.answer(200, JSON, CHAT)
    body = {"model": "m", "input": [item, {"role": "user", "content": "And now?"}]}
    await stage.over(stage.post("/v1/responses", body))
    said = msgspec.json.decode(stage.vendor.plays[-1].body)["messages"]
    assert said[0]["content"].endswith("Hi there")


async def test_a_channel_that_does_not_compact_is_followed_by_the_next(stage):
    stage.channel("b", {"m": "m-chat"}, priority=-1)
    refuse(stage, 404, "no such route")
    call = await compact(stage, CHAT, input="hello")
    assert call.client.status == 200
    assert [play.target.path for play in stage.vendor.plays] == [
        "/v1/responses/compact",
        "/v1/chat/completions",
    ]
