"""What a child makes for one order: pieces as they come, and a last word about them.

One reader. A reader that takes its time holds the child up after a mebibyte; a reader that leaves
lets the rest run to waste.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from nexhina.errors import InternalError, NexhinaError
from nexhina.ports import Spool
from nexhina.sandbox.reply import Piece
from nexhina.tasks import Wait

HELD = 1024 * 1024  # bytes that wait for the reader before the child is held up
_RESUMED = HELD // 4


class Maker(Protocol):
    """Who runs the child."""

    def hold(self, output: "Output") -> None:
        """Stops reading from the child while this is its work."""
        ...

    def release(self, output: "Output") -> None:
        """Reads on."""
        ...

    def forget(self, output: "Output") -> None:
        """Nobody waits for this any more."""
        ...


class Output:
    """One order and what came of it so far."""

    __slots__ = (
        "_chunks", "_error", "_held", "_maker", "_paused", "_wait",
        "abandoned", "began", "ended", "failures", "files", "message", "tail",
    )  # fmt: skip

    def __init__(self, message: bytes, files: tuple[Spool, ...], maker: Maker) -> None:
        self.message = message
        self.files = files
        self.failures = 0  # children that died under it
        self.began = False  # a piece has come: the order can't be given to another child any more
        self.ended = False  # no further piece will come
        self.abandoned = False
        self.tail = b""  # the child's last word, once `ended`
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._error: NexhinaError | None = None
        self._maker = maker
        self._paused = False
        self._wait: Wait[None] | None = None

    # --- the reader's side ------------------------------------------------------------------------

    def take(self) -> bytes | None:
        """The next piece; None when there is none now, or none any more (`ended`).

        Raises what the order failed with, once the pieces before are taken.
        """
        if self._chunks:
            chunk = self._chunks.popleft()
            self._held -= len(chunk)
            if self._paused and self._held < _RESUMED:
                self._paused = False
                self._maker.release(self)
            return chunk
        if self._error is not None:
            raise self._error
        return None

    def wait(self) -> Wait[None]:
        """Resolved when `take` has something new to say."""
        wait: Wait[None] = Wait()
        if self._chunks or self.ended:
            wait.resolve(None)
        else:
            self._wait = wait
        return wait

    async def next(self) -> bytes | None:
        """The next piece, None at the end. Raises what the order failed with."""
        while (chunk := self.take()) is None and not self.ended:
            await self.wait()
        return chunk

    async def collect(self) -> bytes:
        """All pieces in one; gives up the order when the waiting is broken off."""
        chunks: list[bytes] = []
        try:
            while (chunk := await self.next()) is not None:
                chunks.append(chunk)
        finally:
            self.abandon()
        return b"".join(chunks)

    def abandon(self) -> None:
        """Says that nobody waits any more; nothing happens at the end or the second time."""
        if not self.ended and not self.abandoned:
            self.abandoned = True
            self._chunks.clear()
            if self._paused:
                self._paused = False
                self._maker.release(self)
            self._maker.forget(self)
            self.fail(InternalError("The work was given up."))

    # --- the child's side -------------------------------------------------------------------------

    def put(self, chunk: bytes) -> None:
        """One more piece."""
        self.began = True
        if self.abandoned:
            return
        self._chunks.append(chunk)
        self._held += len(chunk)
        if self._held > HELD and not self._paused:
            self._paused = True
            self._maker.hold(self)
        self._wake()

    def end(self, tail: bytes = b"") -> None:
        """The child has done its work."""
        if self.ended:
            return
        self.tail = tail
        self.ended = True
        self._wake()

    def fail(self, error: NexhinaError) -> None:
        """There will be no more: why."""
        if self.ended:
            return
        self._error = error
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        wait, self._wait = self._wait, None
        if wait is not None:
            wait.resolve(None)


def play(
    output: Output,
    write: Callable[[bytes], bytes] = bytes,
    last: Callable[[], bytes] | None = None,
    *,
    first: bytes = b"",
) -> Iterator[Piece]:
    """The pieces of an answer that is being made: each chunk through `write`, then `last`.

    `first` is a chunk that was taken already.
    """
    try:
        if first:
            yield Piece(0.0, write(first))
        while True:
            chunk = output.take()
            if chunk is not None:
                if chunk:
                    yield Piece(0.0, write(chunk))
            elif output.ended:
                break
            else:
                yield Piece(0.0, b"", output.wait())
    finally:
        output.abandon()
    if last is not None:
        yield Piece(0.0, last())


class Held:
    """Bytes in memory, read like a spooled body."""

    __slots__ = ("_data", "size")

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data)
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """These bytes; fewer at the end."""
        return bytes(self._data[offset : offset + length])
