"""Any split of a stream gives the same events, the same bytes and the same findings."""

from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexhina.dialects.openai_stream import ChatWatch
from nexhina.dialects.sse import EventSplitter, read_event

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
LINES = st.sampled_from(
    [b"data: a", b"data:b", b"data", b": ping", b"event: x", b"id: 1", b"\xef\xbb\xbfdata: c", b""]
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Lines with ends of all kinds mixed, the last perhaps without one."""
    lines = draw(st.lists(st.tuples(LINES, ENDS), max_size=30))
    return b"".join(line + end for line, end in lines) + draw(st.sampled_from([b"", b"data: cut"]))


def slow_events(raw: bytes) -> list[tuple[bytes, bytes | None]]:
    """Name and data of each event by the standard's own words: line by line, byte by byte."""
    events: list[tuple[bytes, bytes | None]] = []
    name, data, position, seen = b"", [], 0, False
    if raw.startswith(b"\xef\xbb\xbf"):
        position = 3
    while position < len(raw):
        end = position
        while end < len(raw) and raw[end] not in b"\r\n":
            end += 1
        if end == len(raw):
            break
        line = raw[position:end]
        position = end + (2 if raw[end : end + 2] == b"\r\n" else 1)
        if not line:
            if seen and data:
                events.append((name, b"\n".join(data)))
            name, data, seen = b"", [], False
            continue
        seen = True
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return events


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(edges)]
    return [piece for piece in pieces if piece]


SPLITS = st.lists(st.integers(0, 10_000), max_size=12)


@given(streams(), SPLITS)
def test_events_do_not_depend_on_where_the_reads_were_cut(raw: bytes, places: list[int]) -> None:
    splitter = EventSplitter()
    events = [event for piece in cut(raw, places) for event in splitter.split(piece)]
    assert b"".join(events) + splitter.rest == raw
    if b"\xef\xbb\xbf" not in raw[1:]:
        found = [read_event(event) for event in events]
        assert [each for each in found if each[1] is not None] == slow_events(raw)


CONTENT = st.text(st.sampled_from('aé"\\\n:{}[],人 '), max_size=8)


@st.composite
def chats(draw: st.DrawFn) -> list[bytes]:
    """The data of a stream's events: contents, tools, odd shapes, usage."""
    pad = draw(st.booleans())
    payloads: list[bytes] = []
    for content in draw(st.lists(CONTENT, max_size=8)):
        kind = draw(st.sampled_from(["content"] * 6 + ["refusal", "tool", "parts", "usage"]))
        chunk: dict[str, Any] = {"id": "1", "model": draw(st.sampled_from(["up"] * 6 + ["x"]))}
        delta: dict[str, Any] = {kind: content}
        if kind == "tool":
            delta = {"tool_calls": [{"index": 0, "function": {"arguments": content}}]}
        elif kind == "parts":
            delta = {"content": [{"type": "text", "text": content}]}
        chunk["choices"] = [] if kind == "usage" else [{"index": 0, "delta": delta}]
        if kind == "usage":
            chunk["usage"] = {"prompt_tokens": 3, "completion_tokens": 4}
        if pad:
            chunk["obfuscation"] = draw(st.text("abc", max_size=4))
        payloads.append(msgspec.json.encode(chunk))
    return payloads


def slow_size(payload: bytes) -> int:
    """Text bytes of a chunk by a full parse."""
    total = 0
    for choice in msgspec.json.decode(payload)["choices"]:
        delta = choice["delta"]
        texts = [delta.get("content"), delta.get("refusal")]
        texts += [call["function"]["arguments"] for call in delta.get("tool_calls", ())]
        if isinstance(texts[0], list):
            texts[0] = texts[0][0]["text"]
        total += sum(len(text.encode()) for text in texts if text)
    return total


@settings(max_examples=300)
@example([b'{"choices":[]}'], b"\r\n", [23], False, False)
@example([b'{"choices":[],"usage":{"prompt_tokens":3}}'], b"\r\n", [20, 51], False, False)
@given(chats(), ENDS, SPLITS, st.booleans(), st.booleans())
def test_a_watched_stream_does_not_depend_on_where_the_reads_were_cut(
    payloads: list[bytes], end: bytes, places: list[int], asked: bool, renamed: bool
) -> None:
    raw = b"".join(b"data: " + each + end + end for each in payloads)
    mark = b"data: [DONE]" + end + end
    watched = ChatWatch("up", "pub" if renamed else "up", include_usage=asked)
    out = b"".join(watched.feed(piece) for piece in cut(raw + mark, places))
    kept = [each for each in payloads if asked or b'"usage":{' not in each]
    if renamed:
        kept = [each.replace(b'"model":"up"', b'"model":"pub"') for each in kept]
    assert out == b"".join(b"data: " + each + end + end for each in kept)
    assert watched.text_bytes == sum(map(slow_size, payloads))
    assert watched.ended
    assert mark.startswith(watched.tail)
    assert (watched.usage is not None) == any(b'"usage":{' in each for each in payloads)
