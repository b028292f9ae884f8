"""Fakes around media: an index and a shelf in memory, and a client that writes down what it gets."""

from collections.abc import AsyncIterator, Callable, Sequence

from nexhina.blobs.index import FileGone, Head, QuotaFull
from nexhina.blobs.link import LinkSigner
from nexhina.blobs.store import BlobStore, Keeping
from nexhina.errors import HeaderList
from nexhina.ports import Inbound
from nexhina.telemetry.clock import ManualClock

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
SECRET = b"s" * 32


class MemoryIndex:
    """blobs.index.Index in a dictionary."""

    def __init__(self) -> None:
        self.heads: dict[str, tuple[Head, int, float]] = {}

    async def save(
        self,
        head: Head,
        *,
        tenant_id: int,
        now: float,
        expires_at: float,
        quota: int | None,
        new: bool,
    ) -> None:
        used = sum(
            kept.size
            for kept, owner, until in self.heads.values()
            if owner == tenant_id and until > now and kept.id != head.id
        )
        if quota is not None and used + head.size > quota:
            raise QuotaFull
        if not new and head.id not in self.heads:
            raise FileGone
        self.heads[head.id] = (head, tenant_id, expires_at)

    async def find(self, blob_id: str, now: float) -> Head | None:
        head, _, until = self.heads.get(blob_id, (None, 0, 0.0))
        return head if head is not None and head.content_type and until > now else None

    async def list_expired(self, now: float, limit: int) -> list[str]:
        return [each for each, (_, _, until) in self.heads.items() if until <= now][:limit]

    async def list_known(self, ids: Sequence[str]) -> set[str]:
        return set(ids) & set(self.heads)

    async def remove(self, ids: Sequence[str]) -> None:
        for each in ids:
            self.heads.pop(each, None)


class MemoryShelf:
    """blobs.shelf.Shelf in a dictionary."""

    read_size = 256 * 1024
    where = "memory"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.drafts: dict[str, list[bytes]] = {}
        self.reads: list[tuple[int, int]] = []
        self.cut_after: int | None = None  # the file disappears after so many reads
        self.broken: Exception | None = None  # raised by the next write

    def begin(self, blob_id: str) -> "MemoryPen":
        return MemoryPen(self, blob_id)

    async def read(self, blob_id: str, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        if self.cut_after is not None and len(self.reads) > self.cut_after:
            return b""
        return self.files.get(blob_id, b"")[offset : offset + length]

    async def remove(self, blob_ids: Sequence[str]) -> None:
        for each in blob_ids:
            self.files.pop(each, None)
            self.drafts.pop(each, None)

    async def list_older(self, before: float) -> AsyncIterator[list[str]]:
        yield list(self.files) if before > 0 else []


class MemoryPen:
    """blobs.shelf.Pen of a MemoryShelf."""

    def __init__(self, shelf: MemoryShelf, blob_id: str) -> None:
        self._shelf, self._id = shelf, blob_id

    async def write(self, piece: bytes) -> None:
        if (error := self._shelf.broken) is not None:
            raise error
        self._shelf.drafts.setdefault(self._id, []).append(piece)

    async def finish(self) -> None:
        self._shelf.files[self._id] = b"".join(self._shelf.drafts.pop(self._id))

    async def discard(self) -> None:
        self._shelf.drafts.pop(self._id, None)
        self._shelf.files.pop(self._id, None)


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
            MemoryIndex(),
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
