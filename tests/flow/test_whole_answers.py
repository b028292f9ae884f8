"""Client sends … vendor gets … vendor answers … client gets … the row says: answers in one piece."""

import msgspec
import pytest

from nexhina.billing.calculation import recompute
from nexhina.ports import Limits
from support.stage import JSON, Stage

ANSWER = (
    b'{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"Hi there"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":4,"total_tokens":14}}'
)


@pytest.fixture(params=[True, False], ids=["steady", "coroutine"])
async def stage(tmp_path, request):
    stage = Stage(tmp_path / "journal", steady=request.param)
    stage.model("m", context=1000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 2.0)
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


async def test_the_bytes_pass_unchanged_both_ways_and_the_usage_is_charged(stage):
    stage.channel("a", {"m": "m"})
    stage.vendor.answer(200, JSON, ANSWER)
    body = (
        b'{"model":"m", "messages":[{"role":"user","content":"\\u00e9 1.10"}],"temperature":1.10}'
    )
    call = await stage.over(stage.post("/v1/chat/completions", body))
    assert stage.vendor.plays[0].body == body
    assert call.client.status == 200
    assert call.client.body == ANSWER
    headers = call.client.headers
    assert headers[b"x-nexhina-lane"] == b"verbatim"
    assert headers[b"x-nexhina-channel"] == b"a"
    assert headers[b"x-nexhina-attempts"] == b"1"
    assert headers[b"x-nexhina-cost"] == b"0.000018"
    (row,) = stage.rows()
    assert (row.status, row.charge_nano, row.estimated) == (200, 18_000, False)
    assert recompute(row.lines) == row.charge_nano
    assert row.hold_nano >= row.charge_nano
    (wallet,) = stage.purse.find(["wallet/1"])
    assert wallet.balance == -18_000


async def test_a_renamed_model_goes_out_under_the_vendors_name_and_comes_back_under_ours(stage):
    stage.channel("a", {"m": "vendor-7b"})
    stage.vendor.answer(200, JSON, ANSWER.replace(b'"model":"m"', b'"model":"vendor-7b"'))
    call = await stage.over(stage.chat("x"))
    assert msgspec.json.decode(stage.vendor.plays[0].body)["model"] == "vendor-7b"
    assert call.client.json["model"] == "m"
    assert call.client.headers[b"x-nexhina-lane"] == b"splice"


async def test_a_caller_without_channel_see_reads_only_the_public_name(stage):
    stage.token("sk-plain", id=8, permissions=())
    stage.channel("secret-account", {"m": "m"})
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(stage.chat(key="sk-plain"))
    assert call.client.headers[b"x-nexhina-channel"] == b"openai_compatible"


async def test_a_dead_channel_is_passed_over_and_the_attempt_shows(stage):
    stage.channel("a", {"m": "m"}, priority=5)
    stage.channel("b", {"m": "m"})
    stage.vendor.fail("connect")
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(stage.chat())
    assert call.client.status == 200
    assert [play.target.origin.host for play in stage.vendor.plays] == ["a.test", "b.test"]
    assert call.client.headers[b"x-nexhina-attempts"] == b"2"
    (row,) = stage.rows()
    assert row.trace[0].startswith("a: connect")


@pytest.mark.parametrize("status", [301, 401, 402, 403, 404, 408, 429, 500, 502, 503, 529])
async def test_a_status_that_is_ours_moves_on_to_the_next_channel(stage, status):
    stage.channel("a", {"m": "m"}, priority=5)
    stage.channel("b", {"m": "m"})
    stage.vendor.answer(status, JSON, b'{"error":{"message":"no"}}')
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(stage.chat())
    assert call.client.status == 200


@pytest.mark.parametrize(("status", "seen"), [(400, 400), (413, 413), (422, 400)])
async def test_a_refusal_of_this_very_request_is_the_callers_and_nobody_else_is_tried(
    stage, status, seen
):
    stage.channel("a", {"m": "m"}, priority=5)
    stage.channel("b", {"m": "m"})
    refusal = b'{"error":{"message":"max_tokens is too large: 9","type":"invalid_request_error","param":"max_tokens","code":"bad"}}'
    stage.vendor.answer(status, JSON, refusal)
    call = await stage.over(stage.chat())
    assert call.refusal.status == seen
    assert call.refusal.param == "max_tokens"
    assert "too large" in call.refusal.message
    assert len(stage.vendor.plays) == 1
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (seen, 0)


async def test_a_vendors_401_never_shows_its_text(stage):
    stage.channel("a", {"m": "m"})
    stage.vendor.answer(
        401, JSON, b'{"error":{"message":"Incorrect API key provided: sk-vendor-secret"}}'
    )
    call = await stage.over(stage.chat())
    assert call.refusal.status == 502
    assert "secret" not in call.refusal.message


async def test_an_account_without_credit_is_ours_even_as_429(stage):
    stage.channel("a", {"m": "m"})
    stage.vendor.answer(429, JSON, b'{"error":{"message":"no credit","code":"insufficient_quota"}}')
    call = await stage.over(stage.chat())
    assert call.refusal.status == 502


async def test_all_busy_is_429_and_the_channel_rests_as_long_as_it_asked(stage):
    stage.channel("a", {"m": "m"})
    stage.vendor.answer(429, JSON | {b"retry-after": b"20"}, b'{"error":{"message":"slow down"}}')
    call = await stage.over(stage.chat())
    assert call.refusal.status == 429
    assert (b"retry-after", b"20") in call.refusal.headers
    stage.clock.advance(5)
    again = await stage.over(stage.chat())
    assert again.refusal.status == 429
    assert (b"retry-after", b"15") in again.refusal.headers
    assert len(stage.vendor.plays) == 1
    stage.clock.advance(16)
    stage.vendor.answer(200, JSON, ANSWER)
    assert (await stage.over(stage.chat())).client.status == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({b"content-type": b"text/html"}, b"<html>Welcome to the hotel wifi</html>"),
        (JSON, b"not json"),
        (JSON, b""),
        (JSON, b'["a"]'),
    ],
)
async def test_a_200_that_is_not_an_answer_is_a_failed_attempt(stage, headers, body):
    stage.channel("a", {"m": "m"}, priority=5)
    stage.channel("b", {"m": "m"})
    stage.vendor.answer(200, headers, body)
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(stage.chat())
    assert call.client.body == ANSWER


async def test_an_answer_without_usage_is_estimated_and_never_above_the_hold(stage):
    stage.channel("a", {"m": "m"})
    stage.vendor.answer(200, JSON, ANSWER[: ANSWER.index(b',"usage"')] + b"}")
    await stage.over(stage.chat("12345678"))
    (row,) = stage.rows()
    assert row.estimated
    by_kind = {line.kind: line.quantity for line in row.lines}
    assert by_kind["output"] == 2  # ⌈"Hi there" = 8 bytes ÷ 4⌉
    assert 2 <= by_kind["input"] <= 40
    assert 0 < row.charge_nano <= row.hold_nano


async def test_a_caller_who_leaves_before_the_answer_cancels_the_vendor_and_pays_nothing(stage):
    stage.channel("a", {"m": "m"})
    stage.vendor.hold()
    call = stage.chat()
    call.leave()
    await stage.over(call)
    assert stage.vendor.plays[0].cancelled
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (499, 0)


async def test_no_more_channels_are_tried_than_allowed_and_time_outs_end_in_504(stage):
    for name in "abcdef":
        stage.channel(name, {"m": "m"})
        stage.vendor.fail("first_byte_timeout")
    call = await stage.over(stage.chat())
    assert call.refusal.status == 504
    assert len(stage.vendor.plays) == 4


async def test_the_total_limit_ends_the_search(tmp_path):
    stage = Stage(tmp_path / "j", limits=Limits(total=30.0))
    stage.model("m")
    for name in "ab":
        stage.channel(name, {"m": "m"})
    stage.vendor.hold()
    call = stage.chat()
    stage.clock.advance(31)
    stage.vendor.plays[0].fail("total_timeout")
    await stage.over(call)
    assert call.refusal.status == 504
    assert len(stage.vendor.plays) == 1
    stage.journal.close(all_booked=False)


async def test_wrong_pins_read_alike_and_a_right_one_is_never_left(stage):
    stage.channel("a", {"m": "m"}, priority=5)
    stage.channel("b", {"m": "m"})
    stage.token("sk-plain", id=8, permissions=())
    unknown = await stage.over(stage.chat(headers={b"x-channel": b"zzz"}))
    forbidden = await stage.over(stage.chat(key="sk-plain", headers={b"x-channel": b"b"}))
    assert unknown.refusal.status == forbidden.refusal.status == 403
    assert unknown.refusal.message.replace("zzz", "b") == forbidden.refusal.message
    stage.vendor.fail("connect")
    pinned = await stage.over(stage.chat(headers={b"x-channel": b"b"}))
    assert pinned.refusal.status == 502
    assert [play.target.origin.host for play in stage.vendor.plays] == ["b.test"]


async def test_another_tenants_id_is_refused_with_one_text(stage):
    stage.channel("a", {"m": "m"})
    for name in (b"owner", b"1", b""):
        stage.vendor.answer(200, JSON, ANSWER)
        assert (await stage.over(stage.chat(headers={b"x-tenant-id": name}))).client.status == 200
    call = await stage.over(stage.chat(headers={b"x-tenant-id": b"acme"}))
    assert call.refusal.status == 403


async def test_a_model_that_does_not_exist_is_404_with_the_nearest_that_the_key_may_use(stage):
    stage.channel("a", {"m-large": "x", "m-small": "x", "m-larger-secret": "x"})
    stage.token("sk-few", id=8, models=("m-large", "m-small"))
    call = await stage.over(stage.chat(key="sk-few", model="m-largo"))
    assert call.refusal.status == 404
    assert "m-large" in call.refusal.message
    assert "secret" not in call.refusal.message
    forbidden = await stage.over(stage.chat(key="sk-few", model="m-larger-secret"))
    assert forbidden.refusal.status == 403


async def test_a_model_whose_channels_are_switched_off_is_503_and_never_the_sandbox(stage):
    stage.channel("real", {"m": "m"}, status="disabled")
    stage.channel("sandbox", {"m": "sandbox-chat"}, provider="sandbox", base_url=None)
    call = await stage.over(stage.chat())
    assert (call.refusal.status, call.refusal.code) == (503, "no_available_channel")
    assert stage.vendor.plays == []


async def test_a_real_channel_that_is_down_is_not_replaced_by_the_sandbox(stage):
    stage.channel("real", {"m": "m"})
    stage.channel("sandbox", {"m": "sandbox-chat"}, provider="sandbox", base_url=None)
    stage.vendor.fail("connect")
    call = await stage.over(stage.chat())
    assert call.refusal.status == 502
    assert len(stage.vendor.plays) == 1


async def test_keys_that_open_nothing_are_401_as_documented(stage):
    stage.channel("a", {"m": "m"})
    stage.token("sk-revoked", id=8, status="revoked")
    stage.token("sk-old", id=9, expires_at=5.0)
    for key in ("sk-nobody", "sk-revoked", "sk-old", " sk-stage"):
        call = await stage.over(stage.chat(key=key))
        assert (call.refusal.status, call.refusal.message) == (401, "Incorrect API key provided")
    assert stage.rows() == []


async def test_a_key_that_memory_does_not_know_yet_is_loaded(stage):
    stage.channel("a", {"m": "m"})
    stage.token("sk-slow", id=8, slow=True)
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(stage.chat(key="sk-slow"))
    assert call.client.status == 200


async def test_a_budget_is_kept_and_its_402_names_what_would_fit(stage):
    stage.channel("a", {"m": "m"})
    stage.token("sk-budget", id=8, budget=100_000)  # 0.0001 USD = 50 output tokens
    call = await stage.over(stage.chat("x", key="sk-budget", max_tokens=400))
    assert call.refusal.status == 402
    assert "max_tokens" in call.refusal.message
    assert stage.vendor.plays == []
    stage.vendor.answer(200, JSON, ANSWER)
    call = await stage.over(stage.chat("x", key="sk-budget", max_tokens=5))
    assert call.client.status == 200
    wallet, budget = stage.purse.find(["wallet/1", "budget/8/0"])
    assert (wallet.balance, budget.balance) == (-18_000, 82_000)


async def test_a_model_without_price_is_free_but_not_for_a_key_with_a_budget(stage):
    stage.model("free")
    stage.channel("a", {"free": "free"})
    stage.token("sk-budget", id=8, budget=100_000)
    stage.vendor.answer(200, JSON, ANSWER)
    assert (await stage.over(stage.chat(model="free"))).client.status == 200
    (row,) = stage.rows()
    assert (row.unpriced, row.charge_nano) == (True, 0)
    call = await stage.over(stage.chat(model="free", key="sk-budget"))
    assert call.refusal.status == 402
    assert "price" in call.refusal.message


async def test_the_price_of_the_channel_that_served_is_charged_and_the_dearest_held(stage):
    stage.channel("cheap", {"m": "m"}, priority=5)
    stage.channel("dear", {"m": "m"})
    stage.price("m", "output", 100.0, channel_id=2)
    stage.vendor.answer(200, JSON, ANSWER)
    await stage.over(stage.chat(max_tokens=10))
    (row,) = stage.rows()
    assert row.charge_nano == 18_000
    assert row.hold_nano >= 10 * 100_000


async def test_a_journal_that_cannot_be_written_charges_nothing_and_says_500(stage, monkeypatch):
    stage.channel("a", {"m": "m"})
    stage.vendor.answer(200, JSON, ANSWER)
    monkeypatch.setattr("os.write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    call = await stage.over(stage.chat())
    assert call.refusal.status == 500
    assert stage.purse.find(["wallet/1"])[0].balance == 0
    assert not call.client.started


async def test_an_idempotency_key_answers_again_and_charges_once(stage):
    stage.model("draw", operations=("images",))
    stage.channel("a", {"draw": "draw"})
    stage.price("draw", "image", 1.0, per=1)
    picture = b'{"created":1,"data":[{"b64_json":"iVBORw0KGgo="}]}'
    stage.vendor.answer(200, JSON, picture)
    body = {"model": "draw", "prompt": "a boat", "response_format": "b64_json"}
    headers = {b"idempotency-key": b"k1"}
    first = await stage.over(stage.post("/v1/images/generations", body, headers=headers))
    again = await stage.over(stage.post("/v1/images/generations", body, headers=headers))
    assert first.client.body == again.client.body
    assert again.client.headers[b"idempotency-replayed"] == b"true"
    assert len(stage.vendor.plays) == 1
    assert [row.charge_nano > 0 for row in stage.rows()] == [True, False]


async def test_pictures_become_links_when_the_caller_wants_links(stage):
    stage.model("draw", operations=("images",), image_reply="url", image_sizes=("64x64",))
    stage.channel("a", {"draw": "draw"})
    stage.vendor.answer(
        200, JSON, b'{"created":1,"data":[{"b64_json":"iVBORw0KGgo="}],"usage":{"total_tokens":3}}'
    )
    call = await stage.over(stage.post("/v1/images/generations", {"model": "draw", "prompt": "a"}))
    assert call.client.json["data"] == [{"url": "http://gw.test/media/0.png?exp=1&sig=s"}]
    assert call.client.json["usage"] == {
        "total_tokens": 3,
        "input_tokens": 0,
        "output_tokens": 3,
        "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
    }
    assert stage.blobs.kept == {"0.png": b"\x89PNG\r\n\x1a\n"}
    refused = await stage.over(
        stage.post("/v1/images/generations", {"model": "draw", "prompt": "a", "size": "65x65"})
    )
    assert refused.refusal.status == 400
    assert "64x64" in refused.refusal.message
    assert len(stage.vendor.plays) == 1


async def test_a_missing_ability_of_the_sandbox_is_the_callers_501_with_its_cure(stage):
    stage.model("draw", operations=("images",))
    stage.channel("sandbox", {"draw": "sandbox-image"}, provider="sandbox", base_url=None)
    text = (
        b'{"error":{"message":"install it: pip install nexhina[sandbox]","code":"not_implemented"}}'
    )
    stage.vendor.answer(501, JSON, text)
    call = await stage.over(stage.post("/v1/images/generations", {"model": "draw", "prompt": "a"}))
    assert (call.refusal.status, call.refusal.code) == (501, "not_implemented")
    assert "pip install" in call.refusal.message


async def test_a_sandbox_that_plays_busy_rests_for_nobody(stage):
    stage.model("s")
    stage.channel("sandbox", {"s": "sandbox-chat"}, provider="sandbox", base_url=None)
    stage.vendor.answer(429, JSON | {b"retry-after": b"30"}, b'{"error":{"message":"busy"}}')
    call = await stage.over(stage.chat(model="s"))
    assert (b"retry-after", b"30") in call.refusal.headers
    stage.vendor.answer(200, JSON, ANSWER)
    assert (await stage.over(stage.chat(model="s"))).client.status == 200


async def test_controls_behind_a_model_name_reach_the_sandbox_and_the_answer_has_the_plain_name(
    stage,
):
    stage.model("s")
    stage.channel("sandbox", {"s": "sandbox-chat"}, provider="sandbox", base_url=None)
    stage.vendor.answer(
        200, JSON, ANSWER.replace(b'"model":"m"', b'"model":"sandbox-chat;latency_ms=5"')
    )
    call = await stage.over(stage.chat(model="s;latency_ms=5"))
    assert msgspec.json.decode(stage.vendor.plays[0].body)["model"] == "sandbox-chat;latency_ms=5"
    assert call.client.json["model"] == "s"
    refused = await stage.over(stage.chat(model="nothing;latency_ms=5"))
    assert refused.refusal.status == 404


async def test_links_follow_the_scheme_and_host_that_a_trusted_proxy_names(stage):
    stage.model("draw", operations=("images",), image_reply="url")
    stage.channel("a", {"draw": "draw"})
    stage.vendor.answer(200, JSON, b'{"created":1,"data":[{"b64_json":"iVBORw0KGgo="}]}')
    call = await stage.over(
        stage.post(
            "/v1/images/generations",
            {"model": "draw", "prompt": "a"},
            headers={b"x-forwarded-proto": b"https", b"host": b"ai.example"},
        )
    )
    assert call.client.json["data"][0]["url"].startswith("https://ai.example/media/")


async def test_books_that_cannot_keep_up_take_no_more_calls(stage):
    stage.channel("a", {"m": "m"})
    stage.overloaded = True
    call = await stage.over(stage.chat())
    assert (call.refusal.status, call.refusal.code) == (503, "overloaded")
    assert stage.vendor.plays == []
