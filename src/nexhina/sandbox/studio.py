"""The sandbox's children, one for each trade: a long film holds no picture up, and the recogniser's
model is loaded only by the child that hears.
"""

import asyncio

from nexhina.sandbox.child import DRAWING, FILMING, HEARING, READING, SPEAKING, Child


class Studio:
    """Starts no process before its first order."""

    def __init__(
        self,
        *,
        drawing: Child | None = None,
        speaking: Child | None = None,
        hearing: Child | None = None,
        filming: Child | None = None,
        reading: Child | None = None,
    ) -> None:
        self.drawing = drawing or Child(trade=DRAWING)
        self.speaking = speaking or Child(trade=SPEAKING, timeout_s=300.0)
        self.hearing = hearing or Child(trade=HEARING, timeout_s=600.0, queue=32)
        self.filming = filming or Child(trade=FILMING, timeout_s=300.0, queue=256)
        self.reading = reading or Child(trade=READING, idle_s=300.0)

    def close(self) -> None:
        """Ends all children."""
        for child in self._all():
            child.close()

    async def wait_closed(self) -> None:
        """Closes, and returns once they are gone, or after a few seconds."""
        await asyncio.gather(*(child.wait_closed() for child in self._all()))

    def _all(self) -> tuple[Child, ...]:
        return self.drawing, self.speaking, self.hearing, self.filming, self.reading
