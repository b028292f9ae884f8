"""Each recorded stream, split anywhere: the client gets the same events, the books the same counts."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.registry import BRIDGES, DIALECTS, require_dialect
from support.wire_case import list_cases, read_call, read_json

STREAMS = [folder for folder in list_cases("expect.json") if (folder / "upstream.sse").exists()]

ELSEWHERE = {("openai_responses", "openai_chat")}
"""Made-up streams are cut anywhere in test_responses_over_chat.py."""


def play(folder: Path, cuts: list[int]) -> tuple[Any, ...]:
    """All that a watch says of the case's stream, read in pieces that end at these places."""
    expect = read_json(folder / "expect.json")
    spoken, caller = expect["dialect"], expect.get("caller")
    dialect = BRIDGES[caller, spoken] if caller else require_dialect(spoken)
    peek = dialect.peek(read_call(folder, expect))
    watch = dialect.watch(peek, expect.get("upstream_model", peek.model), peek.model)
    data = (folder / "upstream.sse").read_bytes()
    places = sorted({min(cut, len(data)) for cut in cuts})
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    client = b"".join(watch.feed(piece) for piece in pieces)
    tail = watch.finish(clean=True).rstrip()
    return client, tail, watch.ended, watch.usage, watch.text_bytes, watch.error


@pytest.mark.parametrize("folder", STREAMS, ids=lambda path: f"{path.parent.name}/{path.name}")
@settings(max_examples=12)
@given(cuts=st.lists(st.integers(0, 6000), max_size=9))
def test_where_a_stream_is_split_changes_nothing(folder: Path, cuts: list[int]) -> None:
    assert play(folder, cuts) == play(folder, [])


def test_every_dialect_and_bridge_that_streams_has_a_recorded_stream() -> None:
    recorded = {
        (expect.get("caller", expect["dialect"]), expect["dialect"])
        for expect in (read_json(folder / "expect.json") for folder in STREAMS)
    }
    there = {(name, name) for name, each in DIALECTS.items() if each.streams}
    there |= {pair for pair, each in BRIDGES.items() if each.streams}
    assert there - recorded == ELSEWHERE
