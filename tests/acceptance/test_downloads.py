"""Ten large films read at once through a real server: every byte arrives, and memory stays flat."""

import os
import sqlite3
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nexhina.blobs.link import LinkSigner, name_file, write_id
from nexhina.identity.sealing import derive_key
from nexhina.storage.blob import CHUNK
from support.process import resident_bytes
from support.product import Product, start_product

MIB = 1024 * 1024
CHUNKS = 200  # 50 MB
AT_ONCE = 10
MOST_EACH = 4 * MIB


def store_film(data: Path, blob_id: str, chunk: bytes) -> None:
    """Writes a film into the database as the store would."""
    now = time.time()
    with sqlite3.connect(next(data.glob("*.db")), timeout=30) as connection:
        (tenant,) = connection.execute("SELECT min(id) FROM tenant").fetchone()
        connection.execute(
            "INSERT INTO blob (id, tenant_id, content_type, size, created_at, expires_at)"
            " VALUES (?, ?, 'video/mp4', ?, ?, ?)",
            (blob_id, tenant, CHUNKS * CHUNK, now, now + 3600),
        )
        connection.executemany(
            "INSERT INTO blob_chunk (blob_id, number, data) VALUES (?, ?, ?)",
            ((blob_id, number, chunk) for number in range(CHUNKS)),
        )


def test_ten_films_at_once_take_little_memory_each(tmp_path: Path) -> None:
    with start_product(tmp_path / "data") as product:
        read_all(product)


def read_all(product: Product) -> None:
    chunk = os.urandom(CHUNK)
    blob_id = write_id(os.urandom(20))
    store_film(product.data, blob_id, chunk)
    master = bytes.fromhex((product.data / "secret.key").read_text().strip())
    signer = LinkSigner(derive_key(master, "media"))
    link = signer.sign(name_file(blob_id, "video/mp4"), int(time.time()) + 3600)
    url = product.origin + link

    def read() -> int:
        size = 0
        with urllib.request.urlopen(url, timeout=120) as reply:
            while piece := reply.read(CHUNK):
                place = size % CHUNK
                assert piece == (chunk + chunk)[place : place + len(piece)]
                size += len(piece)
        return size

    assert read() == CHUNKS * CHUNK  # what the first reader makes the server import and cache
    before = highest = resident_bytes(product.pid)
    over = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.02):
            highest = max(highest, resident_bytes(product.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(AT_ONCE) as readers:
        sizes = list(readers.map(lambda _: read(), range(AT_ONCE)))
    over.set()
    watcher.join()
    assert sizes == [CHUNKS * CHUNK] * AT_ONCE
    assert highest - before <= AT_ONCE * MOST_EACH
