"""kill -9 while films are being asked for and made: each is sent once, each ends, the books are exact."""

import random
import threading
import time
from pathlib import Path

import msgspec

from support.bookkeeping import BooksFile
from support.film_vendor import FilmVendor, film_vendor
from support.product import Product, start_product

MODEL = "sandbox-video"  # of the catalog, so that it has a price; this channel takes it over
COUNT = 20
OPEN = {"queued", "in_progress"}


def add_vendor(product: Product, vendor: FilmVendor) -> None:
    product.run(
        *("channels", "add", "--provider", "openai_compatible", "--name", "films"),
        *("--base-url", vendor.base_url, "--key", "k", "--models", f"{MODEL}=up-film"),
    )


def ask(product: Product, number: int, answers: dict[int, str]) -> None:
    """One request for a film; the server may die under it."""
    body = {"model": MODEL, "prompt": f"film {number}", "seconds": "4", "size": "1280x720"}
    try:
        told = product.call("POST", "/v1/videos", body)
    except OSError:
        return
    if told.status == 200:
        answers[number] = told.json()["id"]


def list_films(product: Product) -> list[dict]:
    told = product.call("GET", "/v1/videos?limit=100")
    assert told.status == 200, told.body
    return told.json()["data"]


def wait_for_ends(product: Product, seconds: float) -> list[dict]:
    deadline = time.monotonic() + seconds
    while True:
        films = list_films(product)
        if not any(film["status"] in OPEN for film in films):
            return films
        assert time.monotonic() < deadline, [film["status"] for film in films]
        time.sleep(0.2)  # another process is at work; there is no event to await


def read_table(product: Product, sql: str) -> list[tuple]:
    with BooksFile(product.data)._open() as connection:
        return connection.execute(sql).fetchall()


def test_films_survive_kill_9_and_are_sent_and_charged_once(tmp_path: Path) -> None:
    draw = random.Random(7)
    answers: dict[int, str] = {}
    with film_vendor(polls=3) as vendor:
        with start_product(tmp_path / "data") as product:
            key = product.key
            add_vendor(product, vendor)
            threads = [
                threading.Thread(target=ask, args=(product, number, answers))
                for number in range(COUNT)
            ]
            for thread in threads[:14]:
                thread.start()
            for thread in threads[:14]:
                thread.join()
            vendor.hold.clear()  # the rest is on its way to the vendor when the server dies
            for thread in threads[14:]:
                thread.start()
            deadline = time.monotonic() + 10
            while sum(vendor.submitted.values()) < COUNT and time.monotonic() < deadline:
                time.sleep(0.01)  # the vendor is another thread's
            product.process.kill()
            product.process.wait()
            vendor.hold.set()
            for thread in threads[14:]:
                thread.join()
        for _ in range(3):  # and again, wherever the films are
            with start_product(tmp_path / "data") as product:
                product.key = key
                time.sleep(draw.uniform(0.1, 2.5))
                product.process.kill()
                product.process.wait()
        with start_product(tmp_path / "data") as product:
            product.key = key
            films = wait_for_ends(product, 60)
            by_prompt = {film["prompt"]: film for film in films}
            assert len(films) == len(by_prompt) == COUNT
            assert set(vendor.submitted.values()) == {1}
            assert len(vendor.submitted) == COUNT
            for number in range(14):  # those that a caller was told of are made
                film = by_prompt[f"film {number}"]
                assert film["id"] == answers[number]
                assert film["status"] == "completed", film
                content = product.call("GET", f"/v1/videos/{film['id']}/content")
                assert content.body == vendor.film
            for number in range(14, COUNT):  # of the others nobody can know
                film = by_prompt[f"film {number}"]
                assert (film["status"], film["error"]["code"]) == ("failed", "submission_lost")
            deadline = time.monotonic() + 10
            while len(BooksFile(product.data).rows()) < COUNT and time.monotonic() < deadline:
                time.sleep(0.05)
            rows = BooksFile(product.data).require_exact()
            charged = [row for row in rows if row.charge_nano]
            assert len(charged) == 14
            assert {row.charge_nano for row in charged} == {4_000_000}
            assert read_table(product, "SELECT count(*) FROM earmark") == [(0,)]
            jobs = read_table(product, "SELECT worker, seq FROM entry WHERE worker = 'jobs'")
            assert len(jobs) == 2 * 14  # both sides of each charge
            assert len(set(jobs)) == 14
            lines = msgspec.json.decode(charged[0].lines)
            assert lines[0][:2] == ["video", 4000]
