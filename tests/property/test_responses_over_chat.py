"""Responses over chat: the stream and the whole answer agree, however the bytes are cut."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from nexhina.dialects.responses_over_chat import ResponsesOverChat
from nexhina.dialects.responses_replay import write_replay
from support.responses import make_call, read_events, run_stream, write_chunks, write_completion

BRIDGE = ResponsesOverChat()
EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
TEXTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5), max_size=3
)
FINISHES = st.sampled_from(["stop", "length", "tool_calls", "content_filter", "error"])
NAMES = st.sampled_from(["f", "ns__f", "exec", "stranger"])
CALLS = st.lists(st.tuples(NAMES, TEXTS), max_size=3)
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "name": "f", "parameters": {}},
    {"type": "custom", "name": "exec"},
    {"type": "namespace", "name": "ns", "description": "", "tools": [{"type": "function", "name": "f"}]},
]  # fmt: skip

CITED = st.builds(
    lambda start, title: {
        "type": "url_citation",
        "url_citation": {"start_index": start, "end_index": start + 1, "title": title, "url": "u"},
    },
    st.integers(0, 9),
    st.text("ab", max_size=2),
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Deltas, and the message that they add up to."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    message: dict[str, Any] = {"content": None}
    for key in ("reasoning_content", "content", "refusal"):
        texts = draw(TEXTS)
        deltas += [{key: text} for text in texts]
        if texts:
            message[key] = "".join(texts)
        if texts and key == "content":
            message["annotations"] = draw(st.lists(CITED, max_size=2))
            deltas += [{"annotations": [each]} for each in message["annotations"]]
    calls: list[dict[str, Any]] = []
    for index, (name, pieces) in enumerate(draw(CALLS)):
        head = {"id": f"call_{index}", "type": "function"}
        function = {"name": name, "arguments": ""}
        deltas.append({"tool_calls": [{"index": index, **head, "function": function}]})
        deltas += [{"tool_calls": [{"index": index, "function": {"arguments": p}}]} for p in pieces]
        calls.append({**head, "function": {"name": name, "arguments": "".join(pieces)}})
    if calls:
        message["tool_calls"] = calls
    return deltas, message


@settings(max_examples=60, deadline=None)
@given(answers(), FINISHES, st.data(), st.booleans())
def test_stream_and_whole_answer_agree_at_any_cut(
    answer: tuple[list[dict[str, Any]], dict[str, Any]],
    finish: str,
    data: st.DataObject,
    summarizes: bool,
) -> None:
    deltas, message = answer
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    reasoning = {"summary": "auto"} if summarizes else {"effort": "low"}
    peek = BRIDGE.peek(make_call(input="x", tools=TOOLS, reasoning=reasoning, stream=True))
    raw = write_chunks(deltas, finish, usage)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    watch = BRIDGE.watch(peek, "up", "m")
    written = run_stream(watch, pieces)
    whole = BRIDGE.write_answer(peek, write_completion(message, finish, usage), "up", "m")

    assert written == run_stream(BRIDGE.watch(peek, "up", "m"), [raw])
    assert watch.answer == whole
    Response.model_validate_json(whole, strict=True)
    events = read_events(written)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    for event in events:
        EVENT.validate_json(msgspec.json.encode(event), strict=True)
    output = msgspec.json.decode(whole)["output"]
    assert _replay(events) == output
    parts = [part for item in output for part in item.get("content", [])]
    notes = [note for part in parts for note in part.get("annotations", [])]
    assert len(notes) == len(message.get("annotations", []))


def _replay(events: list[dict[str, Any]]) -> list[Any]:
    """The output that a client collects: each finished item, whose text is that of its deltas."""
    deltas: dict[int, str] = {}
    done: dict[int, Any] = {}
    cited: dict[int, list[Any]] = {}
    for event in events:
        if event["type"].endswith(".delta"):
            at = event["output_index"]
            deltas[at] = deltas.get(at, "") + event["delta"]
        elif event["type"] == "response.output_text.annotation.added":
            cited.setdefault(event["output_index"], []).append(event["annotation"])
        elif event["type"] == "response.output_item.done":
            item = done[event["output_index"]] = event["item"]
            parts = [*item.get("content", []), *item.get("summary", [])]
            texts = "".join(part.get("text", part.get("refusal", "")) for part in parts)
            notes = [note for part in parts for note in part.get("annotations", [])]
            assert notes == cited.get(event["output_index"], [])
            said = item.get("arguments", item.get("input", texts))
            assert said == deltas.get(event["output_index"], "")
    return [done[at] for at in sorted(done)]


@settings(max_examples=30)
@given(answers(), st.sampled_from([b"\r\n", b"\r"]), st.integers(1, 50))
def test_line_ends_of_other_kinds_change_nothing(
    answer: tuple[list[dict[str, Any]], dict[str, Any]], end: bytes, step: int
) -> None:
    peek = BRIDGE.peek(make_call(input="x", tools=TOOLS, stream=True))
    raw = write_chunks(answer[0], "stop")
    other = raw.replace(b"\n", end)
    pieces = [other[at : at + step] for at in range(0, len(other), step)]
    assert run_stream(BRIDGE.watch(peek, "up", "m"), pieces) == run_stream(
        BRIDGE.watch(peek, "up", "m"), [raw]
    )


@settings(max_examples=60, deadline=None)
@given(answers(), FINISHES, st.booleans())
def test_a_replay_is_the_stream_with_each_text_in_one_piece(
    answer: tuple[list[dict[str, Any]], dict[str, Any]], finish: str, summarizes: bool
) -> None:
    reasoning = {"summary": "auto"} if summarizes else {"effort": "low"}
    peek = BRIDGE.peek(make_call(input="x", tools=TOOLS, reasoning=reasoning, stream=True))
    watch = BRIDGE.watch(peek, "up", "m")
    first = read_events(run_stream(watch, [write_chunks(answer[0], finish)]))
    assert watch.answer is not None
    again = read_events(b"".join(write_replay(watch.answer)))
    for event in again:
        EVENT.validate_json(msgspec.json.encode(event), strict=True)
    assert _by_item(again) == _by_item(first)


def _by_item(events: list[dict[str, Any]]) -> dict[int, list[Any]]:
    """The events of each item in order (-1: of the response), those of a text's pieces as one."""
    found: dict[int, list[Any]] = {}
    for event in events:
        told = {name: event[name] for name in event if name != "sequence_number"}
        mine = found.setdefault(event.get("output_index", -1), [])
        if mine and told["type"].endswith(".delta") and mine[-1]["type"] == told["type"]:
            mine[-1]["delta"] += told["delta"]
        else:
            mine.append(told)
    return found
