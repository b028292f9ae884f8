"""The product with its media in an object store over HTTP, which goes away and comes back."""

import time
from pathlib import Path

from support.bookkeeping import BooksFile
from support.object_store import run_object_store
from support.product import Answer, Product, await_film, start_product

IMAGE = {"model": "sandbox-image", "prompt": "A red kite", "size": "64x64"}
FILM = {"model": "sandbox-video", "prompt": "A kite", "size": "64x64", "duration": 1}


def draw(product: Product, **more: str) -> Answer:
    return product.call("POST", "/v1/images/generations", IMAGE | more)


def read_link(product: Product, link: str, **headers: str) -> Answer:
    path = "/media/" + link.partition("/media/")[2]
    return product.call("GET", path, headers=headers)


def test_media_go_there_and_wait_for_it_when_it_is_away(tmp_path: Path) -> None:
    with run_object_store() as store:
        address = {
            "NEXHINA_BLOB_URL": "s3://media/nexhina",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        with start_product(tmp_path / "data", env=address) as product:
            link: str = draw(product, response_format="url").json()["data"][0]["url"]
            ((path, data),) = store.objects.items()
            assert path.startswith("media/nexhina/")
            assert read_link(product, link).body == data
            assert read_link(product, link, Range="bytes=-7").body == data[-7:]

            store.broken = True
            refused = draw(product, response_format="url")
            assert (refused.status, refused.json()["error"]["code"]) == (503, "media_unavailable")
            row = BooksFile(product.data).wait_for(refused.headers["x-nexhina-id"])
            assert row.charge_nano == 0
            assert read_link(product, link).status == 503
            assert draw(product, response_format="b64_json").status == 200

            made = product.call("POST", "/v1/video/generations", FILM | {"async": True})
            name = made.json()["id"]
            lines = product.log.read_text().count("media can't be kept")
            deadline = time.monotonic() + 30
            while product.log.read_text().count("media can't be kept") < lines + 1:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            store.broken = False
            film = await_film(product, name, 30.0)
            assert film["status"] == "completed", film
            assert read_link(product, film["data"][0]["url"]).body[4:8] == b"ftyp"
            row = BooksFile(product.data).wait_for(made.headers["x-nexhina-id"])
            assert row.charge_nano > 0
            assert "Traceback" not in product.log.read_text()
