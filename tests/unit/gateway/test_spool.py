"""Uploads on their way in: where they lie, what refuses them, and that their files go."""

import asyncio
import contextlib
import errno
import gc
from pathlib import Path
from typing import Any

import pytest

from nexhina.dialects.multipart import begin_scan, read_form
from nexhina.errors import OverloadedError
from nexhina.gateway.answer import write_plain_error
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.spool import IN_MEMORY, FileSpool, Intake, SpoolFolder
from nexhina.ports import Client, Handler, Inbound, Spool
from nexhina.tasks import Wait
from support.edge import MemoryConnection
from support.form import form_kind, write_form

MIB = 1024 * 1024
PLENTY = 1 << 40
LARGE = write_form({"model": "m"}, [("file", "a.bin", None, bytes(range(256)) * 10_000)])
SMALL = write_form({"model": "m"}, [("file", "a.bin", None, b"x" * 100_000)])


class Route:
    """A route for uploads, and the requests that it got."""

    def __init__(self, *, scan: bool = True, **more: Any) -> None:
        self.calls: list[Inbound] = []
        self.uploads: list[Spool] = []
        self.read: list[bytes] = []
        self.models: list[str | None] = []
        self.hold = False  # answers wait until their gate opens
        self.gates: list[Wait[None]] = []
        self.handler = Handler(
            run=self.run,
            write_error=write_plain_error,
            max_body=200_000,
            spool=True,
            max_upload=4 * MIB,
            scan=begin_scan if scan else None,
            **more,
        )

    async def run(self, inbound: Inbound, client: Client) -> None:
        self.calls.append(inbound)
        if inbound.upload is not None:
            self.uploads.append(inbound.upload)
            self.read.append(inbound.upload.read(0, inbound.upload.size + 9))
        if inbound.headers[b"content-type"].startswith(b"multipart"):
            self.models.append(read_form(inbound).text("model"))
        self.gates.append(wait := Wait())
        if self.hold:
            await wait
        client.answer(200, [], b"taken")

    def connect(self, folder: Path, **options: Any) -> MemoryConnection:
        limits = ServerOptions(spool_folder=str(folder), min_free=0, **options)
        return MemoryConnection({("/v1/up", "POST"): self.handler}, limits)


def head(size: int | None, *more: bytes, kind: bytes = form_kind()) -> bytes:
    lines = [b"POST /v1/up HTTP/1.1", b"Host: a", b"Content-Type: " + kind, *more]
    lines.append(b"Transfer-Encoding: chunked" if size is None else b"Content-Length: %d" % size)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def in_chunks(body: bytes, size: int = 70_000) -> bytes:
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def send(connection: MemoryConnection, data: bytes, step: int = 65_536) -> None:
    for at in range(0, len(data), step):
        connection.send(data[at : at + step])


def open_files(folder: Path) -> int:
    """How many files of this folder the process holds open, those without a name included."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists the folder
            found += str(descriptor.readlink()).startswith(str(folder))
    return found


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_large_form_lies_on_disk_and_is_read_from_there(tmp_path: Path, *, chunked: bool):
    route = Route()
    connection = route.connect(tmp_path)
    send(
        connection, head(None if chunked else len(LARGE)) + (in_chunks(LARGE) if chunked else LARGE)
    )
    assert connection.take().startswith(b"HTTP/1.1 200")
    (call,) = route.calls
    assert call.body == b""
    assert route.uploads[0].size == len(LARGE)
    assert route.read == [LARGE]
    assert route.models == ["m"]
    assert list(tmp_path.iterdir()) == []  # it has no name


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_small_form_stays_in_memory(tmp_path: Path, *, chunked: bool):
    route = Route()
    connection = route.connect(tmp_path)
    send(
        connection, head(None if chunked else len(SMALL)) + (in_chunks(SMALL) if chunked else SMALL)
    )
    (call,) = route.calls
    assert (call.upload, call.body) == (None, SMALL)
    assert route.models == ["m"]
    assert open_files(tmp_path) == 0


def test_the_file_closes_when_the_call_is_over_and_not_before(tmp_path: Path):
    route = Route()
    route.hold = True
    connection = route.connect(tmp_path)
    gc.disable()  # nothing may have to wait for the collector
    try:
        send(connection, head(len(LARGE)) + LARGE)
        assert open_files(tmp_path) == 1
        assert connection.edge.spools.used == len(LARGE)
        route.gates[0].resolve(None)
        assert connection.take().startswith(b"HTTP/1.1 200")
        assert open_files(tmp_path) == 0
        assert connection.edge.spools.used == 0
        with pytest.raises(OSError, match="call is over"):
            route.uploads[0].read(0, 1)
    finally:
        gc.enable()


def test_the_file_closes_when_the_caller_leaves(tmp_path: Path):
    route = Route()
    route.hold = True
    connection = route.connect(tmp_path)
    send(connection, head(len(LARGE)) + LARGE)
    assert open_files(tmp_path) == 1
    connection.connection.eof_received()
    assert open_files(tmp_path) == 0


@pytest.mark.parametrize("end", ["lost", "eof", "timeout", "broken"])
def test_the_file_closes_when_the_upload_breaks_off(tmp_path: Path, end: str):
    route = Route()
    connection = route.connect(tmp_path)
    send(connection, head(None) + in_chunks(LARGE[:2_000_000])[:-5])
    assert open_files(tmp_path) == 1
    if end == "lost":
        connection.connection.connection_lost(None)
    elif end == "eof":
        connection.connection.eof_received()
        connection.connection.connection_lost(None)
    elif end == "timeout":
        connection.pass_seconds(61)
        assert b" 408 " in connection.take()
    else:
        connection.send(b"no chunk\r\n")
        assert b" 400 " in connection.take()
    assert open_files(tmp_path) == 0
    assert connection.edge.spools.used == 0
    assert route.calls == []


async def test_what_follows_an_upload_is_the_next_request(tmp_path: Path):
    route = Route()
    connection = route.connect(tmp_path)
    data = head(len(LARGE)) + LARGE
    send(connection, data + data[:1000])
    await asyncio.sleep(0)
    send(connection, data[1000:])
    assert connection.take().count(b"HTTP/1.1 200") == 2
    assert route.read == [LARGE, LARGE]


def test_a_larger_form_is_refused_before_it_is_read(tmp_path: Path):
    connection = Route().connect(tmp_path)
    connection.send(head(4 * MIB + 1, b"Expect: 100-continue"))
    answer = connection.take()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"at most 4194304" in answer


def test_a_larger_form_in_chunks_is_refused_when_it_gets_there(tmp_path: Path):
    connection = Route().connect(tmp_path)
    send(connection, head(None) + in_chunks(write_form(None, [("f", "f", None, bytes(5 * MIB))])))
    assert connection.take().startswith(b"HTTP/1.1 413")
    assert open_files(tmp_path) == 0


def test_other_bodies_of_the_route_keep_to_the_smaller_bound(tmp_path: Path):
    route = Route()
    connection = route.connect(tmp_path)
    connection.send(head(200_001, kind=b"application/json"))
    assert connection.take().startswith(b"HTTP/1.1 413")
    connection = route.connect(tmp_path)
    send(connection, head(200_000, kind=b"application/json") + b"x" * 200_000)
    assert route.calls[0].body == b"x" * 200_000
    assert route.calls[0].scan is None


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (b"multipart/form-data", b"400"),
        (b"multipart/form-data; boundary=a; boundary=b", b"400"),
        (b"multipart/form-data-x; boundary=a", b"415"),
    ],
)
def test_a_form_without_a_boundary_is_refused_before_it_is_read(
    tmp_path: Path, kind: bytes, status: bytes
):
    connection = Route().connect(tmp_path)
    connection.send(head(3 * MIB, b"Expect: 100-continue", kind=kind))
    answer = connection.take()
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"100 Continue" not in answer


def test_a_packed_form_is_refused_before_it_is_read(tmp_path: Path):
    connection = Route().connect(tmp_path)
    connection.send(head(3 * MIB, b"Content-Encoding: gzip"))
    answer = connection.take()
    assert answer.startswith(b"HTTP/1.1 415")
    assert b"send the plain body" in answer


def test_a_broken_form_is_refused_as_soon_as_that_is_seen(tmp_path: Path):
    connection = Route().connect(tmp_path)
    body = LARGE.replace(b"; name=", b"; nome=")
    send(connection, head(len(body)) + body[: IN_MEMORY + 200_000])
    answer = connection.take()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"has no name" in answer
    assert open_files(tmp_path) == 0


def test_a_form_that_ends_too_early_is_refused(tmp_path: Path):
    route = Route()
    connection = route.connect(tmp_path)
    body = LARGE[:-20]
    send(connection, head(len(body)) + body)
    assert b"closing boundary is missing" in connection.take()
    assert route.calls == []


def test_without_a_scan_any_form_is_taken(tmp_path: Path):
    route = Route(scan=False)
    connection = route.connect(tmp_path)
    send(connection, head(len(LARGE)) + LARGE)
    assert route.calls[0].scan is None
    assert route.read == [LARGE]


def test_the_client_is_told_to_go_on(tmp_path: Path):
    route = Route()
    connection = route.connect(tmp_path)
    connection.send(head(len(LARGE), b"Expect: 100-continue"))
    assert connection.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    send(connection, LARGE)
    assert connection.take().startswith(b"HTTP/1.1 200")


# --- no room --------------------------------------------------------------------------------------


def test_all_uploads_together_have_a_bound(tmp_path: Path):
    route = Route()
    connection = route.connect(tmp_path, max_spooled=3 * MIB)
    route.hold = True
    send(connection, head(len(LARGE)) + LARGE)
    second = route.connect(tmp_path)
    second.connection.edge.spools = connection.edge.spools
    second.connection.connection_made(second.transport)
    send(second, head(len(LARGE)) + LARGE)
    answer = second.take()
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 10" in answer
    assert b'"code":"overloaded"' in answer
    assert open_files(tmp_path) == 1  # the first one's


def test_a_part_of_the_disk_is_left_to_others(tmp_path: Path):
    folder = SpoolFolder(str(tmp_path), PLENTY, min_free=PLENTY)
    intake = Intake(folder, None)
    with pytest.raises(OverloadedError, match="no room"):
        intake.add(bytes(IN_MEMORY + 1))
    assert folder.used == 0


def test_a_full_disk_is_a_503_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(self: FileSpool, data: bytes) -> None:
        del self, data
        raise OSError(errno.ENOSPC, "No space left on device")

    connection = Route().connect(tmp_path)
    monkeypatch.setattr(FileSpool, "append", fail)
    send(connection, head(len(LARGE)) + LARGE)
    assert connection.take().startswith(b"HTTP/1.1 503")
    assert "No space left" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_folder_that_can_not_be_made_is_a_503(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    connection = Route().connect(tmp_path / "file" / "folder")
    send(connection, head(len(LARGE)) + LARGE)
    assert connection.take().startswith(b"HTTP/1.1 503")


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path):
    folder = tmp_path / "uploads"
    spool = FileSpool(SpoolFolder(str(folder), PLENTY))
    spool.append(b"abc")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert spool.read(1, 9) == b"bc"


def test_writes_are_large_and_reads_see_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    append = FileSpool.append

    def note(self: FileSpool, data: bytes) -> None:
        sizes.append(len(data))
        append(self, data)

    monkeypatch.setattr(FileSpool, "append", note)
    connection = Route().connect(tmp_path)
    send(connection, head(len(LARGE)) + LARGE, step=1400)
    assert connection.take().startswith(b"HTTP/1.1 200")
    assert min(sizes[:-1]) > 256 * 1024
    assert sum(sizes) == len(LARGE)
