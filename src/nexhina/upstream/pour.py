"""A streamed reply carried to a coroutine, read no faster than that takes it.

Works in steps and in tasks alike: it waits by asyncio's futures.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from nexhina.errors import FetchError, UpstreamFailure
from nexhina.ports import Reply

MOST_WAITING = 256 * 1024
"""Bytes that wait before reading stops."""


async def pour(reply: Reply, into: Callable[[bytes], Awaitable[object]], most: int) -> int:
    """Hands over the body, and returns its size; the reply is given up when that fails.

    Raises FetchError beyond `most` bytes, UpstreamFailure when the body breaks off, and what `into`
    raises.
    """
    announced = reply.headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > most:
        reply.cancel()
        raise FetchError("too_large", f"it has more than {most:,} bytes")
    funnel = _Funnel(reply)
    try:
        return await funnel.run(into, most)
    except BaseException:
        reply.cancel()
        raise


class _Funnel:
    """The reply's Sink."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._paused = self._over = False
        self._failure: UpstreamFailure | None = None
        self._more: asyncio.Future[None] | None = None
        reply.attach(self)

    # --- Sink -------------------------------------------------------------------------------------

    def data(self, piece: bytes) -> None:
        """A piece of the body."""
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting > MOST_WAITING and not self._paused:
            self._paused = True
            self._reply.pause()
        self._wake()

    def ended(self) -> None:
        """The body is whole."""
        self._over = True
        self._wake()

    def failed(self, failure: Exception) -> None:
        """The body broke off."""
        assert isinstance(failure, UpstreamFailure)
        self._failure = failure
        self._wake()

    # ----------------------------------------------------------------------------------------------

    async def run(self, into: Callable[[bytes], Awaitable[object]], most: int) -> int:
        """Hands over piece after piece."""
        size = 0
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                size += len(piece)
                if size > most:
                    raise FetchError("too_large", f"it has more than {most:,} bytes")
                await into(piece)
                self._waiting -= len(piece)
                if self._paused and self._waiting <= MOST_WAITING // 2:
                    self._paused = False
                    self._reply.resume()
            if self._failure is not None:
                raise self._failure
            if self._over and not self._pieces:
                return size
            self._more = asyncio.get_running_loop().create_future()
            await self._more

    def _wake(self) -> None:
        more, self._more = self._more, None
        if more is not None and not more.done():
            more.set_result(None)
