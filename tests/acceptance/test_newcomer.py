"""The seed page's cURL, word for word but for host and key, gives a picture."""

import io
import subprocess
import urllib.request

import msgspec
import pytest
from PIL import Image

from support.needs import require_program
from support.product import Product, spawn_product
from support.seed import SEED


def paste(command: str, product: Product) -> bytes:
    """What a shell prints for the command, once host and key are filled in."""
    require_program("curl", "install the package curl")
    text = command.replace("'/v1/", f"'{product.origin}/v1/").replace("<token>", product.key)
    done = subprocess.run(["sh", "-c", text], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def fetch_size(url: str) -> tuple[int, int]:
    """Width and height of the picture behind a link."""
    with urllib.request.urlopen(url, timeout=30) as reply:
        assert reply.headers["content-type"].startswith("image/")
        data = reply.read()
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture.size


def test_the_seed_pages_curl_gives_a_picture(product: Product) -> None:
    answer = msgspec.json.decode(paste(SEED, product))
    assert set(answer) >= {"created", "data", "usage"}
    assert set(answer["usage"]) >= {
        "total_tokens",
        "input_tokens",
        "output_tokens",
        "input_tokens_details",
    }
    [item] = answer["data"]
    assert fetch_size(item["url"]) == (1024, 1024)


@pytest.mark.parametrize(
    ("model", "size"),
    [
        *(("wanx-v2", size) for size in ("1024x1024", "720x1280", "1280x720", "auto")),
        *(("cogview-4", size) for size in ("1024x1024", "768x1344", "1344x768")),
        *(("cogview-3-plus", size) for size in ("1024x1024", "768x1344", "1344x768")),
    ],
)
def test_every_size_of_the_seed_pages_table_is_drawn(
    product: Product, model: str, size: str
) -> None:
    answer = msgspec.json.decode(
        paste(SEED.replace("wanx-v2", model).replace("1024x1024", size), product)
    )
    expected = (1024, 1024) if size == "auto" else tuple(map(int, size.split("x")))
    assert fetch_size(answer["data"][0]["url"]) == expected


def test_a_size_that_is_not_in_the_table_is_refused_before_anything_is_sent(
    product: Product,
) -> None:
    text = SEED.replace("1024x1024", "333x333")
    answer = msgspec.json.decode(paste(text, product))
    assert answer["error"]["param"] == "size"
    assert "1024x1024" in answer["error"]["message"]


def test_the_curl_that_the_first_start_prints_is_the_seed_pages_with_host_and_key(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    fresh = spawn_product(tmp_path_factory.mktemp("first") / "data")
    try:
        printed = fresh.read_log()
        start = printed.index("curl --location")
        command = printed[start : printed.index("}'", start) + 2]
        assert fresh.origin in command
        assert "Bearer sk-" in command
        lines = [line.strip() for line in command.splitlines()]
        for wanted in SEED.splitlines():
            if "<token>" not in wanted and "/v1/" not in wanted:
                assert wanted.strip() in lines
        done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
        assert msgspec.json.decode(done.stdout)["data"][0]["url"].startswith("http")
    finally:
        fresh.stop()


def test_a_second_start_prints_no_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("second") / "data"
    spawn_product(data).stop()
    first_log = (data.parent / "data.log").read_text()
    second = spawn_product(data)
    second.stop()
    assert "sk-" in first_log
    assert "sk-" not in second.read_log().removeprefix(first_log)
