"""Channels that asked for a rest get it."""

from nexhina.routing.cooldown import MOST_RESTING, Cooldown


def test_a_channel_rests_as_long_as_it_asked_and_no_longer():
    rests: Cooldown[str] = Cooldown()
    assert rests.remaining("a", 0.0) == 0.0
    rests.rest("a", 10.0, 5.0)
    assert rests.remaining("a", 12.0) == 3.0
    assert rests.remaining("b", 12.0) == 0.0
    assert rests.remaining("a", 15.0) == 0.0
    assert rests.remaining("a", 12.0) == 0.0  # it has been forgotten


def test_a_shorter_wish_does_not_shorten_a_rest_and_no_wish_is_no_rest():
    rests: Cooldown[str] = Cooldown()
    rests.rest("a", 0.0, 30.0)
    rests.rest("a", 1.0, 2.0)
    assert rests.remaining("a", 1.0) == 29.0
    rests.rest("b", 1.0, 0.0)
    assert rests.remaining("b", 1.0) == 0.0


def test_what_rests_is_bounded():
    cooldown: Cooldown[int] = Cooldown()
    for key in range(MOST_RESTING + 10):
        cooldown.rest(key, 0.0, 1.0)
    assert len(cooldown.until) == MOST_RESTING
