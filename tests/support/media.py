"""Fakes around media: a shelf in memory and a client that writes down what it gets."""

from collections.abc import Callable

from nexhina.blobs.link import LinkSigner
from nexhina.blobs.store import BlobStore, Head, Keeping, ShelfFull
from nexhina.errors import HeaderList
from nexhina.ports import Inbound
from nexhina.telemetry.clock import ManualClock

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
SECRET = b"s" * 32


class MemoryShelf:
    """store.Shelf in a dictionary."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[Head, int, bytes, float]] = {}
        self.reads: list[tuple[int, int]] = []
        self.cut_after: int | None = None  # the file disappears after so many reads

    async def save(
        self,
        head: Head,
        *,
        tenant_id: int,
        data: bytes,
        now: float,
        expires_at: float,
        quota: int | None,
    ) -> None:
        used = sum(
            len(kept)
            for _, owner, kept, until in self.files.values()
            if owner == tenant_id and until > now
        )
        if quota is not None and used + len(data) > quota:
            raise ShelfFull
        self.files[head.id] = (head, tenant_id, data, expires_at)

    async def find(self, blob_id: str, now: float) -> Head | None:
        entry = self.files.get(blob_id)
        return entry[0] if entry is not None and entry[3] > now else None

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        if self.cut_after is not None and len(self.reads) > self.cut_after:
            return b""
        entry = self.files.get(blob_id)
        return entry[2][offset : offset + length] if entry is not None else b""


class Entropy:
    """Numbered bytes, so that ids differ and repeat from run to run."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, length: int) -> bytes:
        self.calls += 1
        return self.calls.to_bytes(length, "big")


def make_store(
    shelf: MemoryShelf | None = None, **keeping: object
) -> tuple[BlobStore, ManualClock]:
    clock = ManualClock()
    return (
        BlobStore(
            shelf or MemoryShelf(),
            LinkSigner(SECRET),
            clock,
            Entropy(),
            Keeping(**keeping),  # pyright: ignore[reportArgumentType]
        ),
        clock,
    )


class RecordingClient:
    """ports.Client that keeps what was sent. `full_after`: asks to pause after so many pieces."""

    def __init__(self, full_after: int | None = None) -> None:
        self.gone = False
        self.started = False
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.pieces: list[bytes] = []
        self.ended = False
        self.aborted = False
        self.resume: Callable[[], None] | None = None
        self._pause: Callable[[], None] | None = None
        self._full_after = full_after

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def answer(
        self, status: int, headers: HeaderList, body: bytes | bytearray, lines: bytes = b""
    ) -> None:
        assert not lines
        assert not self.started
        self.start(status, headers)
        self.end(bytes(body))

    def answer_usual(self, kind: bytes, body: bytes | bytearray, lines: bytes) -> None:
        self.answer(200, [(b"content-type", kind)], body, lines)

    def conclude(self, error: BaseException | None) -> None:
        raise AssertionError("nothing here goes by callbacks") from error

    def start(self, status: int, headers: HeaderList, lines: bytes = b"") -> None:
        assert not lines
        self.started = True
        self.status = status
        self.headers = dict(headers)
        assert len(self.headers) == len(headers), "a header was given twice"

    def write(self, data: bytes) -> None:
        self.pieces.append(data)
        if self._full_after is not None and len(self.pieces) >= self._full_after:
            assert self._pause is not None
            self._full_after = None
            self._pause()

    def end(self, data: bytes = b"") -> None:
        self.pieces.append(data)
        self.ended = True

    def abort(self) -> None:
        self.aborted = True

    def on_pressure(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._pause, self.resume = pause, resume


def make_call(link: str, method: str = "GET", **headers: bytes) -> Inbound:
    """The call of a link "/media/<name>?…"; header names with underscores."""
    path, _, query = link.partition("?")
    return Inbound(
        id="0193-call",
        request_id="0193-call",
        method=method,
        path=path,
        params={"name": path.removeprefix("/media/")},
        query=query.encode(),
        headers={name.replace("_", "-").encode(): value for name, value in headers.items()},
        body=b"",
        peer="127.0.0.1",
        received=0.0,
    )
