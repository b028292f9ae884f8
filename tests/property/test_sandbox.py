"""For any request, the sandbox's streamed and whole answers agree and keep their limits."""

import asyncio

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from nexhina.sandbox.chat import ChatHead, answer_chat
from nexhina.sandbox.faults import read_faults, spoil
from nexhina.sandbox.reply import SandboxReply, whole
from nexhina.sandbox.request import ChatCall, Message, StreamOptions
from nexhina.sandbox.tokenizer import count_tokens, split_tokens
from nexhina.sandbox.turns import Turns
from support.sandbox import join_choices, read_body, read_events

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
HEAD = ChatHead(id="chatcmpl-1", created=1, model="sandbox-chat")
STOPS = st.lists(st.sampled_from([".", " the ", "。", "\n\n", "sandbox", "的", "**"]), max_size=4)


def answer(call: ChatCall) -> SandboxReply:
    return answer_chat(call, HEAD, seed=0, usage=True)


@st.composite
def calls(draw: st.DrawFn) -> ChatCall:
    return ChatCall(
        model="sandbox-chat",
        messages=[Message(role="user", content=draw(TEXT))],
        max_tokens=draw(st.none() | st.integers(1, 60)),
        stop=draw(st.none() | STOPS),
        n=draw(st.integers(1, 3)),
        seed=draw(st.none() | st.integers(-(2**63), 2**63)),
    )


@given(calls())
def test_streamed_and_whole_answers_agree(call: ChatCall):
    body = msgspec.json.decode(read_body(answer(call)))
    streamed = msgspec.structs.replace(
        call, stream=True, stream_options=StreamOptions(include_usage=True)
    )
    events = read_events(read_body(answer(streamed)))
    texts = {choice["index"]: choice["message"]["content"] for choice in body["choices"]}
    assert join_choices(events) == texts
    assert events[-1]["usage"] == body["usage"]
    reasons = {
        choice["index"]: choice["finish_reason"]
        for event in events
        for choice in event["choices"]
        if choice["finish_reason"]
    }
    assert reasons == {choice["index"]: choice["finish_reason"] for choice in body["choices"]}


@given(calls())
def test_limits_and_stops_are_kept_and_tokens_are_what_was_sent(call: ChatCall):
    body = msgspec.json.decode(read_body(answer(call)))
    total = 0
    for choice in body["choices"]:
        text = choice["message"]["content"]
        tokens = count_tokens(text)
        total += tokens
        assert all(stop not in text for stop in call.stops())
        if choice["finish_reason"] == "length":
            assert tokens == call.max_tokens
        elif call.max_tokens is not None:
            assert tokens <= call.max_tokens
    assert body["usage"]["completion_tokens"] == total
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + total


@given(st.text(max_size=300), st.integers(0, 80))
def test_tokens_joined_are_the_text_and_a_beginning_of_them_splits_alike(text: str, count: int):
    tokens = split_tokens(text)
    assert "".join(tokens) == text
    assert split_tokens("".join(tokens[:count])) == tokens[:count]


@given(st.binary(min_size=1, max_size=200), st.integers(1, 50), st.none() | st.integers(0, 30))
def test_splitting_changes_no_byte_and_cutting_only_shortens(
    body: bytes, size: int, cut: int | None
):
    controls = f"chunk_bytes={size}" + ("" if cut is None else f";cut_after={cut}")
    reply = spoil(whole(body), read_faults(controls, ""))
    got = read_body(reply)
    assert got == (body if cut is None else body[: size * cut])
    assert reply.cut == (got != body)


@given(st.lists(st.integers(0, 3), max_size=30))
def test_turns_are_taken_in_order_and_all_are_taken(nested: list[int]):
    async def main() -> list[int]:
        turns = Turns(budget_s=0.0)  # one step per turn of the loop
        taken: list[int] = []

        def step(number: int, more: int) -> None:
            taken.append(number)
            for _ in range(more):
                turns.add(lambda: taken.append(-1))

        for number, more in enumerate(nested):
            turns.add(lambda number=number, more=more: step(number, more))
        assert not taken
        while len(taken) < len(nested) + sum(nested):  # noqa: ASYNC110  (each sleep is one turn of the loop)
            await asyncio.sleep(0)
        return taken

    taken = asyncio.run(main())
    assert [number for number in taken if number >= 0] == list(range(len(nested)))
