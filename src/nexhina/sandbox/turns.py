"""Fair turns: much small work of many calls without holding the event loop for long.

The sandbox computes in the process itself, so hundreds of its streams could stall everything else.
All of them queue here; one callback per turn of the loop runs the queue until its budget is spent.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic

from nexhina.tasks import Wait


class Turns:
    """A queue of small steps, first come first served, at most `budget_s` per turn of the loop."""

    def __init__(self, budget_s: float = 0.002) -> None:
        self._budget_s = budget_s
        self._queue: deque[Callable[[], object]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None  # the one that will call `_run`

    def add(self, step: Callable[[], object]) -> None:
        """Runs `step` soon, never inside this call. A step must not raise and takes < 1 ms."""
        self._queue.append(step)
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            loop.call_soon(self._run)

    def turn(self) -> Wait[None]:
        """Resolved when it is this caller's turn again."""
        wait: Wait[None] = Wait()
        self.add(lambda: wait.resolve(None))
        return wait

    def _run(self) -> None:
        queue = self._queue
        loop, self._loop = self._loop, None
        end = monotonic() + self._budget_s
        try:
            while queue:
                queue.popleft()()
                if monotonic() >= end:
                    break
        finally:  # also when a step raised: the others must go on
            if queue and loop is not None and self._loop is None:
                self._loop = loop
                loop.call_soon(self._run)


async def sleep(seconds: float) -> None:
    """Returns after `seconds`, by one timer of the running loop that does not outlive the sleeper."""
    wait: Wait[None] = Wait()
    timer = asyncio.get_running_loop().call_later(seconds, wait.resolve, None)
    try:
        await wait
    finally:
        timer.cancel()
