"""Forward proxies on real ports: HTTP (CONNECT and absolute form) and SOCKS5, with a password.

Each records where it was asked to go and with which credentials; a wrong password is refused.
"""

import base64
import contextlib
import socket
from urllib.parse import urlsplit

from support.listener import Listener


class _Server(Listener):
    """What forward proxies have in common."""

    patience = 10.0

    def __init__(self, user: str = "", password: str = "") -> None:
        super().__init__()
        self.user = user
        self.password = password
        self.asked: list[str] = []  # "host:port"

    def _tunnel(self, sock: socket.socket, host: str, port: int, first: bytes = b"") -> None:
        """Copies both ways until one side closes."""
        far = socket.create_connection((host, port), 10)
        self.keep(far)
        far.sendall(first)
        self.spawn(_copy, far, sock)
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

    def serve(self, sock: socket.socket) -> None:
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

    def serve(self, sock: socket.socket) -> None:
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
