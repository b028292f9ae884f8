"""Ten uploads of 25 MB at once through the real product: each costs at most 4 MB of its memory.

The vendor does not read until all ten have arrived, then slowly: what is under way lies on disk.
"""

import http.client
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from support.form import form_kind, write_form
from support.product import Product, start_product
from support.slow_vendor import SlowVendor, slow_vendor

MIB = 1024 * 1024
UPLOADS = 10
SIZE = 25 * 1000 * 1000
EACH = 4 * MIB
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x00\x00\x00\x04\x00\x08\x06\x00\x00\x00"
    b"\x7f\x1d\x2b\x83"
)


def read_memory(pid: int, name: str) -> int:
    """Bytes of the process: VmRSS now, VmHWM at its highest."""
    found = re.search(
        rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
    )
    assert found is not None
    return int(found[1]) * 1024


def reset_peak(pid: int) -> None:
    """Lets VmHWM begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def make_body(size: int) -> bytes:
    image = ("image", "big.png", "image/png", PNG + bytes(size - len(PNG)))
    file = write_form({"prompt": "a hat"}, [image])
    return file[: file.rindex(b"--form-boundary-1--")] + write_form({"model": "edits"})


def upload(product: Product, body: bytes) -> tuple[int, bytes]:
    address = urlsplit(product.base_url)
    client = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
    headers = {"authorization": f"Bearer {product.key}", "content-type": form_kind().decode()}
    try:
        client.request("POST", "/v1/images/edits", body, headers)
        reply = client.getresponse()
        return reply.status, reply.read()
    finally:
        client.close()


def add_channel(product: Product, vendor: SlowVendor) -> None:
    product.run(
        *("channels", "add", "--provider", "openai_compatible", "--name", "slow"),
        *("--base-url", vendor.base_url, "--key", "k", "--models", "edits=gpt-image-1"),
        *("--price", "0.15/0.60"),
    )


def test_ten_uploads_at_once_stay_out_of_memory(tmp_path: Path) -> None:
    body = make_body(SIZE)
    expected = sha256(body.replace(b"\r\nedits\r\n", b"\r\ngpt-image-1\r\n")).hexdigest()
    with slow_vendor(rate=40 * MIB) as vendor, start_product(tmp_path / "data") as product:
        add_channel(product, vendor)
        vendor.begin.set()
        status, answer = upload(product, make_body(2 * MIB))  # warms everything up
        assert status == 200, answer
        vendor.digests.clear()
        vendor.heads.clear()
        vendor.begin.clear()
        reset_peak(product.pid)
        before = read_memory(product.pid, "VmRSS")
        arrived = threading.Event()

        def let_the_vendor_read() -> None:
            while len(vendor.heads) < UPLOADS and not arrived.wait(0.05):
                pass
            vendor.begin.set()

        waiting = threading.Thread(target=let_the_vendor_read)
        waiting.start()
        with ThreadPoolExecutor(UPLOADS) as clients:
            answers = list(clients.map(lambda _: upload(product, body), range(UPLOADS)))
        arrived.set()
        waiting.join()
        extra = read_memory(product.pid, "VmHWM") - before
        assert [status for status, _ in answers] == [200] * UPLOADS, answers
        assert vendor.digests == [expected] * UPLOADS
        assert extra <= UPLOADS * EACH, f"{extra / MIB:.1f} MiB for {UPLOADS} uploads"
        assert list((tmp_path / "data" / "uploads").iterdir()) == []


def test_strangers_and_what_is_too_large_are_refused_unread(tmp_path: Path) -> None:
    size = 257 * MIB
    with start_product(tmp_path / "data") as product:
        answer = product.call(
            "POST",
            "/v1/images/edits",
            b"",
            {"content-type": form_kind().decode(), "content-length": str(size)},
        )
        stranger = product.call(
            "POST",
            "/v1/images/edits",
            b"",
            {"content-type": form_kind().decode(), "content-length": str(25 * MIB)},
            key="",
        )
    assert stranger.status == 401
    assert answer.status == 413
    assert answer.json()["error"]["code"] == "body_too_large"
