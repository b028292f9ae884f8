"""One background response while it runs: what there is of it so far, and who follows it.

Its events are numbered here. What is kept of them is bounded; who begins behind that bound gets the
whole response at its end.
"""

from collections import deque
from itertools import islice

import msgspec

from nexhina.dialects.responses_background import Event, number_event, write_beginning, write_last
from nexhina.dialects.responses_item import Item, make_hex
from nexhina.dialects.responses_replay import write_replay
from nexhina.errors import NexhinaError
from nexhina.pipeline.background_follower import Follower
from nexhina.ports import Client, Inbound
from nexhina.tasks import Steps, Wait

MOST_KEPT = 4 * 1024 * 1024
"""Bytes of events, beside the first ones, that are kept for who comes, or comes back, while it runs."""


class BackgroundRun:
    """`accepted` resolves to the answer's own header lines when its caller can be answered, and fails
    where the request is refused.
    """

    def __init__(self, call: Inbound, tenant_id: int, token_id: int, *, streams: bool) -> None:
        self.id = f"resp_{make_hex(call.id)}"
        self.tenant_id, self.token_id = tenant_id, token_id
        self.streams = streams
        self.size = len(call.body)  # bytes of memory, beside its events
        self.accepted: Wait[bytes] = Wait()
        self.begun: Item | None = None  # the Response object; None before it is accepted
        self.answer: bytes | None = None  # … as it will be kept once its call is booked
        self.final: bytes | None = None  # … and as it was kept at its end
        self.failure: NexhinaError | None = None  # what its stream ended in
        self.cancelled = False  # it is to stop because somebody wants it to, not because we do
        self.over = False
        self._told = False  # its last event is among those that are kept
        self.steps: Steps | None = None
        self.first = 0  # the number of the first event that is kept
        self.kept = 0  # bytes of them
        self._most = MOST_KEPT
        self.followers: set[Follower] = set()
        self._events: deque[bytes] = deque()
        self._waiting: list[Wait[None]] = []

    def accept(self, lines: bytes) -> None:
        """It is stored and has its money: the caller may be answered."""
        assert self.begun is not None
        beginning = write_beginning(self.begun)  # as large as the request may be
        self._most = MOST_KEPT + sum(map(len, beginning))
        for event in beginning:
            self._add(event)
        self.accepted.resolve(lines)

    def read(self) -> bytes:
        """The Response object as it is now: it has not ended before its call is booked."""
        if self.over and self.final is not None:
            return self.final
        assert self.begun is not None
        return msgspec.json.encode({**self.begun, "status": "in_progress"})

    def end(self) -> None:
        """`final` is stored: tells everybody. Whatever happens, nobody waits any more."""
        self.over, self.steps = True, None
        try:
            if self.streams or self.followers:
                self._tell_end()
            for follower in tuple(self.followers):
                follower.finish()
        finally:
            for follower in tuple(self.followers):
                follower.give_up()
            waiting, self._waiting = self._waiting, []
            for wait in waiting:
                wait.resolve(None)

    def ended(self) -> Wait[None]:
        """Resolved when it is over, for one who waits."""
        wait: Wait[None] = Wait(done=self.over)
        if not self.over:
            self._waiting.append(wait)
        return wait

    # --- its events -----------------------------------------------------------------------------

    @property
    def number(self) -> int:
        """The number that the next event has."""
        return self.first + len(self._events)

    def take(self, event: Event) -> None:
        """One event of the stream."""
        self._add(number_event(event, self.number))

    def read_events(self, begin: int) -> bytes:
        """The events from this number on; those before `first` are gone."""
        return b"".join(islice(self._events, max(0, begin - self.first), None))

    def replay(self) -> list[bytes]:
        """The events of the whole response, however they came."""
        assert self.final is not None
        return write_replay(self.final)

    async def follow(self, client: Client, begin: int, every: float) -> None:
        """Gives the events from this number on to a client whose answer has begun, to their end.

        `every`: seconds until a silent stream is answered with a comment.
        """
        if self.over:
            self._tell_end()
        follower = Follower(self, client, begin)
        follower.catch_up()
        if self.over:
            follower.finish()
            return
        self.followers.add(follower)
        follower.keep_alive(every)
        try:
            await follower.done
        finally:
            self.followers.discard(follower)
            follower.leave()

    def _tell_end(self) -> None:
        if self._told:
            return
        assert self.final is not None
        self._told = True
        if self.streams:
            self._add(write_last(self.final, self.number))
        else:  # only for somebody who follows: most of these are polled
            for event in self.replay()[self.number :]:
                self._add(event)

    def _add(self, event: bytes) -> None:
        self._events.append(event)
        self.kept += len(event)
        for follower in tuple(self.followers):
            follower.feed(event)
        while self.kept > self._most:
            self.kept -= len(self._events.popleft())
            self.first += 1
