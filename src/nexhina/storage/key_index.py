"""Which keys there may be: 8 bytes of each stored digest in memory, so that guessing costs no SQL.

Made when the first unknown key comes, not at start: most installations never need it. A million keys
take 8 MB. Revoked keys stay in it; what it does not hold is no key, what it holds is asked for.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from nexhina.storage.database import Database
from nexhina.storage.tables import token

_BLOCK = 2_000  # rows that are read at a time
_MOST_ADDED = 4_096  # then all is read again, because a set takes ten times as much


class KeyIndex:
    """Used from the event loop's thread; `build` first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._marks = array("Q")  # sorted
        self._added: set[int] = set()  # of keys that were made since
        self._last = 0  # id of the newest key that is in
        self._building = False
        self._catching = False
        self._again = False  # somebody asks for keys that may be newer than what is being read
        self.ready = False

    def rules_out(self, stored: Sequence[bytes]) -> bool:
        """Whether none of these stored digests can be a key's."""
        return not any(map(self._has, stored))

    def _has(self, stored: bytes) -> bool:
        mark = int.from_bytes(stored[:8])
        place = bisect_left(self._marks, mark)
        return mark in self._added or (place < len(self._marks) and self._marks[place] == mark)

    async def build(self) -> None:
        """Reads all keys, unless somebody does already or will soon have caught up."""
        if self._building or self._catching:
            return
        self._building = True
        try:
            self._last, self._marks = await self._database.reading(_load_all)
            self._added.clear()
            self.ready = not self._catching  # else those who do tell
        finally:
            self._building = False
        await self.catch_up()  # what was made meanwhile

    async def catch_up(self) -> None:
        """Adds the keys that were made since, by whomever.

        Meanwhile nothing is `ready`: where others catch up already, they read once more.
        """
        if self._catching:
            self._again = True
            return
        if not self.ready:
            return
        self.ready = False  # if it fails, all must be read again
        self._catching = self._again = True
        try:
            while self._again:
                self._again = False
                found = await self._database.reading(_load_later, self._last)
                self._added.update(_mark(digest) for _, digest in found)
                self._last = max([self._last, *(number for number, _ in found)])
        finally:
            self._catching = False
        self.ready = True
        if len(self._added) > _MOST_ADDED:
            await self.build()


def _mark(stored: bytes) -> int:
    return int.from_bytes(stored[:8])


def _load_all(connection: Connection) -> tuple[int, "array[int]"]:
    """The newest key's id, and the marks of it and all before, in order."""
    last = connection.execute(select(func.max(token.c.id))).scalar() or 0
    marks = array("Q")
    streamed = connection.execution_options(yield_per=_BLOCK)
    for rows in streamed.execute(select(token.c.digest).order_by(token.c.digest)).partitions():
        marks.frombytes(b"".join([row[0][:8] for row in rows]))
    if sys.byteorder == "little":
        marks.byteswap()  # as `int.from_bytes` reads them
    return last, marks


def _load_later(connection: Connection, last: int) -> list[tuple[int, bytes]]:
    wanted = select(token.c.id, token.c.digest).where(token.c.id > last)
    return [(row.id, row.digest) for row in connection.execute(wanted)]
