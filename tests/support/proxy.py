"""Forward proxies on real ports: HTTP (CONNECT and absolute form) and SOCKS5, with a password.

Each records where it was asked to go and with which credentials; a wrong password is refused.
"""

import base64
import contextlib
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit


class _Server:
    """One thread per accepted client, each runs `_serve`."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self.user = user
        self.password = password
        self.asked: list[str] = []  # "host:port"
        self._stopping = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self):
        self._spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the accepting thread
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for sock in [*self._sockets, self._listener]:
            sock.close()

    def _spawn(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._stopping.is_set():
                sock.close()
                return
            sock.settimeout(10)
            self._sockets.append(sock)
            self._spawn(self._guarded, sock)

    def _guarded(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._serve(sock)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def _serve(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def _tunnel(self, sock: socket.socket, host: str, port: int, first: bytes = b"") -> None:
        """Copies both ways until one side closes."""
        far = socket.create_connection((host, port), 10)
        self._sockets.append(far)
        far.sendall(first)
        self._spawn(_copy, far, sock)
        _copy(sock, far)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


class HttpProxy(_Server):
    """CONNECT, and plain requests in absolute form."""

    answer = b"HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n"

    def _serve(self, sock: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := sock.recv(65_536)):
                return
            head += data
        expected = base64.b64encode(f"{self.user}:{self.password}".encode())
        if self.user and b"Proxy-Authorization: Basic " + expected not in head:
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            return
        method, address, _ = head.split(b" ", 2)
        if method == b"CONNECT":
            self.asked.append(address.decode())
            host, _, port = address.decode().rpartition(":")
            head, end, rest = self.answer.partition(b"\r\n\r")
            for byte in head + end:  # in single bytes: a client may not expect it whole
                sock.sendall(bytes([byte]))
            sock.sendall(rest)
            if self.answer.startswith(b"HTTP/1.1 2"):
                self._tunnel(sock, host, int(port))
        else:
            parts = urlsplit(address.decode())
            assert parts.hostname is not None and parts.port is not None
            self.asked.append(f"{parts.hostname}:{parts.port}")
            self._tunnel(sock, parts.hostname, parts.port, head)


class SocksProxy(_Server):
    """SOCKS5 (RFC 1928) with user and password (RFC 1929); names are resolved here."""

    def _serve(self, sock: socket.socket) -> None:
        _, methods = _exactly(sock, 2)
        offered = _exactly(sock, methods)
        wanted = 2 if self.user else 0
        if wanted not in offered:
            sock.sendall(b"\x05\xff")
            return
        sock.sendall(bytes([5, wanted]))
        if wanted == 2:
            _, size = _exactly(sock, 2)
            user = _exactly(sock, size).decode()
            password = _exactly(sock, _exactly(sock, 1)[0]).decode()
            right = (user, password) == (self.user, self.password)
            sock.sendall(bytes([1, 0 if right else 1]))
            if not right:
                return
        _, _, _, kind = _exactly(sock, 4)
        if kind == 1:
            host = socket.inet_ntoa(_exactly(sock, 4))
        elif kind == 3:
            host = _exactly(sock, _exactly(sock, 1)[0]).decode()
        else:
            host = socket.inet_ntop(socket.AF_INET6, _exactly(sock, 16))
        port = int.from_bytes(_exactly(sock, 2), "big")
        self.asked.append(f"{host}:{port}")
        sock.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        self._tunnel(sock, host, port)


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        if not (more := sock.recv(count - len(data))):
            raise OSError("the client left")
        data += more
    return data
