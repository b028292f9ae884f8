"""A server of blocking sockets for tests: one thread per connection, on 127.0.0.1, any free port.

What is served is the subclass's `serve`; vendors that play scripts and proxies are built on it.
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Listener:
    """Use as a context manager; leaving it ends every connection and thread."""

    patience = 30.0
    """Seconds that a connection waits for bytes."""

    def __init__(self) -> None:
        self.receive_buffer: int | None = None
        self.stopping = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self.spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the accepting thread
        self.close_idle()
        for thread in self._threads:
            thread.join(5)
        for sock in [*self._sockets, self._listener]:
            sock.close()

    def serve(self, sock: socket.socket) -> None:
        """Serves one connection; an OSError ends it."""
        raise NotImplementedError

    def close_idle(self) -> None:
        """Closes every connection from this side, as a vendor does with idle ones."""
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def keep(self, sock: socket.socket) -> None:
        """A further socket that ends with the listener."""
        self._sockets.append(sock)

    def spawn(self, target: object, *args: object) -> None:
        """Runs it in a thread that is waited for at the end."""
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self.stopping.is_set():
                sock.close()
                return
            if self.receive_buffer is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(self.patience)
            self.keep(sock)
            self.spawn(self._guarded, sock)

    def _guarded(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.serve(sock)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def read_request(sock: socket.socket, buffer: bytearray) -> tuple[bytes, bytes] | None:
    """Head (without its empty line) and body of the next request; None when the client is gone.

    `buffer` keeps what came too early.
    """
    while b"\r\n\r\n" not in buffer:
        if not (data := sock.recv(65_536)):
            return None
        buffer += data
    head, _, rest = bytes(buffer).partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    body = bytearray(rest)
    while len(body) < length:
        if not (data := sock.recv(262_144)):
            return None
        body += data
    buffer[:] = body[length:]
    return head, bytes(body[:length])
