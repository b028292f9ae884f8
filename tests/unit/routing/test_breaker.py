"""When a breaker opens, how long it stays open, and who may probe."""

from nexhina.routing import breaker as rules
from nexhina.routing.breaker import Breaker, Breakers


def high() -> float:
    return 1.0


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(rules.MINIMUM):
        breaker.fail(at, high, probe=breaker.begin(at))
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
    assert breaker.begin(10.0)
    assert breaker.wait(50.0) > 0
    breaker.succeed(50.0, probe=True)
    assert breaker.wait(50.0) == 0
    assert not breaker.begin(50.0)


def test_a_failed_probe_doubles_the_rest_up_to_a_cap():
    breaker, now, rests = opened(), 0.0, []
    for _ in range(8):
        now += breaker.wait(now)
        breaker.fail(now, high, probe=breaker.begin(now))
        rests.append(breaker.wait(now))
    assert rests == [10, 20, 40, 80, 120, 120, 120, 120]


def test_a_probe_whose_caller_left_frees_the_place():
    breaker = opened()
    breaker.leave(probe=breaker.begin(10.0))
    assert breaker.wait(50.0) == 0


def test_what_began_before_it_opened_neither_closes_nor_prolongs_it():
    breaker = opened()
    breaker.succeed(1.0, probe=False)
    breaker.fail(1.0, high, probe=False)
    assert breaker.wait(1.0) == rules.FIRST_REST - 1


def test_only_one_that_may_be_tried_is_probed():
    breaker = opened()
    assert not breaker.begin(1.0)
    assert breaker.begin(rules.FIRST_REST)
    assert not breaker.begin(rules.FIRST_REST)  # one at a time


def test_half_the_calls_may_fail_where_a_part_is_to_blame():
    breaker = Breaker()
    for _ in range(10):
        breaker.succeed(1.0, probe=False)
        breaker.fail(1.0, high, probe=False, run_only=True)
    assert breaker.wait(1.0) == 0
    for _ in range(rules.MINIMUM - 1):
        breaker.fail(1.0, high, probe=False, run_only=True)
    assert breaker.wait(1.0) > 0


def test_a_success_that_became_a_failure_is_one_call():
    breaker = Breaker()
    for _ in range(6):  # a third of the calls break after their first content
        for _ in range(3):
            breaker.succeed(1.0, probe=False)
        breaker.fail(1.0, high, probe=False, late=True)
    assert breaker.wait(1.0) == 0
    for _ in range(6):
        breaker.succeed(1.0, probe=False)
        breaker.fail(1.0, high, probe=False, late=True)
    assert breaker.wait(1.0) > 0  # 12 of 24


def test_a_refused_key_rests_twice_as_long_each_time_up_to_a_cap():
    breaker, now, rests = Breaker(), 0.0, []
    for _ in range(7):
        now += breaker.wait(now)
        rests.append(breaker.refuse(now, probe=breaker.begin(now), spare=True))
    assert rests == [30, 60, 120, 240, 480, 600, 600]
    assert breaker.wait(now) == 600


def test_the_only_key_rests_from_its_second_refusal_on():
    breaker = Breaker()
    assert [breaker.refuse(0.0, probe=False, spare=False) for _ in range(2)] == [0, 30]


def test_calls_that_were_refused_together_count_once():
    breaker = Breaker()
    rests = {breaker.refuse(0.0, probe=False, spare=True) for _ in range(16)}
    assert rests == {rules.FIRST_REFUSAL}


def test_a_key_that_works_again_starts_from_the_first_rest():
    breaker = Breaker()
    breaker.refuse(0.0, probe=False, spare=True)
    assert breaker.succeed(30.0, probe=breaker.begin(30.0))
    assert breaker.refuse(31.0, probe=False, spare=True) == rules.FIRST_REFUSAL


def test_what_is_well_again_is_forgotten_and_what_failed_in_the_window_is_not():
    breakers: Breakers[str] = Breakers()
    breakers.find("a").fail(0.0, high, probe=False)
    breakers.succeed("a", 1.0, probe=False)
    assert "a" in breakers.ailing
    breakers.succeed("a", rules.WINDOW + 5, probe=False)
    assert not breakers.ailing


def test_a_probe_that_served_leaves_no_breaker():
    breakers: Breakers[str] = Breakers()
    for _ in range(rules.MINIMUM):
        breakers.find("a").fail(0.0, high, probe=False)
    breakers.succeed("a", 1.0, probe=False)  # began before it opened
    assert "a" in breakers.ailing
    assert breakers.begin("a", 10.0)
    breakers.leave("a", probe=True)
    breakers.succeed("a", 10.0, probe=breakers.begin("a", 10.0))
    assert not breakers.ailing


def test_of_what_never_failed_nothing_is_kept():
    breakers: Breakers[str] = Breakers()
    assert not breakers.begin("a", 0.0)
    breakers.succeed("a", 0.0, probe=False)
    breakers.leave("a", probe=False)
    assert not breakers.ailing


def test_the_oldest_breaker_is_forgotten_when_there_are_too_many():
    breakers: Breakers[int] = Breakers()
    first = breakers.find(0)
    assert breakers.find(0) is first
    for channel in range(rules.MOST_BREAKERS + 10):
        breakers.find(channel)
    assert len(breakers.ailing) == rules.MOST_BREAKERS
    assert breakers.find(0) is not first
