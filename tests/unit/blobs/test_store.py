"""The store: names, types, quota, expiry."""

import pytest

from nexhina.blobs.store import BlobStore
from nexhina.errors import InsufficientQuotaError, PermissionDeniedError
from support.media import PNG, MemoryShelf, make_store


async def test_what_was_put_is_got_back_under_the_type_of_its_bytes() -> None:
    store, _ = make_store()
    name = await store.put(1, "text/html", PNG)
    media = await store.get(name)
    assert media is not None
    assert (media.name, media.content_type, media.size, media.data) == (
        name,
        "image/png",
        len(PNG),
        PNG,
    )
    assert name.endswith(".png")


async def test_equal_files_get_different_names() -> None:
    store, _ = make_store()
    assert await store.put(1, "image/png", PNG) != await store.put(1, "image/png", PNG)


async def test_a_file_is_gone_after_its_time() -> None:
    store, clock = make_store(keep=100.0)
    name = await store.put(1, "image/png", PNG)
    clock.advance(99.0)
    assert await store.get(name) is not None
    clock.advance(1.0)
    assert await store.get(name) is None


@pytest.mark.parametrize("name", ["", "unknown", "../secret.key", "a" * 32 + ".png"])
async def test_an_unknown_name_is_none(name: str) -> None:
    store, _ = make_store()
    assert await store.get(name) is None


async def test_a_file_is_not_found_under_another_extension() -> None:
    store, _ = make_store()
    name = await store.put(1, "image/png", PNG)
    assert await store.get(name.replace(".png", ".jpg")) is None


async def test_a_tenant_can_not_keep_more_than_its_quota_and_others_are_not_touched() -> None:
    store, clock = make_store(quota=len(PNG) * 2, keep=50.0)
    await store.put(1, "image/png", PNG)
    await store.put(1, "image/png", PNG)
    with pytest.raises(InsufficientQuotaError, match="b64_json") as caught:
        await store.put(1, "image/png", b"x")
    assert caught.value.code == "media_quota_exceeded"
    await store.put(2, "image/png", PNG)
    clock.advance(50.0)
    await store.put(1, "image/png", PNG)


async def test_a_file_that_expires_between_two_reads_is_none_and_not_half() -> None:
    shelf = MemoryShelf()
    store, _ = make_store(shelf)
    name = await store.put(1, "image/png", PNG)
    shelf.cut_after = 0
    assert await store.get(name) is None


async def test_a_link_lives_as_long_as_links_do_not_as_files_do() -> None:
    store, clock = make_store(keep=1_000.0, link=10.0)
    link = store.link(await store.put(1, "image/png", PNG))
    assert require(store, link) == 10.0
    clock.advance(10.0)
    with pytest.raises(PermissionDeniedError, match="expired"):
        require(store, link)


def require(store: BlobStore, link: str) -> float:
    path, _, query = link.partition("?")
    return store.require_link(path.removeprefix("/media/"), query.encode())
