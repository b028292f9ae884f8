"""A caller on a plain socket, who reads as slowly as a test wants and hangs up when it wants.

    with Caller(product) as caller:
        caller.chat("m", stream=True)
        head = caller.read_head()
        for data in caller.events(): …

The framing is checked on the way: `CutError` says that the answer ended before its end.
"""

import contextlib
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from support.product import Product

SECONDS = 20.0


class CutError(Exception):
    """The connection ended in the middle of an answer. Carries what had come of its body."""

    def __init__(self, body: bytes = b"") -> None:
        super().__init__(f"the answer was cut after {len(body)} bytes")
        self.body = body


class Head(msgspec.Struct, frozen=True):
    """Status and headers of an answer (names in lower case)."""

    status: int
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        """The call's own id."""
        return self.headers["x-nexhina-id"]


class Caller:
    """One connection to the product; one call after the other on it."""

    def __init__(
        self,
        product: Product,
        *,
        key: str | None = None,
        receive_buffer: int | None = None,
        seconds: float = SECONDS,
    ) -> None:
        address = urlsplit(product.origin)
        self._host = address.netloc
        self._key = product.key if key is None else key
        self._sock = socket.socket()
        if receive_buffer is not None:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._sock.settimeout(seconds)
        try:
            self._sock.connect((address.hostname, address.port))
        except BaseException:
            self._sock.close()
            raise
        self._buffer = bytearray()
        self._length: int | None = None  # what is left of the body; None: chunks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        self._sock.close()

    def reset(self) -> None:
        """Hangs up with RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    # --- sending ----------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        """Sends one request; header names are written with _ for -."""
        fields = {
            "host": self._host,
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "content-length": str(len(body)),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._sock.sendall(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)

    def chat(self, model: str, text: str = "hello", **fields: Any) -> None:
        """Sends a chat completion; `fields` go into its body."""
        value = {"model": model, "messages": [{"role": "user", "content": text}]} | fields
        self.send("POST", "/v1/chat/completions", msgspec.json.encode(value))

    # --- reading ----------------------------------------------------------------------------------

    def read_head(self) -> Head:
        """The head of the next answer."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        raw, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer[:] = rest
        first, *lines = raw.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        self._length = None
        if headers.get("transfer-encoding", "") != "chunked":
            self._length = int(headers["content-length"])
        return Head(int(first.split(" ")[1]), headers)

    def pieces(self) -> Iterator[bytes]:
        """The rest of the body, in its chunks; ends at its true end and raises CutError before."""
        came = bytearray()
        try:
            if self._length is not None:
                while len(self._buffer) < self._length:
                    self._more()
                yield self._take(self._length)
                return
            while size := self._read_size():
                while len(self._buffer) < size + 2:
                    self._more()
                piece = self._take(size)
                assert self._take(2) == b"\r\n"
                came += piece
                yield piece
            while len(self._buffer) < 2:
                self._more()
            assert self._take(2) == b"\r\n"  # no trailers
        except CutError:
            raise CutError(bytes(came)) from None

    def read_body(self) -> bytes:
        """The whole rest of the body."""
        return b"".join(self.pieces())

    def events(self) -> Iterator[bytes]:
        """The data of each server-sent event; comments are passed over."""
        text = bytearray()
        for piece in self.pieces():
            text += piece
            while b"\n\n" in text:
                event, _, rest = bytes(text).partition(b"\n\n")
                text[:] = rest
                if event.startswith(b"data: "):
                    yield event.removeprefix(b"data: ")
        assert not text, f"half an event at the end: {bytes(text)!r}"

    def is_hung_up(self, seconds: float = SECONDS) -> bool:
        """Whether the product ends the connection within `seconds` and sends nothing before."""
        self._sock.settimeout(seconds)
        try:
            return not self._sock.recv(1)
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def _read_size(self) -> int:
        while not (found := re.match(rb"([0-9a-f]+)\r\n", self._buffer)):
            self._more()
        size = int(found[1], 16)  # before taking: a match reads its buffer late
        self._take(found.end())
        return size

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _more(self) -> None:
        data = b""
        with contextlib.suppress(ConnectionResetError):
            data = self._sock.recv(65_536)
        if not data:
            raise CutError
        self._buffer += data


def chat(
    product: Product, model: str, text: str = "hello", *, key: str | None = None, **fields: Any
) -> Any:
    """One whole chat completion: a support.product.Answer, whatever its status."""
    body = {"model": model, "messages": [{"role": "user", "content": text}]} | fields
    return product.call("POST", "/v1/chat/completions", body, key=key)
