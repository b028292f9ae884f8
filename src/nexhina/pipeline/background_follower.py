"""Somebody who reads the events of a background response while it runs, at their own pace."""

import asyncio
from typing import TYPE_CHECKING

from nexhina.ports import Client
from nexhina.tasks import Wait

if TYPE_CHECKING:
    from nexhina.pipeline.background_run import BackgroundRun

PING = b": ping\n\n"


class Follower:
    """`done` resolves when the client has had the last event, or can't be given the next one."""

    def __init__(self, run: "BackgroundRun", client: Client, begin: int) -> None:
        self.done: Wait[None] = Wait()
        self._run = run
        self._client = client
        self._position = begin  # the number of the next event for this client
        self._begin = begin
        self._paused = False
        self._quiet = True  # nothing was written since the last look
        self._timer: asyncio.TimerHandle | None = None
        client.on_pressure(self._pause, self._resume)

    def feed(self, event: bytes) -> None:
        """The newest event; one who is behind gets it by `catch_up`."""
        if not self._paused and self._position == self._run.number - 1:
            self._write(event)

    def catch_up(self) -> None:
        """Writes what there is from the client's place on."""
        run = self._run
        if self._paused or self.done.done or self._position >= run.number:
            return
        if self._position >= run.first:
            self._write(run.read_events(self._position))
        elif self._position > self._begin:  # too slow: a gap in the middle would go unnoticed
            self._client.abort()
            self.done.resolve(None)

    def finish(self) -> None:
        """The response is over: writes what is left, in any case its last event."""
        run = self._run
        if self.done.done:
            return
        moved = self._position > self._begin
        if moved and self._position == run.number:
            rest = b""
        elif run.first < run.number and self._position >= run.first:
            rest = run.read_events(min(self._position, run.number - 1))
        elif moved:
            self._client.abort()
            self.done.resolve(None)
            return
        else:
            events = run.replay()
            rest = b"".join(events[min(self._begin, len(events) - 1) :])
        self._position = run.number
        self._client.end(rest)
        self.done.resolve(None)

    def give_up(self) -> None:
        """The response has no end that can be told: breaks off, unless all was told."""
        if not self.done.done:
            self._client.abort()
            self.done.resolve(None)

    def keep_alive(self, every: float) -> None:
        """From now on writes a comment after so many seconds of silence."""
        self._timer = asyncio.get_running_loop().call_later(every, self._ping, every)

    def leave(self) -> None:
        """The client is gone, or served."""
        if self._timer is not None:
            self._timer.cancel()

    def _write(self, data: bytes) -> None:
        self._quiet = False
        self._position = self._run.number
        self._client.write(data)

    def _ping(self, every: float) -> None:
        if self._quiet and not self._paused:
            self._client.write(PING)
        self._quiet = True
        self.keep_alive(every)

    def _pause(self) -> None:
        self._paused = True

    def _resume(self) -> None:
        self._paused = False
        self.catch_up()
