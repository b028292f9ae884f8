"""Channels that asked for a rest get it."""

from nexhina.routing.cooldown import Cooldown


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
