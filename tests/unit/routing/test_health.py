"""Which outcome counts against the channel, which against the key, and what may be tried."""

import pytest

from nexhina.routing.breaker import FIRST_REFUSAL, FIRST_REST, MINIMUM
from nexhina.routing.health import BUSY_REST, NO_PROBE, Health, Names
from nexhina.routing.retry import Failure

BROKEN = Failure("status", 500)
UNREACHABLE = Failure("connect")
REFUSED = Failure("status", 401, refused=True)
BUSY = Failure("status", 429, busy=True)


def names(key: bytes = b"k1", model: str = "m", *, several: bool = False) -> Names:
    return Names((1, "http://a.test"), (1, key), ((1, model), key), several)


def fail(
    health: Health, who: Names, failure: Failure, times: int = MINIMUM, now: float = 0.0
) -> None:
    for _ in range(times):
        health.fail(who, failure, now, NO_PROBE, spare=True)


@pytest.fixture
def health() -> Health:
    return Health(lambda: 1.0)


@pytest.mark.parametrize("failure", [BROKEN, UNREACHABLE, Failure("closed", late=True)])
def test_what_the_vendor_broke_counts_against_the_channel_of_one_key(health, failure):
    fail(health, names(), failure)
    assert health.read_state((1, "http://a.test"), 0.0) == 2
    assert not health.keys.ailing
    assert health.find_rest(names(), 0.0) == (0.0, "busy")


def test_a_refusal_counts_against_the_key_only(health):
    fail(health, names(), REFUSED, 1)
    assert not health.channels.ailing
    assert health.find_rest(names(), 0.0) == (FIRST_REFUSAL, "refused")
    assert health.find_rest(names(model="another"), 0.0) == (FIRST_REFUSAL, "refused")
    assert health.find_rest(names(b"k2"), 0.0)[0] == 0


def test_busy_rests_the_key_for_the_model_it_was_asked_for(health):
    fail(health, names(), BUSY, 1)
    assert health.find_rest(names(), 0.0) == (BUSY_REST, "busy")
    assert health.find_rest(names(model="another"), 0.0)[0] == 0
    assert not health.channels.ailing
    assert not health.keys.ailing


def test_an_overload_that_names_a_time_is_a_failure_and_a_rest(health):
    fail(health, names(), Failure("status", 503, 7.0), 1)
    assert health.find_rest(names(), 0.0) == (7.0, "busy")
    assert health.channels.ailing


def test_a_failing_key_among_several_is_left_out_and_the_channel_is_not(health):
    bad, good = names(b"bad", several=True), names(b"good", several=True)
    for _ in range(MINIMUM):
        fail(health, bad, BROKEN, 1)
        health.succeed(good, 0.0, NO_PROBE)
    assert health.find_rest(bad, 0.0) == (FIRST_REST, "failing")
    assert health.find_rest(good, 0.0)[0] == 0
    assert health.read_state((1, "http://a.test"), 0.0) == 0


def test_a_dead_vendor_is_the_channels_failure_however_many_keys_there_are(health):
    for number in range(MINIMUM):
        fail(health, names(b"k%d" % number, several=True), UNREACHABLE, 1)
    assert health.read_state((1, "http://a.test"), 0.0) == 2
    assert not health.keys.ailing


def test_one_attempt_at_a_time_probes_a_key_that_was_refused(health):
    who = names(several=True)
    fail(health, who, REFUSED, 1)
    probe = health.begin(who, FIRST_REFUSAL)
    assert probe == (False, True)
    assert health.begin(who, FIRST_REFUSAL) == NO_PROBE
    assert health.find_rest(who, FIRST_REFUSAL)[0] > 0
    health.leave(who, probe)  # the caller left: nothing was learned
    assert health.find_rest(who, FIRST_REFUSAL)[0] == 0
    health.succeed(who, FIRST_REFUSAL, health.begin(who, FIRST_REFUSAL))
    assert not health.keys.ailing


def test_a_refused_probe_of_the_channel_frees_its_place(health):
    fail(health, names(), BROKEN)
    probe = health.begin(names(), FIRST_REST)
    assert probe.channel
    health.fail(names(), REFUSED, FIRST_REST, probe, spare=True)
    assert health.read_state((1, "http://a.test"), FIRST_REST) == 1
    assert health.begin(names(b"k2"), FIRST_REST).channel


def test_the_states_and_rests_are_told_as_numbers(health):
    channel = (1, "http://a.test")
    assert (health.read_state(channel, 0.0), health.count_resting(0.0)[1]) == (0, 0)
    fail(health, names(), BROKEN)
    fail(health, names(b"k2"), REFUSED, 1)
    fail(health, names(b"k2"), BUSY, 1)
    fail(health, names(b"k3"), BUSY, 1)
    assert health.read_state(channel, 0.0) == 2
    assert health.read_state((1, "http://moved.test"), 0.0) == 0
    assert health.read_state(channel, FIRST_REST) == 1
    assert health.count_resting(0.0) == {1: 2}
    assert health.count_resting(FIRST_REFUSAL) == {}
