"""A caller who has shut their sending side: done with sending only, or gone?

Both look alike until something is sent to them, which who is gone answers with a reset. So what the
answer will contain in any case goes ahead: the beginning of its status line, byte by byte, or, in
front of a chunk, a zero that its size may begin with (RFC 9112 7.1). What follows from a reset is
decided in protocol.py.
"""

import asyncio
import socket

FIRST = b"HTTP/1.1 "
"""How every answer begins."""
LOOKS = (0.005, 0.05, 0.25)
"""Seconds after which a reset is looked for; afterwards each sweep does."""


class HalfClosed:
    """The sending side of a connection whose other side has ended."""

    __slots__ = ("_ahead", "_socket", "_transport")

    def __init__(self, transport: asyncio.Transport, sock: socket.socket) -> None:
        self._transport = transport
        self._socket = sock
        self._ahead = 0  # bytes of the next answer that were sent

    def ask(self, beginning: bytes) -> None:
        """Sends a byte more of what the answer goes on with; nothing once that is used up."""
        ahead = self._ahead
        if ahead < len(beginning):
            self._ahead += 1
            self._transport.write(beginning[ahead : ahead + 1])

    def is_gone(self) -> bool:
        """Whether the caller's system has answered with a reset."""
        try:
            return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        except OSError:
            return True

    def take_rest(self, data: bytes) -> bytes:
        """What is still to be sent of the data that the connection goes on with."""
        ahead = self._ahead
        if ahead and data.startswith(FIRST):
            data = data[ahead:]
        self._ahead = 0
        return data

    def send(self, data: bytes) -> None:
        """Takes the place of the transport's write."""
        self._transport.write(self.take_rest(data))
