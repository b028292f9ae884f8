"""Journals driven by hand: turns end when the test says so, and a process can die at any point."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from nexhina.storage.journal import FileJournal


class HandLoop:
    """Takes the place of the event loop: what was scheduled runs at `turn`."""

    def __init__(self) -> None:
        self._scheduled: list[Callable[[], None]] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._scheduled.append(callback)

    def turn(self) -> None:
        """Ends the turn."""
        scheduled, self._scheduled = self._scheduled, []
        for callback in scheduled:
            callback()


def hand_journal(
    folder: Path, installation: str, epoch: int, segment_bytes: int = 1 << 20
) -> tuple[FileJournal, HandLoop]:
    """A journal of worker "main" whose turns the test ends."""
    folder.mkdir(exist_ok=True)
    journal = FileJournal(
        folder, installation, "main", epoch, sync="off", segment_bytes=segment_bytes
    )
    loop = HandLoop()
    journal._loop = cast("Any", loop)
    return journal, loop


def die(journal: FileJournal) -> None:
    """What the kernel does when the process is killed: descriptors close, files stay."""
    for segment in (*journal._finished, journal._segment):
        os.close(segment.fd)
