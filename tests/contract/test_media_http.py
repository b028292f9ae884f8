"""Media through the HTTP edge: their lengths, on the wire, for GET, HEAD and ranges of large files."""

import asyncio

import pytest

from nexhina.blobs.serve import MediaServer
from nexhina.tasks import drive
from support.edge import MemoryConnection, handler, split_answers
from support.media import PNG, MemoryShelf, make_store

PIECE = MemoryShelf.read_size
BIG = PNG + bytes(3 * PIECE)


class Served:
    """A file behind a connection in memory."""

    def __init__(self, memory: MemoryConnection, link: str) -> None:
        self.memory = memory
        self.link = link

    async def ask(
        self, method: str, fields: bytes = b"", version: bytes = b"1.1"
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """The answer, once it is whole."""
        line = f"{method} {self.link} HTTP/".encode() + version
        self.memory.send(line + b"\r\nHost: h\r\n" + fields + b"\r\n")
        await asyncio.sleep(0)  # the shelf is memory: nothing is waited for but a head without body
        data = self.memory.take()
        if method == "HEAD":
            head, _, body = data.partition(b"\r\n\r\n")
            assert body == b""
            data = head.replace(b"content-length: ", b"x-length: ") + b"\r\n\r\n"
        (answer,) = split_answers(data)
        return answer


@pytest.fixture
async def served() -> Served:
    store, _ = make_store(MemoryShelf(), link=600.0)
    link = store.link(await drive(store.put(1, "image/png", BIG)))
    serve = handler(MediaServer(store).run)
    routes = {("/media/{name}", "GET"): serve, ("/media/{name}", "HEAD"): serve}
    return Served(MemoryConnection(routes), link)


async def test_a_large_file_comes_with_its_length_and_not_in_chunks(served: Served) -> None:
    for _ in range(2):
        status, headers, body = await served.ask("GET")
        assert (status, body) == (200, BIG)
        assert headers[b"content-length"] == b"%d" % len(BIG)
        assert b"transfer-encoding" not in headers


async def test_head_tells_the_length_of_the_file_and_leaves_the_connection_open(
    served: Served,
) -> None:
    for _ in range(2):
        status, headers, _ = await served.ask("HEAD")
        assert (status, headers[b"x-length"]) == (200, b"%d" % len(BIG))
        assert b"transfer-encoding" not in headers
        assert not served.memory.transport.closed


async def test_a_part_has_its_own_length(served: Served) -> None:
    status, headers, body = await served.ask("GET", b"Range: bytes=10-\r\n")
    assert (status, body) == (206, BIG[10:])
    assert headers[b"content-length"] == b"%d" % (len(BIG) - 10)


async def test_a_script_and_a_player_in_a_sandbox_may_read_it_from_any_origin(
    served: Served,
) -> None:
    for field in (b"", b"Range: bytes=0-9\r\n"):
        _, headers, _ = await served.ask("GET", b"Origin: null\r\n" + field)
        assert headers[b"access-control-allow-origin"] == b"*"
        assert headers[b"content-security-policy"] == b"sandbox"
        assert b"access-control-allow-credentials" not in headers
    wish = b"Origin: https://app.test\r\nAccess-Control-Request-Method: GET\r\n"
    status, headers, _ = await served.ask("OPTIONS", wish)
    assert (status, headers[b"access-control-allow-origin"]) == (204, b"*")


async def test_an_old_client_reads_a_large_file_on_a_connection_that_stays(served: Served) -> None:
    status, _, body = await served.ask("GET", b"Connection: keep-alive\r\n", b"1.0")
    assert (status, body) == (200, BIG)
    assert not served.memory.transport.closed
