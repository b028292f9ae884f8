"""A full disk: one line at start, clean errors and no charge while it runs, true books afterwards.

The disk is a small one in memory, mounted in a namespace of the server's own; the test reaches into
it through /proc, so nothing is mounted anywhere else.
"""

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from nexhina.cli.frame import FAILURE
from support.bookkeeping import BooksFile
from support.caller import chat
from support.needs import refuse
from support.product import NEXHINA, Product, clean_environment

NAMESPACE = ["unshare", "--mount", "--map-root-user"]
READY_SECONDS = 30.0
PATIENCE = 10.0


def command(disk: Path, size: str) -> list[str]:
    """`nexhina serve` on a disk of this size that only it sees."""
    script = 'mount -t tmpfs -o "size=$1" tmpfs "$0" && shift && exec "$@"'
    serve = ["serve", "--port", "0", "--data-dir", str(disk / "data")]
    return [
        *NAMESPACE,
        *("sh", "-c", script, str(disk), size),
        *NEXHINA,
        *serve,
        *("--ready-file", str(disk / "ready.json")),
    ]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    try:
        probe = subprocess.run(
            [*NAMESPACE, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        probe = None
    if probe is None or probe.returncode:
        refuse("a mount namespace", "install util-linux and allow user namespaces")
    return tmp_path


@pytest.mark.parametrize("size", ["64k", "200k"])
def test_a_start_on_a_full_disk_says_so_in_one_line(disk: Path, size: str) -> None:
    done = subprocess.run(
        command(disk, size),
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=30,
        check=False,
    )
    assert done.returncode == FAILURE
    [line] = done.stderr.splitlines()
    assert line.startswith("nexhina: ")
    assert "full" in line
    assert done.stdout == ""


class SmallDisk:
    """A server on a disk of three megabytes."""

    def __init__(self, disk: Path) -> None:
        log = disk.parent / f"{disk.name}.log"
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command(disk, "3m"), stdout=out, stderr=out, env=clean_environment()
            )
        self.root = Path(f"/proc/{self.process.pid}/root{disk}")
        ready = self.root / "ready.json"
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        facts = msgspec.json.decode(ready.read_bytes())
        self.product = Product(self.root / "data", self.process, log, facts)
        said = self.product.read_log()
        self.product.key = "sk-" + said.partition("API key      sk-")[2].split()[0]

    def fill(self) -> None:
        with (self.root / "fill").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def free(self) -> None:
        (self.root / "fill").unlink()

    def copy_books(self, folder: Path) -> BooksFile:
        """The database as it is once nothing waits to be booked: SQLite can't open it in there."""
        deadline = time.monotonic() + PATIENCE
        while b"nexhina_journal_backlog_rows 0" not in self.product.call("GET", "/metrics").body:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        folder.mkdir()
        for name in ("nexhina.db", "nexhina.db-wal"):
            shutil.copy(self.root / "data" / name, folder / name)
        copy = sqlite3.connect(folder / "nexhina.db")
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy.close()
        return BooksFile(folder)


@pytest.fixture
def small(disk: Path) -> Iterator[SmallDisk]:
    small = SmallDisk(disk)
    try:
        yield small
    finally:
        if small.process.poll() is None:
            small.process.kill()
            small.process.wait()


def test_while_the_disk_is_full_nothing_is_charged_and_afterwards_all_goes_on(
    small: SmallDisk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    product = small.product
    whole = [chat(product, "sandbox-chat").headers["x-nexhina-id"]]
    small.fill()
    while (told := chat(product, "sandbox-chat")).status == 200:  # what is left of the last block
        whole.append(told.headers["x-nexhina-id"])
        assert len(whole) < 200
    assert (told.status, told.json()["error"]["code"]) == (500, "internal_error")
    refused = {told.headers["x-nexhina-id"]}
    refused.add(chat(product, "sandbox-chat").headers["x-nexhina-id"])
    assert product.call("GET", "/healthz").status == 200
    small.free()
    deadline = time.monotonic() + PATIENCE
    while (told := chat(product, "sandbox-chat")).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    whole.append(told.headers["x-nexhina-id"])
    while product.call("GET", "/readyz").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    rows = {
        row.id: row
        for row in small.copy_books(tmp_path_factory.mktemp("copy") / "data").require_exact()
    }
    assert all(rows[name].charge_nano > 0 for name in whole)
    assert all(rows[name].charge_nano == 0 for name in refused & set(rows))
    assert "Traceback" not in product.read_log()
    assert product.stop() == 0
