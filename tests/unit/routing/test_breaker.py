"""When a breaker opens, how long it stays open, and who may probe."""

from nexhina.routing import breaker as rules
from nexhina.routing.breaker import Breaker, Breakers


def high() -> float:
    return 1.0


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(rules.MINIMUM):
        breaker.fail(at, high, probe=breaker.begin())
    return breaker


def test_a_run_of_failures_opens_it_for_the_first_rest():
    breaker = opened(100.0)
    assert breaker.wait(100.0) == rules.FIRST_REST
    assert breaker.wait(100.0 + rules.FIRST_REST) == 0


def test_chance_shortens_the_rest_by_a_fifth_at_most():
    breaker = Breaker()
    for _ in range(rules.MINIMUM):
        breaker.fail(0.0, lambda: 0.0, probe=False)
    assert breaker.wait(0.0) == rules.FIRST_REST * 0.8


def test_half_the_calls_failing_opens_it_without_a_run():
    breaker = Breaker()
    for _ in range(3):
        breaker.succeed(1.0, probe=False)
        breaker.fail(1.0, high, probe=False)
    assert breaker.wait(1.0) > 0


def test_failures_that_left_the_window_do_not_count():
    breaker = Breaker()
    for _ in range(2):
        breaker.fail(0.0, high, probe=False)
    for _ in range(3):
        breaker.succeed(rules.WINDOW + 5, probe=False)
    breaker.fail(rules.WINDOW + 5, high, probe=False)
    breaker.fail(rules.WINDOW + 5, high, probe=False)
    assert breaker.wait(rules.WINDOW + 5) == 0


def test_one_probe_at_a_time_and_its_success_closes():
    breaker = opened()
    assert breaker.begin()
    assert breaker.wait(50.0) > 0
    breaker.succeed(50.0, probe=True)
    assert breaker.wait(50.0) == 0
    assert not breaker.begin()


def test_a_failed_probe_doubles_the_rest_up_to_a_cap():
    breaker, now, rests = opened(), 0.0, []
    for _ in range(8):
        now += breaker.wait(now)
        breaker.fail(now, high, probe=breaker.begin())
        rests.append(breaker.wait(now))
    assert rests == [10, 20, 40, 80, 120, 120, 120, 120]


def test_a_probe_whose_caller_left_frees_the_place():
    breaker = opened()
    breaker.leave(probe=breaker.begin())
    assert breaker.wait(50.0) == 0


def test_what_began_before_it_opened_neither_closes_nor_prolongs_it():
    breaker = opened()
    breaker.succeed(1.0, probe=False)
    breaker.fail(1.0, high, probe=False)
    assert breaker.wait(1.0) == rules.FIRST_REST - 1


def test_breakers_are_kept_per_channel_and_the_oldest_is_forgotten():
    breakers = Breakers()
    first = breakers.find(0)
    assert breakers.find(0) is first
    for channel in range(rules.MOST_BREAKERS + 10):
        breakers.find(channel)
    assert len(breakers) == rules.MOST_BREAKERS
    assert breakers.find(0) is not first
