"""Each field that OpenAI's SDK types, at any depth, over each of its bridges: mapped, named or refused.

The requests are made from the types of the installed SDK, one difference at a time. What the vendor
is asked is validated by the types of the other format.
"""

import re
from collections import Counter
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from nexhina.errors import InvalidRequestError
from support.responses import make_call
from support.sdk_bridges import BETA, CHAT, OTHERS, RESPONSES, Bridge
from support.sdk_types import Change, exhaust, list_changes
from support.sent import whole


class Tally:
    """What became of each change, and what should not have."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.counts: Counter[str] = Counter()
        self.lost: list[str] = []
        self.misfits: list[str] = []

    def write(self, body: dict[str, Any]) -> tuple[Any, set[str]]:
        call = make_call(**self.bridge.plain | body)
        dialect = self.bridge.dialect
        written = dialect.write_same(dialect.peek(call), call.body, "up", None)
        return msgspec.json.decode(whole(written.body)), set(written.dropped)

    def judge(self, change: Change, field: str) -> None:
        """Counts the change; what is inside counts on its own where it reaches the vendor."""
        before, told = self.write(change.before)
        try:
            after, dropped = self.write(change.after)
        except InvalidRequestError as refusal:
            assert (refusal.param or "").startswith(field), (change.place, refusal.param)
            self.counts["refused"] += 1
            return
        self._require_fit(change.place, after)
        if after == before and dropped > told:
            self.counts["named"] += 1
            return
        if after == before and not change.is_empty:
            self._excuse(change.place, dropped)
            return
        self.counts["mapped"] += 1
        for each in change.inside():
            self.judge(each, field)

    def _excuse(self, place: str, dropped: set[str]) -> None:
        words = set(re.findall(r"\w+", place))
        if any(name.rpartition(".")[2] in words for name in dropped):
            self.counts["named"] += 1  # with its neighbour, which both requests have
        elif any(re.fullmatch(pattern, place[1:]) for pattern in self.bridge.same):
            self.counts["same"] += 1
        else:
            self.lost.append(place)

    def _require_fit(self, place: str, after: Any) -> None:
        try:
            exhaust(self.bridge.sent.validate_python(after))
        except ValidationError as misfit:
            if not any(re.fullmatch(pattern, place[1:]) for pattern in self.bridge.newer):
                self.misfits.append(f"{place}: {misfit}")


def tally(bridge: Bridge) -> Tally:
    counted = Tally(bridge)
    for change in list_changes(bridge.asked):
        field = re.split(r"\W", change.place)[1]
        if field != "model":  # the channel's own name of it is sent
            counted.judge(change, field)
    return counted


@pytest.mark.parametrize("pair", OTHERS, ids="-over-".join)
def test_no_other_bridge_loses_what_the_sdk_types(pair: tuple[str, str]) -> None:
    counted = tally(OTHERS[pair])
    assert "\n".join(counted.lost) == ""
    assert counted.counts["mapped"] > 2


@pytest.mark.parametrize("bridge", [RESPONSES, BETA, CHAT], ids=["responses", "beta", "chat"])
def test_nothing_that_the_sdk_types_is_lost_in_silence(bridge: Bridge) -> None:
    counted = tally(bridge)
    assert "\n".join(counted.lost) == ""
    assert "\n".join(counted.misfits) == ""
    assert min(counted.counts[each] for each in ("mapped", "named", "refused")) > 4, counted.counts
