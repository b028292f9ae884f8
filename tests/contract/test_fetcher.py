"""The fetcher against servers that attack it: names that turn, redirections, bodies without end."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from nexhina.errors import FetchError
from nexhina.ports import Fetched, Limits, Origin
from nexhina.telemetry.clock import SystemClock
from nexhina.upstream.dial import Address
from nexhina.upstream.fetcher import LIMITS, PublicFetcher
from nexhina.upstream.reach import read_networks

MIB = 1024 * 1024
LOOPBACK = read_networks(("127.0.0.0/8",))


class Server:
    """Answers each path with bytes or by a coroutine; keeps the heads it got."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Callable[[asyncio.StreamWriter], Any]] = {}
        self.heads: list[bytes] = []
        self.port = 0
        self.gone = asyncio.Event()

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def url(self, path: str, host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def redirect(self, path: str, location: str) -> str:
        self.answers[path] = (
            f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        return self.url(path)

    def body(self, path: str, data: bytes, extra: str = "") -> str:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {len(data)}\r\n{extra}\r\n"
        self.answers[path] = head.encode() + data
        return self.url(path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            answer = self.answers[head.split(b" ")[1].decode()]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except ConnectionError:
            self.gone.set()
        finally:
            writer.close()


class Names:
    """A resolver: each look-up of a name takes its next addresses; the last ones stay."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.known: dict[str, list[list[str]]] = {"site.test": [["127.0.0.1"]]}

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        turns = self.known.get(host, [[host]])
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in found]
        return [(family, (each, port)) for family, each in zip(families, found, strict=True)]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await server.open()
    yield server
    listening.close()
    await listening.wait_closed()


class Taken:
    """What arrived; `gate` holds it up."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, piece: bytes) -> None:
        await self.gate.wait()
        self.data += piece


async def fetch(
    url: str,
    names: Names,
    *,
    allowed: tuple[Any, ...] = LOOPBACK,
    most: int = 8 * MIB,
    origin: Origin | None = None,
    seconds: float = 20.0,
    taken: Taken | None = None,
    limits: Limits = LIMITS,
) -> tuple[Fetched, bytes]:
    fetcher = PublicFetcher(SystemClock(), allowed=allowed, resolve=names, limits=limits)
    taken = taken or Taken()
    outcome = await fetcher.fetch(url, taken, most=most, origin=origin, seconds=seconds)
    return outcome, bytes(taken.data)


async def refuse(url: str, names: Names, **options: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetch(url, names, **options)
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


async def test_a_file_arrives_and_nothing_of_ours_travels_along(
    server: Server, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    data = b"\x89PNG" + bytes(3 * MIB)
    outcome, got = await fetch(server.body("/a.png?sig=1", data, "Set-Cookie: a=b\r\n"), names)
    assert (outcome, got) == (Fetched(size=len(data), content_type="image/png"), data)
    head = server.heads[0].lower()
    assert b"host: site.test:%d\r\n" % server.port in head
    assert b"accept-encoding: identity\r\n" in head
    for name in (b"authorization", b"cookie", b"referer", b"x-api-key", b"proxy"):
        assert name not in head
    assert names.asked == ["site.test"]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
    ],
)
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    server: Server, names: Names, addresses: list[str]
) -> None:
    names.known["site.test"] = [addresses]
    error = await refuse(server.body("/", b"x"), names, allowed=())
    assert error.kind == "refused"
    assert "private" in error.detail
    assert server.heads == []


async def test_a_name_that_turns_inside_between_two_look_ups_is_looked_up_once(
    server: Server, names: Names
) -> None:
    names.known["site.test"] = [["127.0.0.1"], ["169.254.169.254"]]
    _, got = await fetch(server.body("/", b"x"), names)
    assert got == b"x"
    assert names.asked == ["site.test"]


async def test_only_the_allowed_addresses_of_a_mixed_name_are_dialled(
    server: Server, names: Names
) -> None:
    names.known["site.test"] = [["::1", "10.0.0.1", "127.0.0.1"]]
    assert (await fetch(server.body("/", b"x"), names))[1] == b"x"


async def test_a_name_that_turns_inside_on_the_way_of_a_redirection_is_refused(
    server: Server, names: Names
) -> None:
    names.known["site.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    error = await refuse(server.redirect("/a", "/b"), names)
    assert error.kind == "refused"
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://127.1:{port}/",
        "http://0x7f000001:{port}/",
        "http://[::1]:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://site.test/",
        "http://user:pass@site.test:{port}/",
    ],
)
async def test_a_redirection_inside_or_to_another_scheme_is_refused(
    server: Server, names: Names, location: str
) -> None:
    url = server.redirect("/a", location.format(port=server.port))
    error = await refuse(url, names)
    assert error.kind == "refused"
    assert len(server.heads) == 1


async def test_five_redirections_are_followed_and_a_sixth_is_not(
    server: Server, names: Names
) -> None:
    for number in range(6):
        server.redirect(f"/{number}", f"/{number + 1}")
    server.body("/6", b"x")
    assert (await fetch(server.url("/1"), names))[1] == b"x"
    error = await refuse(server.url("/0"), names)
    assert (error.kind, "more than 5" in error.detail) == ("refused", True)


async def test_the_channels_own_origin_may_be_private_and_nothing_beside_it(
    server: Server, names: Names
) -> None:
    own = Origin(scheme="http", host="site.test", port=server.port)
    server.body("/", b"x")
    assert (await fetch(server.url("/"), names, allowed=(), origin=own))[1] == b"x"
    other = Origin(scheme="http", host="site.test", port=server.port + 1)
    assert (await refuse(server.url("/"), names, allowed=(), origin=other)).kind == "refused"
    url = server.redirect("/away", server.url("/", host="other.test"))
    names.known["other.test"] = [["127.0.0.1"]]
    assert (await refuse(url, names, allowed=(), origin=own)).kind == "refused"


async def test_a_body_that_announces_too_much_is_not_read(server: Server, names: Names) -> None:
    error = await refuse(server.body("/", bytes(2 * MIB)), names, most=MIB)
    assert error.kind == "too_large"


async def test_a_body_without_end_is_broken_off_at_the_limit(server: Server, names: Names) -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()

    server.answers["/"] = pour
    taken = Taken()
    error = await refuse(server.url("/"), names, most=MIB, taken=taken)
    assert error.kind == "too_large"
    assert len(taken.data) <= MIB
    await asyncio.wait_for(server.gone.wait(), 10)


async def test_a_body_that_drips_is_given_up_in_time(server: Server, names: Names) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    server.answers["/"] = drip
    error = await refuse(server.url("/"), names, seconds=0.4)
    assert error.kind == "too_slow"
    await asyncio.wait_for(server.gone.wait(), 10)


async def test_a_server_that_says_nothing_is_given_up(server: Server, names: Names) -> None:
    async def sleep(_: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)

    server.answers["/"] = sleep
    quick = Limits(connect=5.0, first_byte=0.1, idle=5.0)
    assert (await refuse(server.url("/"), names, limits=quick)).kind == "too_slow"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"",
    ],
)
async def test_a_length_that_lies_or_an_answer_that_is_none_has_failed(
    server: Server, names: Names, answer: bytes
) -> None:
    server.answers["/"] = answer
    assert (await refuse(server.url("/"), names)).kind == "failed"


async def test_what_unfolds_without_end_is_refused(server: Server, names: Names) -> None:
    bomb = gzip.compress(bytes(64 * MIB))
    taken = Taken()
    error = await refuse(
        server.body("/", bomb, "Content-Encoding: gzip\r\n"), names, most=128 * MIB, taken=taken
    )
    assert error.kind == "failed"
    assert len(taken.data) <= MIB


async def test_a_slow_taker_stops_the_reading(server: Server, names: Names) -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(1024):
            writer.write(bytes(65_536))
            await writer.drain()
            sent += 65_536

    server.answers["/"] = pour
    taken = Taken()
    taken.gate.clear()
    task = asyncio.ensure_future(fetch(server.url("/"), names, most=64 * MIB, taken=taken))
    before = -1
    while sent != before or not sent:  # until the kernel's buffers are full, too
        before = sent
        await asyncio.sleep(0.2)
    assert sent < 32 * MIB
    taken.gate.set()
    outcome, _ = await task
    assert outcome.size == 64 * MIB


async def test_a_taker_that_fails_ends_the_fetch_with_its_own_error(
    server: Server, names: Names
) -> None:
    async def fail(_: bytes) -> None:
        raise ValueError("no room")

    fetcher = PublicFetcher(SystemClock(), allowed=LOOPBACK, resolve=names)
    with pytest.raises(ValueError, match="no room"):
        await fetcher.fetch(server.body("/", b"x"), fail, most=MIB)
