"""The longest turn of an event loop, as what runs on it lets others wait."""

import asyncio
import gc
from collections.abc import Generator
from contextlib import contextmanager
from time import thread_time


class Heartbeat:
    """Beats once a turn. `longest`: seconds of this thread's own time, for others share the machine."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.beats = 0
        self._running = True
        self._last = thread_time()
        self._beat()

    def stop(self) -> None:
        """No further beat."""
        self._running = False

    def _beat(self) -> None:
        now = thread_time()
        self.longest = max(self.longest, now - self._last)
        self.beats += 1
        if self._running:
            self._last = now
            asyncio.get_running_loop().call_soon(self._beat)


@contextmanager
def heartbeat() -> Generator[Heartbeat]:
    """Measures while the block runs, in a coroutine that awaits.

    What the tests before it left is kept from the garbage collector: to walk all of it takes half a
    second in a process that ran thousands of them, and no server has it.
    """
    gc.collect()
    gc.freeze()
    heart = Heartbeat()
    try:
        yield heart
    finally:
        heart.stop()
        gc.unfreeze()
