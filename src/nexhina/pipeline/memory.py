"""What all calls learn for each other: what failed lately, and whose turn it is."""

from collections.abc import Callable

from nexhina.routing.budget import RetryBudget
from nexhina.routing.health import Health


class Memory:
    """Kept by the process, not by a call; a restart forgets it."""

    def __init__(self, draw: Callable[[], float]) -> None:
        """`draw` gives numbers from 0 to 1, evenly spread."""
        self.draw = draw
        self.health = Health(draw)
        self.budget = RetryBudget()
        self.turns: dict[int, int] = {}  # by channel with several keys: whose turn it was
