"""GET and HEAD of media: heads that keep browsers safe, ranges, pieces, slow and leaving callers."""

import asyncio

import pytest

from nexhina.blobs.serve import MediaServer
from nexhina.blobs.store import BlobStore
from nexhina.errors import ClientGone, MethodNotAllowedError, NotFoundError, PermissionDeniedError
from nexhina.tasks import Steps, drive
from support.media import PNG, MemoryShelf, RecordingClient, make_call, make_store

PIECE = MemoryShelf.read_size
BIG = PNG + bytes(3 * PIECE)


async def serve(
    store: BlobStore, link: str, method: str = "GET", **headers: bytes
) -> RecordingClient:
    client = RecordingClient()
    await drive(MediaServer(store).run(make_call(link, method, **headers), client))
    return client


async def store_with(data: bytes, kind: str = "image/png") -> tuple[BlobStore, str, MemoryShelf]:
    shelf = MemoryShelf()
    store, _ = make_store(shelf, link=600.0)
    return store, store.link(await store.put(1, kind, data)), shelf


async def test_a_picture_is_shown_with_a_head_that_lets_it_do_nothing() -> None:
    store, link, _ = await store_with(PNG)
    client = await serve(store, link)
    assert (client.status, client.body, client.ended) == (200, PNG, True)
    head = client.headers
    assert head[b"content-type"] == b"image/png"
    assert head[b"x-content-type-options"] == b"nosniff"
    assert head[b"content-security-policy"] == b"sandbox"
    assert head[b"cache-control"] == b"private, max-age=600, immutable"
    assert head[b"accept-ranges"] == b"bytes"
    assert head[b"content-disposition"].startswith(b"inline; filename=")
    assert head[b"etag"].startswith(b'"')


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(40)),
        ("audio/mpeg", b"ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00" + bytes(40)),
    ],
)
async def test_a_film_or_a_sound_is_played_in_a_sandbox_too(kind: str, data: bytes) -> None:
    store, link, _ = await store_with(data, kind)
    client = await serve(store, link)
    assert client.headers[b"content-type"] == kind.encode()
    assert client.headers[b"content-disposition"].startswith(b"inline;")
    assert client.headers[b"content-security-policy"] == b"sandbox"


async def test_what_is_no_picture_is_saved_and_not_shown() -> None:
    for data, kind in (
        (b"<script>alert(1)</script>", "text/html"),
        (b"%PDF-1.7", ""),
        (b"hi", "text/plain"),
    ):
        store, link, _ = await store_with(data, kind)
        client = await serve(store, link)
        assert client.headers[b"content-disposition"].startswith(b"attachment;")
        assert client.headers[b"content-type"] != b"text/html"
        assert client.body == data


async def test_head_tells_the_length_and_sends_nothing() -> None:
    store, link, shelf = await store_with(BIG)
    client = await serve(store, link, "HEAD")
    assert (client.status, client.body, client.ended) == (200, b"", True)
    assert client.headers[b"content-length"] == b"%d" % len(BIG)
    assert shelf.reads == []


@pytest.mark.parametrize("span", [b"bytes=0-4", b"bytes=99999999-"])
async def test_head_knows_no_ranges(span: bytes) -> None:
    store, link, _ = await store_with(PNG)
    client = await serve(store, link, "HEAD", range=span)
    assert (client.status, client.body) == (200, b"")
    assert client.headers[b"content-length"] == b"%d" % len(PNG)
    assert b"content-range" not in client.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused_and_told_which_work(method: str) -> None:
    store, link, _ = await store_with(PNG)
    with pytest.raises(MethodNotAllowedError) as caught:
        await serve(store, link, method)
    assert (b"allow", b"GET, HEAD") in caught.value.headers


async def test_a_forged_link_is_403_before_anything_is_looked_up() -> None:
    store, link, shelf = await store_with(PNG)
    with pytest.raises(PermissionDeniedError):
        await serve(store, link[:-1] + ("A" if link[-1] != "A" else "B"))
    assert shelf.reads == []


async def test_a_true_link_to_a_file_that_is_gone_is_404() -> None:
    store, link, shelf = await store_with(PNG)
    shelf.files.clear()
    with pytest.raises(NotFoundError, match="gone"):
        await serve(store, link)


async def test_a_small_file_that_vanishes_under_the_read_is_404_and_not_half() -> None:
    store, link, shelf = await store_with(PNG)
    shelf.cut_after = 0
    with pytest.raises(NotFoundError):
        await serve(store, link)


async def test_a_known_etag_is_answered_without_the_body() -> None:
    store, link, shelf = await store_with(PNG)
    etag = (await serve(store, link)).headers[b"etag"]
    shelf.reads.clear()
    for tags in (etag, b'"x", W/' + etag, b"*"):
        client = await serve(store, link, if_none_match=tags)
        assert (client.status, client.body) == (304, b"")
        assert client.headers[b"etag"] == etag
    assert shelf.reads == []
    assert (await serve(store, link, if_none_match=b'"other"')).status == 200


async def test_a_range_gets_its_bytes_and_says_which() -> None:
    store, link, _ = await store_with(PNG)
    client = await serve(store, link, range=b"bytes=8-15")
    assert (client.status, client.body) == (206, PNG[8:16])
    assert client.headers[b"content-range"] == b"bytes 8-15/%d" % len(PNG)
    client = await serve(store, link, range=b"bytes=-4")
    assert client.body == PNG[-4:]


async def test_a_range_beyond_the_end_is_416_with_the_size() -> None:
    store, link, _ = await store_with(PNG)
    client = await serve(store, link, range=b"bytes=%d-" % len(PNG))
    assert (client.status, client.body) == (416, b"")
    assert client.headers[b"content-range"] == b"bytes */%d" % len(PNG)


async def test_a_range_of_another_version_gets_the_whole() -> None:
    store, link, _ = await store_with(PNG)
    etag = (await serve(store, link)).headers[b"etag"]
    assert (await serve(store, link, range=b"bytes=0-1", if_range=b'"old"')).status == 200
    assert (await serve(store, link, range=b"bytes=0-1", if_range=etag)).status == 206


async def test_a_large_file_is_read_and_sent_in_pieces_and_is_whole() -> None:
    store, link, shelf = await store_with(BIG)
    client = await serve(store, link)
    assert client.body == BIG
    assert client.ended
    assert client.headers[b"content-length"] == b"%d" % len(BIG)
    assert max(length for _, length in shelf.reads) == PIECE
    assert all(len(piece) <= PIECE for piece in client.pieces)


async def test_a_large_range_is_sent_in_pieces_too() -> None:
    store, link, _ = await store_with(BIG)
    client = await serve(store, link, range=b"bytes=10-")
    assert (client.status, client.body) == (206, BIG[10:])


async def test_a_slow_caller_is_not_read_ahead_for() -> None:
    store, link, shelf = await store_with(BIG)
    client = RecordingClient(full_after=1)
    ended: list[BaseException | None] = []
    steps = Steps(MediaServer(store).run(make_call(link), client), ended.append)
    steps.advance()
    assert len(shelf.reads) == 1
    assert not client.ended
    assert client.resume is not None
    client.resume()
    assert ended == [None]
    assert client.body == BIG


async def test_a_caller_who_leaves_while_paused_ends_the_run() -> None:
    store, link, shelf = await store_with(BIG)
    client = RecordingClient(full_after=1)
    ended: list[BaseException | None] = []
    steps = Steps(MediaServer(store).run(make_call(link), client), ended.append)
    steps.advance()
    client.gone = True
    steps.throw(ClientGone())
    assert isinstance(ended[0], ClientGone)
    assert len(shelf.reads) == 1


async def test_a_caller_who_leaves_between_pieces_stops_the_reading() -> None:
    class Leaving(RecordingClient):
        def write(self, data: bytes) -> None:
            super().write(data)
            self.gone = True

    store, link, shelf = await store_with(BIG)
    client = Leaving()
    await drive(MediaServer(store).run(make_call(link), client))
    assert len(shelf.reads) == 1
    assert not client.ended


async def test_a_large_file_that_vanishes_midway_is_broken_off_and_not_ended() -> None:
    store, link, shelf = await store_with(BIG)
    shelf.cut_after = 2
    client = await serve(store, link)
    assert client.aborted
    assert not client.ended


async def test_reads_that_wait_for_a_thread_are_awaited() -> None:
    class Threaded(MemoryShelf):
        async def read(self, blob_id: str, offset: int, length: int) -> bytes:
            data = await super().read(blob_id, offset, length)
            return await asyncio.get_running_loop().run_in_executor(None, lambda: data)

    shelf = Threaded()
    store, _ = make_store(shelf)
    client = await serve(store, store.link(await store.put(1, "image/png", BIG)))
    assert client.body == BIG
