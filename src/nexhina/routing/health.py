"""What is known of channels and keys that failed lately, and which outcome counts against which.

A channel's breaker looks at what the vendor broke, a key's at what the vendor said about the key.
In a channel of several keys half of the calls may fail because of one of them: there a ratio opens
the key's breaker, and only failures in a row the channel's. Pure; times are monotonic seconds.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from nexhina.routing.breaker import Breakers
from nexhina.routing.cooldown import Cooldown
from nexhina.routing.retry import Failure

BUSY_REST: Final = 1.0
"""Seconds that a key rests after a 429 that names no time."""
_KEY_UNSEEN: Final = frozenset(("connect", "connect_timeout"))


ChannelName = tuple[int, str | None]
"""A channel's id and base URL: at another address it begins anew."""
KeyName = tuple[int, bytes]
"""A channel's id and the head bytes that carry the key."""
BusyName = tuple[tuple[int, str], bytes]
"""A key for one of the vendor's models."""


class Names(NamedTuple):
    """Whom an attempt is about."""

    channel: ChannelName
    key: KeyName
    busy: BusyName
    several: bool  # the channel has more than one key


class Probe(NamedTuple):
    """For whom an attempt is the probe that decides."""

    channel: bool
    key: bool


NO_PROBE: Final = Probe(channel=False, key=False)


class Health:
    """Shared by all calls. `draw` gives numbers in [0, 1).

    Where `channels.ailing`, `keys.ailing` and `busy.until` are empty all is well: look before you
    call.
    """

    __slots__ = ("_draw", "busy", "channels", "keys")

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw
        self.channels: Breakers[ChannelName] = Breakers()
        self.keys: Breakers[KeyName] = Breakers()
        self.busy: Cooldown[BusyName] = Cooldown()

    def find_rest(self, names: Names, now: float) -> tuple[float, str]:
        """Seconds that a key must not be used yet, and why; 0 when it may be."""
        busy, breaker = self.busy.remaining(names.busy, now), self.keys.ailing.get(names.key)
        wait = 0.0 if breaker is None else breaker.wait(now)
        if breaker is None or not wait:
            return busy, "busy"
        return max(busy, wait), "refused" if breaker.strikes else "failing"

    def begin(self, names: Names, now: float) -> Probe:
        """Which probes the attempt is that starts now."""
        return Probe(self.channels.begin(names.channel, now), self.keys.begin(names.key, now))

    def succeed(self, names: Names, now: float, probe: Probe) -> None:
        """The attempt served."""
        self.channels.succeed(names.channel, now, probe=probe.channel)
        self.keys.succeed(names.key, now, probe=probe.key)

    def leave(self, names: Names, probe: Probe) -> None:
        """The attempt says nothing: the caller left, or the request itself was refused."""
        self.channels.leave(names.channel, probe=probe.channel)
        self.keys.leave(names.key, probe=probe.key)

    def fail(
        self,
        names: Names,
        failure: Failure,
        now: float,
        probe: Probe,
        *,
        spare: bool,
    ) -> None:
        """The attempt failed. `spare`: another key or channel could have served."""
        if failure.refused:
            self.channels.leave(names.channel, probe=probe.channel)
            self.keys.find(names.key).refuse(now, probe=probe.key, spare=spare)
        elif failure.cause == "status" and failure.status < 500:
            self.leave(names, probe)
        else:
            several, late, draw = names.several, failure.late, self._draw
            channel = self.channels.find(names.channel)
            channel.fail(now, draw, probe=probe.channel, run_only=several, late=late)
            if several and failure.cause not in _KEY_UNSEEN:
                self.keys.find(names.key).fail(now, draw, probe=probe.key, late=late)
            else:
                self.keys.leave(names.key, probe=probe.key)
        if failure.busy or failure.retry_after:
            rest = BUSY_REST if failure.retry_after is None else failure.retry_after
            self.busy.rest(names.busy, now, rest)

    def read_state(self, channel: ChannelName, now: float) -> int:
        """Of a channel's breaker: 0 closed, 1 half-open, 2 open."""
        found = self.channels.ailing.get(channel)
        if found is None or found.until is None:
            return 0
        return 1 if found.probing or found.until <= now else 2

    def count_resting(self, now: float) -> Counter[int]:
        """How many keys of each channel id can't be used now, for one model or for all."""
        resting = {name for name, breaker in self.keys.ailing.items() if breaker.wait(now)}
        busy = self.busy.until.items()
        resting |= {(channel, head) for ((channel, _), head), until in busy if until > now}
        return Counter(channel for channel, _ in resting)
