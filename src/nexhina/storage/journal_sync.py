"""The thread that makes the journal durable: every 50 ms, or before each answer's end.

A write survives the death of the process as it is; this is about the power going off.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable

_log = logging.getLogger("nexhina.storage")

INTERVAL = 0.05  # seconds: what a power loss may cost with journal_sync = interval

Deliver = Callable[[OSError | None], None]


class SyncThread:
    """Runs `synchronise` some time after a `nudge`, or for each round of `deliver_after`."""

    def __init__(self, synchronise: Callable[[], None]) -> None:
        self._synchronise = synchronise
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._nudged = False
        self._failing = False
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, Deliver]] = deque()
        self._thread = threading.Thread(target=self._run, name="nexhina-journal-sync", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """There is something to synchronise within the interval."""
        if not self._nudged:
            self._nudged = True
            self._wake.set()

    def deliver_after(self, loop: asyncio.AbstractEventLoop, deliver: Deliver) -> None:
        """Calls `deliver(error or None)` on the loop once all written so far is durable.

        Whatever is written while a round runs shares the next one.
        """
        self._waiting.append((loop, deliver))
        self._wake.set()

    def stop(self) -> None:
        """Synchronises a last time and ends; what still waits is delivered by the caller's thread."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        error = self._attempt()
        for _, deliver in waiting:
            deliver(error)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            if self._stop.is_set():
                return
            self._wake.clear()
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not waiting and self._stop.wait(INTERVAL):
                return
            self._nudged = False
            error = self._attempt()
            for loop, deliver in waiting:
                loop.call_soon_threadsafe(deliver, error)

    def _attempt(self) -> OSError | None:
        try:
            self._synchronise()
        except OSError as error:
            if not self._failing:
                self._failing = True
                _log.error("the journal can't be synchronised: %s", error)
            return error
        self._failing = False
        return None
