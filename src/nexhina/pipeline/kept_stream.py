"""A caller of a stream with an Idempotency-Key: what is sent is remembered, to be sent again."""

from collections.abc import Callable

from nexhina.errors import HeaderList
from nexhina.ports import Client


class KeptStream:
    """ports.Client in front of the real one. Keeps at most `most` bytes, then nothing more."""

    def __init__(self, client: Client, most: int) -> None:
        self.client = client
        self.head: HeaderList = []
        self._sent: bytearray | None = bytearray()
        self._most = most

    def read_all(self, end: bytes) -> bytes | None:
        """The whole answer with its last piece; None when it is too large to be kept."""
        self._take(end)
        return None if self._sent is None else bytes(self._sent)

    @property
    def gone(self) -> bool:
        """The caller hung up."""
        return self.client.gone

    @property
    def started(self) -> bool:
        """A head has been sent."""
        return self.client.started

    def answer(
        self, status: int, headers: HeaderList, body: bytes | bytearray, lines: bytes = b""
    ) -> None:
        """Sends a whole answer."""
        self.client.answer(status, headers, body, lines)

    def answer_usual(self, kind: bytes, body: bytes | bytearray, lines: bytes) -> None:
        """Sends a whole answer of status 200."""
        self.client.answer_usual(kind, body, lines)

    def start(self, status: int, headers: HeaderList, lines: bytes = b"") -> None:
        """Begins a streamed answer; its lines are of this call alone."""
        self.head = headers
        self.client.start(status, headers, lines)

    def write(self, data: bytes) -> None:
        """Sends one piece."""
        self._take(data)
        self.client.write(data)

    def end(self, data: bytes = b"") -> None:
        """Sends the last piece."""
        self.client.end(data)

    def abort(self) -> None:
        """Breaks the answer off."""
        self.client.abort()

    def on_pressure(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Asks to be told when the caller reads too slowly."""
        self.client.on_pressure(pause, resume)

    def conclude(self, error: BaseException | None) -> None:
        """The call's steps are over."""
        self.client.conclude(error)

    def _take(self, data: bytes) -> None:
        if self._sent is None:
            return
        if len(self._sent) + len(data) > self._most:
            self._sent = None
        else:
            self._sent += data
