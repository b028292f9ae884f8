"""A vendor on a real port that plays scripts: every way in which an HTTP server can misbehave.

A script is a list of steps for one request; requests take scripts in order, then `otherwise`:

    with ScriptedUpstream() as vendor:
        vendor.play(json_answer({"ok": True}))
        vendor.play(sse_head(), event(b"one"), Hold(gate), event(b"two"), sse_end())
        vendor.play(answer(200, b"{}", length=10), Cut())
        vendor.otherwise = lambda request: [json_answer(request.json())]  # chosen by the request
        … call vendor.base_url …
        vendor.received[0].json(), vendor.accepted, vendor.connections[0].closed.wait(1)

One thread per connection, plain sockets, no HTTP library: what is sent is what the script says.
"""

import select
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from support.listener import Listener, read_request


@dataclass
class Hold:
    """Waits for the event (set by the test), or until the client closes."""

    event: threading.Event


@dataclass
class Stall:
    """Sends nothing more; the connection stays open until the client or the test ends it."""


@dataclass
class Slow:
    """Sends the bytes a few at a time."""

    data: bytes
    size: int = 1
    every: float = 0.002  # seconds


@dataclass
class Flood:
    """Sends this many bytes as fast as the client takes them; see `Connection.sent`."""

    count: int


@dataclass
class Cut:
    """Closes in good order, whatever was promised."""


@dataclass
class Reset:
    """Closes with RST."""


Step = bytes | Hold | Stall | Slow | Flood | Cut | Reset
Script = Sequence[Step]


@dataclass
class Received:
    """One request, as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]  # lower-case names
    body: bytes
    raw_head: bytes
    connection: "Connection"

    def json(self) -> dict[str, object]:
        return msgspec.json.decode(self.body, type=dict[str, object])


@dataclass
class Connection:
    """One accepted connection. `closed` is set when it has ended: by the client, unless a script
    ended it; `closed_at` tells when."""

    number: int
    closed: threading.Event = field(default_factory=threading.Event)
    closed_at: float = 0.0  # time.monotonic()
    sent: int = 0
    requests: int = 0


# --- answers as data ------------------------------------------------------------------------------


def answer(
    status: int = 200,
    body: bytes = b"",
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    """A whole answer; `length` is the Content-Length to claim, true by default."""
    fields = {"content-type": content_type, "content-length": str(len(body))} | (headers or {})
    if length is not None:
        fields["content-length"] = str(length)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode() + body


def json_answer(value: object, status: int = 200, headers: dict[str, str] | None = None) -> bytes:
    return answer(status, msgspec.json.encode(value), headers=headers)


def html_answer(status: int = 200) -> bytes:
    """What a misconfigured proxy in front of a vendor says."""
    return answer(status, b"<!doctype html><title>Welcome</title>", "text/html")


def rate_limited(retry_after: str = "1") -> bytes:
    error = {"error": {"message": "slow down", "type": "rate_limit_error", "code": None}}
    return json_answer(error, 429, {"retry-after": retry_after})


def chunked_head(content_type: str = "application/json", status: int = 200) -> bytes:
    return (
        f"HTTP/1.1 {status} Scripted\r\ncontent-type: {content_type}\r\n"
        "transfer-encoding: chunked\r\n\r\n"
    ).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


CHUNKED_END = b"0\r\n\r\n"


def sse_head() -> bytes:
    return chunked_head("text/event-stream")


def event(data: bytes) -> bytes:
    return chunk(b"data: %b\n\n" % data)


def chat_event(
    content: str | None = None, *, finish: str | None = None, usage: dict[str, int] | None = None
) -> bytes:
    """A chat completion chunk as one event in one HTTP chunk."""
    delta = {} if content is None else {"content": content}
    value: dict[str, object] = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted",
        "choices": []
        if usage is not None
        else [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    if usage is not None:
        value["usage"] = usage
    return event(msgspec.json.encode(value))


def sse_end(*, done: bool = True) -> bytes:
    return (event(b"[DONE]") if done else b"") + CHUNKED_END


def chat_stream(
    events: int = 3, *, usage: dict[str, int] | None = None, done: bool = True
) -> list[Step]:
    """A whole streamed chat completion, one step per event."""
    steps: list[Step] = [sse_head()]
    steps += [chat_event(f"word{number} ") for number in range(events)]
    steps.append(chat_event(finish="stop"))
    if usage is not None:
        steps.append(chat_event(usage=usage))
    steps.append(sse_end(done=done))
    return steps


GARBAGE = b"\x00\x15\x03 this is not HTTP\r\n\r\n"


# --- the server -----------------------------------------------------------------------------------


class ScriptedUpstream(Listener):
    """A vendor. Use as a context manager."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, greeting: bytes = b"") -> None:
        """`greeting` is sent to every connection before anything was asked."""
        super().__init__()
        self.received: list[Received] = []
        self.connections: list[Connection] = []
        self.otherwise: Script | Callable[[Received], Script] = [json_answer({})]
        self.close_after_answer = False  # promise keep-alive, then close
        self._scripts: deque[Script] = deque()
        self._tls = tls
        self._greeting = greeting
        self._changed = threading.Condition()

    @property
    def base_url(self) -> str:
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}/v1"

    @property
    def accepted(self) -> int:
        return len(self.connections)

    def play(self, *steps: Step) -> None:
        """The next unscripted request gets these steps."""
        self._scripts.append(steps)

    def wait_for_requests(self, count: int, timeout: float = 5) -> None:
        """Blocks until so many requests have come in (call it in a thread from async tests)."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.received) >= count, timeout):
                raise TimeoutError(f"{len(self.received)} of {count} requests came")

    def serve(self, sock: socket.socket) -> None:
        """Plays a script for each request of one connection."""
        with self._changed:
            connection = Connection(len(self.connections))
            self.connections.append(connection)
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self.keep(sock)
            if self._greeting:
                sock.sendall(self._greeting)
            buffer = bytearray()
            while not self.stopping.is_set():
                request = _read_request(sock, buffer, connection)
                if request is None:
                    return
                connection.requests += 1
                with self._changed:
                    self.received.append(request)
                    script = self._scripts.popleft() if self._scripts else self.otherwise
                    self._changed.notify_all()
                if callable(script):
                    script = script(request)
                if not all(self._step(sock, connection, step) for step in script):
                    return
                if self.close_after_answer:
                    return
        finally:
            connection.closed_at = time.monotonic()
            connection.closed.set()
            sock.close()

    def _step(self, sock: socket.socket, connection: Connection, step: Step) -> bool:
        """Whether the script goes on."""
        match step:
            case bytes():
                sock.sendall(step)
                connection.sent += len(step)
            case Slow():
                for start in range(0, len(step.data), step.size):
                    sock.sendall(step.data[start : start + step.size])
                    time.sleep(step.every)
            case Flood():
                piece = b"x" * 16_384
                left = step.count
                while left and not self.stopping.is_set():
                    sent = sock.send(piece[:left])
                    connection.sent += sent
                    left -= sent
            case Hold():
                return self._wait(sock, step.event)
            case Stall():
                return self._wait(sock, self.stopping)
            case Reset():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case Cut():
                return False
        return True

    def _wait(self, sock: socket.socket, event: threading.Event) -> bool:
        """Until the event; False as soon as the client closes (or the server stops)."""
        while not event.is_set():
            readable, _, _ = select.select([sock], [], [], 0.005)
            if readable and (isinstance(sock, ssl.SSLSocket) or not sock.recv(1, socket.MSG_PEEK)):
                return False
            if self.stopping.is_set():
                return False
        return not self.stopping.is_set()


def _read_request(
    sock: socket.socket, buffer: bytearray, connection: Connection
) -> Received | None:
    """The next request, or None when the client is gone."""
    found = read_request(sock, buffer)
    if found is None:
        return None
    head, body = found
    lines = head.decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines[1:])
    }
    return Received(method, path, headers, body, head, connection)
