"""The clocks: the system's moves by itself, the manual one when told."""

import time

from nexhina.ports import Clock
from nexhina.telemetry.clock import ManualClock, SystemClock


def test_the_system_clock_tells_the_systems_time() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    first = clock.monotonic()
    assert clock.monotonic() >= first


def test_the_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(100.0)
    assert (clock.now(), clock.monotonic()) == (100.0, 0.0)
    assert (clock.now(), clock.monotonic()) == (100.0, 0.0)
    clock.advance(2.5)
    assert (clock.now(), clock.monotonic()) == (102.5, 2.5)


def test_a_wall_clock_that_is_set_back_leaves_durations_alone() -> None:
    clock: Clock = ManualClock(100.0)
    assert isinstance(clock, ManualClock)
    clock.advance(-50.0)
    assert (clock.now(), clock.monotonic()) == (50.0, 0.0)
