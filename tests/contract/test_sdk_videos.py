"""Films through the official SDK, on a vendor in OpenAI's shape and on a second Nexhina before it."""

# The SDK marks all of it deprecated, since its own vendor ended the service.
# pyright: reportDeprecated=false

from collections.abc import Generator

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from support.control import ask
from support.film_vendor import FILM, FilmVendor, film_vendor
from support.product import Product, start_product

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture(scope="module")
def vendor() -> Generator[FilmVendor]:
    with film_vendor() as running:
        yield running


def add_channel(product: Product, base_url: str, key: str, models: str) -> None:
    add = {"provider": "openai_compatible", "name": "films"}
    ask(product, "channels.add", **add, base_url=base_url, key=key, models=models)


@pytest.fixture(scope="module", params=["direct", "chained"])
def product(
    request: pytest.FixtureRequest, vendor: FilmVendor, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Product]:
    folder = tmp_path_factory.mktemp(request.param)
    with start_product(folder / "first") as first:
        add_channel(first, vendor.base_url, "k", "sora-2=up-film,sora-2-pro=up-busy")
        if request.param == "direct":
            yield first
            return
        with start_product(folder / "second", owner="second") as second:
            add_channel(second, first.base_url, first.key, "sora-2,sora-2-pro")
            yield second


@pytest.fixture(autouse=True)
def fresh_counts(vendor: FilmVendor) -> None:
    vendor.submitted.clear()


@pytest.fixture
def place(product: Product) -> Product:
    """Where the SDK calls."""
    return product


def make(client: OpenAI, prompt: str, **fields):
    return client.videos.create_and_poll(
        model="sora-2", prompt=prompt, seconds="8", size="1280x720", poll_interval_ms=100, **fields
    )


def test_a_film_is_made_read_downloaded_and_deleted(client: OpenAI, vendor: FilmVendor):
    film = make(client, "a cat on a mat")
    assert (film.status, film.progress, film.error) == ("completed", 100, None)
    assert (film.model, film.seconds, film.size) == ("sora-2", "8", "1280x720")
    assert film.prompt == "a cat on a mat"
    assert film.completed_at is not None
    assert film.expires_at is not None
    assert client.videos.retrieve(film.id) == film
    assert client.videos.download_content(film.id).read() == FILM
    assert vendor.submitted["a cat on a mat"] == 1
    assert client.videos.delete(film.id).deleted
    with pytest.raises(openai.NotFoundError, match=film.id):
        client.videos.retrieve(film.id)


def test_a_picture_to_begin_with_reaches_the_vendor(client: OpenAI, vendor: FilmVendor):
    # The name and the type are wrong, as clients' often are.
    film = make(client, "from a picture", input_reference=("blue.jpg", PNG, "image/jpeg"))
    assert film.status == "completed"
    kind, body = vendor.bodies[-1]
    assert kind.startswith("multipart/form-data")
    assert PNG in body
    assert b"Content-Type: image/png" in body


def test_a_failed_film_says_why(client: OpenAI):
    film = make(client, "fail at once")
    assert film.status == "failed"
    assert film.error is not None
    assert (film.error.code, film.error.message) == (
        "moderation_blocked",
        "the film would not be allowed",
    )
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content(film.id)


def test_a_vendors_refusal_is_the_callers(client: OpenAI, vendor: FilmVendor):
    with pytest.raises(openai.BadRequestError, match="too strange") as caught:
        client.videos.create(model="sora-2", prompt="refuse this")
    assert caught.value.code == "strange_prompt"
    assert vendor.submitted["refuse this"] == 1


def test_a_busy_vendor_is_429(client: OpenAI):
    with pytest.raises(openai.RateLimitError) as caught:
        client.videos.create(model="sora-2-pro", prompt="busy now")
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 7


def test_films_are_listed_in_pages(client: OpenAI):
    names = [client.videos.create(model="sora-2", prompt=f"slow {n}").id for n in range(3)]
    page = client.videos.list(limit=2)
    assert [film.id for film in page.data] == names[:0:-1]
    assert page.has_more
    after = client.videos.list(limit=1, after=names[1])
    assert [film.id for film in after.data] == [names[0]]
    up = client.videos.list(order="asc", limit=100)
    assert [film.id for film in up.data][-3:] == names
    none = client.videos.list(limit=0)
    assert none.data == []
    assert none.has_more
    everything = [film.id for film in client.videos.list(limit=2)]
    assert everything == [film.id for film in up.data][::-1]


def test_a_film_is_remixed(client: OpenAI, vendor: FilmVendor):
    first = make(client, "a red ball")
    second = client.videos.remix(first.id, prompt="a blue ball")
    assert second.remixed_from_video_id == first.id
    assert client.videos.poll(second.id, poll_interval_ms=100).status == "completed"
    assert vendor.submitted["a blue ball"] == 1


def test_deleting_a_running_film_cancels_it_at_the_vendor(client: OpenAI, vendor: FilmVendor):
    film = client.videos.create(model="sora-2", prompt="slow one")
    count = len(vendor.deleted)
    assert client.videos.delete(film.id).deleted
    assert len(vendor.deleted) == count + 1


async def test_the_asynchronous_client_does_the_same(async_client: AsyncOpenAI):
    film = await async_client.videos.create_and_poll(
        model="sora-2", prompt="async", seconds="4", size="720x1280", poll_interval_ms=100
    )
    assert film.status == "completed"
    content = await async_client.videos.download_content(film.id)
    assert content.content == FILM
    assert film.id in [each.id async for each in async_client.videos.list()]
    assert (await async_client.videos.delete(film.id)).deleted


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "6060f80f0000040001005d5ccde70000000049454e44ae426082"
)
