"""The ids of calls."""

import re
from uuid import UUID

from nexhina.gateway.call_id import CallIds


def test_an_id_is_a_uuid_of_version_7_with_its_time() -> None:
    text = CallIds(1).new(1_700_000_000.123)
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text
    )
    assert UUID(text).version == 7
    assert UUID(text).int >> 80 == 1_700_000_000_123


def test_ids_rise_within_a_millisecond_and_when_the_clock_goes_back() -> None:
    ids = CallIds(2)
    made = [ids.new(1000.0) for _ in range(5000)] + [
        ids.new(999.0),
        ids.new(1000.001),
        ids.new(5.0),
    ]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_full_millisecond_runs_over_into_the_next() -> None:
    ids = CallIds(3)
    first = ids.new(1000.0)
    ids._tail = (1 << 48) - 1
    second = ids.new(1000.0)
    assert second > first
    assert UUID(second).int >> 80 == 1_000_001


def test_the_seed_decides() -> None:
    assert CallIds(4).new(1.0) == CallIds(4).new(1.0)
    assert CallIds(4).new(1.0) != CallIds(5).new(1.0)
