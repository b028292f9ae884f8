"""Which channel gets a film when another one does not take it, and who is never asked again."""

from collections.abc import Generator

import pytest

from support.bookkeeping import BooksFile
from support.film_vendor import FilmVendor, film_vendor
from support.listener import Listener
from support.product import Answer, Product, start_product


@pytest.fixture(scope="module")
def vendors() -> Generator[tuple[FilmVendor, FilmVendor]]:
    with film_vendor() as first, film_vendor() as second:
        yield first, second


@pytest.fixture(scope="module")
def product(
    vendors: tuple[FilmVendor, FilmVendor], tmp_path_factory: pytest.TempPathFactory
) -> Generator[Product]:
    data = tmp_path_factory.mktemp("failover") / "data"
    with start_product(data) as running:
        for number, vendor in enumerate(vendors):
            running.run(
                *("channels", "add", "--provider", "openai_compatible"),
                *("--name", f"films{number}", "--base-url", vendor.base_url, "--key", f"k{number}"),
                *("--priority", str(10 - number)),
                *("--models", ",".join(f"m{n}=up{n}" for n in range(9))),
            )
        yield running


def ask(product: Product, model: str, prompt: str) -> Answer:
    body = {"model": model, "prompt": prompt, "seconds": "1"}
    return product.call("POST", "/v1/videos", body)


def test_a_busy_channel_is_passed_over(product: Product, vendors) -> None:
    first, second = vendors
    first.always, second.always = "busy", ""
    told = ask(product, "m0", "a film")
    assert told.status == 200, told.body
    assert told.headers["x-nexhina-channel"] == "films1"
    assert told.headers["x-nexhina-attempts"] == "2"
    assert (first.submitted["a film"], second.submitted["a film"]) == (1, 1)


@pytest.mark.parametrize(("model", "word"), [("m1", "error"), ("m2", "break"), ("m3", "garbage")])
def test_what_may_have_been_taken_goes_nowhere_else(
    product: Product, vendors, model: str, word: str
) -> None:
    first, second = vendors
    first.always, second.always = word, ""
    told = ask(product, model, f"once {word}")
    assert (told.status, told.json()["error"]["code"]) == (502, "submission_lost")
    assert first.submitted[f"once {word}"] == 1
    assert second.submitted[f"once {word}"] == 0
    films = product.call("GET", "/v1/videos").json()["data"]
    assert films[0]["prompt"] == f"once {word}"
    assert films[0]["error"]["code"] == "submission_lost"
    row = BooksFile(product.data).wait_for(told.headers["x-nexhina-id"])
    assert (row.charge_nano, row.status, row.error_code) == (0, 502, "submission_lost")


def test_a_kept_connection_that_died_costs_no_film(product: Product, vendors) -> None:
    """Vendors drop idle connections at any time: a submission never travels on one of them."""
    first, second = vendors
    first.always = second.always = ""
    for _ in range(3):
        assert ask(product, "m4", "fresh").status == 200
    assert first.submitted["fresh"] == 3


def test_a_channel_that_is_not_there_is_passed_over(product: Product, vendors) -> None:
    _, second = vendors
    second.always = ""
    with Listener() as gone:
        port = gone.port
    product.run(
        *("channels", "add", "--provider", "openai_compatible", "--name", "gone"),
        *("--base-url", f"http://127.0.0.1:{port}/v1", "--key", "k", "--models", "m9=up"),
        *("--priority", "20"),
    )
    product.run(
        *("channels", "add", "--provider", "openai_compatible", "--name", "there"),
        *("--base-url", second.base_url, "--key", "k", "--models", "m9=up"),
    )
    told = ask(product, "m9", "elsewhere")
    assert told.status == 200, told.body
    assert told.headers["x-nexhina-channel"] == "there"
