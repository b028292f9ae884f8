"""Channels that asked for a rest get it."""

from nexhina.routing.cooldown import MOST_RESTING, Cooldown


def test_a_channel_rests_as_long_as_it_asked_and_no_longer():
    rests = Cooldown()
    assert rests.remaining("a", 0.0) == 0.0
    rests.rest("a", 10.0, 5.0)
    assert rests.remaining("a", 12.0) == 3.0
    assert rests.remaining("b", 12.0) == 0.0
    assert rests.remaining("a", 15.0) == 0.0
    assert rests.remaining("a", 12.0) == 0.0  # it has been forgotten


def test_a_shorter_wish_does_not_shorten_a_rest_and_no_wish_is_no_rest():
    rests = Cooldown()
    rests.rest("a", 0.0, 30.0)
    rests.rest("a", 1.0, 2.0)
    assert rests.remaining("a", 1.0) == 29.0
    rests.rest("b", 1.0, None)
    assert rests.remaining("b", 1.0) == 0.0


def test_a_refused_key_rests_twice_as_long_each_time_up_to_a_cap():
    cooldown = Cooldown()
    rests = [cooldown.refuse("k", 0.0, spare=True) for _ in range(7)]
    assert rests == [30, 60, 120, 240, 480, 600, 600]
    assert cooldown.remaining("k", 0.0) == 600


def test_the_only_key_rests_from_its_second_refusal_on():
    cooldown = Cooldown()
    assert [cooldown.refuse("k", 0.0, spare=False) for _ in range(2)] == [0, 30]


def test_what_rests_and_what_was_refused_is_bounded():
    cooldown = Cooldown()
    for key in range(MOST_RESTING + 10):
        cooldown.refuse(key, 0.0, spare=True)
    assert len(cooldown.until) == len(cooldown.strikes) == MOST_RESTING
