"""A TCP proxy between the product and a vendor that breaks every answer in one way.

with ScriptedUpstream() as vendor, FaultyProxy(vendor.port, Fault(until=b"role", ends="reset")) as proxy:
    … call http://127.0.0.1:{proxy.port}/v1 …
    proxy.met  # requests that met the fault
"""

import socket
import struct
import threading
from dataclasses import dataclass
from typing import Literal

from support.listener import Listener, read_request


@dataclass(frozen=True)
class Fault:
    """What becomes of a request: with `answer` it never reaches the vendor; else the vendor's
    answer passes up to and with the bytes `until`, then it ends. An answer without these passes."""

    answer: bytes = b""
    until: bytes = b""
    ends: Literal["refuse", "keep", "stall", "cut", "reset"] = "keep"

    @property
    def forwards(self) -> bool:
        """Whether the vendor gets the request."""
        return bool(self.until)


class FaultyProxy(Listener):
    """Use as a context manager. `Fault(ends="refuse")`: nothing listens on its port."""

    def __init__(self, vendor_port: int, fault: Fault) -> None:
        super().__init__()
        self.fault = fault
        self.met = 0
        self._vendor = ("127.0.0.1", vendor_port)
        self._counting = threading.Lock()
        if fault.ends == "refuse":  # bound all the same, so that nobody else gets the port
            self._listener.close()
            self._listener = socket.socket()
            self._listener.bind(("127.0.0.1", self.port))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _accept(self) -> None:
        if self.fault.ends != "refuse":
            super()._accept()

    def serve(self, sock: socket.socket) -> None:
        """Breaks the answers of one connection."""
        buffer, fault = bytearray(), self.fault
        while (request := read_request(sock, buffer)) is not None:
            if fault.forwards and self._pass(sock, b"\r\n\r\n".join(request)):
                continue
            with self._counting:
                self.met += 1
            sock.sendall(fault.answer)
            if fault.ends == "stall":
                sock.recv(1)  # until the client, or the test, ends it
            elif fault.ends == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
            if fault.ends != "keep":
                return

    def _pass(self, sock: socket.socket, request: bytes) -> bool:
        """Whether the whole answer went through; a connection to the vendor for each request."""
        until = self.fault.until
        seen = bytearray()
        with socket.create_connection(self._vendor, self.patience) as far:
            far.sendall(request)
            while not _is_whole(seen):
                data = far.recv(65_536)
                if not data:
                    return False
                start = len(seen)
                seen += data
                at = seen.find(until)
                sock.sendall(seen[start:] if at < 0 else seen[start : at + len(until)])
                if at >= 0:
                    return False
        return True


def _is_whole(answer: bytearray) -> bool:
    """Whether an answer with Content-Length, or in chunks, has come to its end."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line[15:])
    return answer.endswith(b"0\r\n\r\n")
