"""Films over HTTP as callers meet them: both families, waiting, cancelling, keys, failures, ranges."""

import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.bookkeeping import BooksFile
from support.control import ask
from support.film_vendor import FILM, STILL, FilmVendor, film_vendor
from support.product import Answer, Product, await_film, start_product

MODEL = "sandbox-video"  # has a price: 1,000 nano-USD a millisecond; this channel takes it over


@pytest.fixture(scope="module")
def vendor() -> Generator[FilmVendor]:
    with film_vendor() as running:
        yield running


@pytest.fixture(scope="module")
def product(vendor: FilmVendor, tmp_path_factory: pytest.TempPathFactory) -> Generator[Product]:
    data = tmp_path_factory.mktemp("films") / "data"
    with start_product(data, env={"NEXHINA_VIDEO_WAIT_S": "6"}) as running:
        models = f"{MODEL}=up,other=up-other,sick=up-sick"
        add = {"provider": "openai_compatible", "name": "films", "models": models}
        ask(running, "channels.add", **add, base_url=vendor.base_url, key="k")
        yield running


@pytest.fixture(autouse=True)
def fresh(vendor: FilmVendor) -> None:
    vendor.submitted.clear()
    vendor.cancels = 200
    vendor.polls = 2
    vendor.broken_films = 0
    vendor.film = FILM


def generate(
    product: Product, prompt: str, headers: dict[str, str] | None = None, **fields
) -> Answer:
    body = {"model": MODEL, "prompt": prompt, **fields}
    return product.call("POST", "/v1/video/generations", body, headers)


def create(
    product: Product, prompt: str, headers: dict[str, str] | None = None, **fields
) -> Answer:
    return product.call("POST", "/v1/videos", {"model": MODEL, "prompt": prompt, **fields}, headers)


def find_row(product: Product, call: Answer):
    return BooksFile(product.data).wait_for(call.headers["x-nexhina-id"])


def test_the_documented_shape_waits_for_its_film(product: Product, vendor: FilmVendor) -> None:
    told = generate(product, "a wave", duration=2, width=320, height=240)
    assert told.status == 200
    answer = told.json()
    assert answer["status"] == "completed"
    (film,) = answer["data"]
    assert film["duration"] == 2
    assert told.headers["x-nexhina-cost"] == "0.002"
    link = film["url"].removeprefix(product.origin)
    assert product.call("GET", link, key="").body == FILM
    row = find_row(product, told)
    assert (row.status, row.charge_nano, row.hold_nano) == (200, 2_000_000, 2_000_000)
    assert vendor.submitted["a wave"] == 1


def test_a_film_of_one_family_is_seen_in_the_other(product: Product) -> None:
    told = generate(product, "a tree", duration=1)
    name = told.json()["id"]
    video = product.call("GET", f"/v1/videos/{name}").json()
    assert (video["status"], video["prompt"], video["seconds"]) == ("completed", "a tree", "1")
    made = create(product, "a leaf", seconds="1").json()
    assert await_film(product, made["id"])["data"][0]["url"]


@pytest.mark.parametrize(
    ("fields", "headers"), [({"async": True}, {}), ({}, {"prefer": "respond-async, wait=5"})]
)
def test_who_asks_for_the_job_gets_it_at_once(product: Product, fields, headers) -> None:
    told = generate(product, "later", headers, duration=1, **fields)
    assert told.status == 202
    assert told.json()["status"] in {"queued", "in_progress"}
    assert told.json()["data"] == []
    name = told.json()["id"]
    assert told.headers["location"] == f"/v1/video/generations/{name}"
    assert await_film(product, name)["status"] == "completed"


def test_what_takes_too_long_is_answered_as_a_job(product: Product) -> None:
    told = generate(product, "slow and slower", duration=1)
    assert told.status == 202
    assert told.json()["status"] == "in_progress"
    name = told.json()["id"]
    cancelled = product.call("POST", f"/v1/video/generations/{name}/cancel")
    assert cancelled.json()["status"] == "cancelled"
    row = find_row(product, told)
    assert (row.status, row.error_code, row.charge_nano) == (499, "cancelled", 0)
    again = product.call("POST", f"/v1/videos/{name}/cancel")
    assert (again.status, again.json()["status"]) == (200, "failed")  # a word that OpenAI knows
    assert again.json()["error"]["code"] == "cancelled"


def test_a_vendor_that_does_not_cancel_goes_on(product: Product, vendor: FilmVendor) -> None:
    vendor.cancels = 400
    name = create(product, "slow too", seconds=1).json()["id"]
    told = product.call("POST", f"/v1/videos/{name}/cancel")
    assert told.status == 409
    assert "while it runs" in told.json()["error"]["message"]
    assert product.call("DELETE", f"/v1/videos/{name}").status == 409
    assert product.call("GET", f"/v1/videos/{name}").json()["status"] in {"queued", "in_progress"}
    vendor.cancels = 200
    assert product.call("DELETE", f"/v1/videos/{name}").status == 200


@pytest.mark.parametrize(
    ("prompt", "status", "code"),
    [
        ("fail now", 400, "moderation_blocked"),
        ("vanish", 502, "vendor_lost_job"),
        ("policy", 400, "content_policy_violation"),
        ("refuse", 400, "strange_prompt"),
        ("break", 502, "submission_lost"),
        ("garbage", 502, "submission_lost"),
        ("error", 502, "submission_lost"),
    ],
)
def test_what_fails_says_so_costs_nothing_and_is_sent_once(
    product: Product, vendor: FilmVendor, prompt: str, status: int, code: str
) -> None:
    told = generate(product, prompt, duration=1)
    assert (told.status, told.json()["error"]["code"]) == (status, code), told.body
    row = find_row(product, told)
    assert (row.charge_nano, row.error_code) == (0, code)
    assert row.hold_nano == 1_000_000
    assert vendor.submitted[prompt] == 1


def test_a_film_that_breaks_off_is_fetched_again(product: Product, vendor: FilmVendor) -> None:
    vendor.broken_films = 1
    told = create(product, "broken once", seconds=1)
    film = await_film(product, told.json()["id"])
    assert film["status"] == "completed"
    assert product.call("GET", f"/v1/videos/{film['id']}/content").body == FILM


def test_what_is_no_film_is_not_kept(product: Product, vendor: FilmVendor) -> None:
    vendor.film = b"<html>sorry</html>"
    told = create(product, "not a film", seconds=1)
    name = told.json()["id"]
    time.sleep(3.0)  # it is tried again and again; nothing may come of it meanwhile
    assert product.call("GET", f"/v1/videos/{name}").json()["status"] == "in_progress"
    assert product.call("DELETE", f"/v1/videos/{name}").status == 409  # the vendor says: ready
    vendor.film = FILM
    assert await_film(product, name)["status"] == "completed"


MEASURED = [
    ("lasts 1 says 1", 1.0, 1_000_000),
    ("lasts 5 says 1", 5.0, 1_000_000),  # a longer film than asked for costs no more
    ("lasts 9 says 9", 9.0, 9_000_000),  # the vendor's word, which the file bears out
    ("lasts 3 says 9", 3.0, 3_000_000),  # … and which it does not
    ("lasts 1 says 9", 1.0, 1_000_000),
]
"""Prompts of films of which one second is asked for, the length that is shown, the charge."""


def test_a_film_is_charged_by_its_vendors_word_as_far_as_its_file_goes(product: Product) -> None:
    begun = [create(product, prompt, seconds=1) for prompt, *_ in MEASURED]
    for call, (prompt, shown, charged) in zip(begun, MEASURED, strict=True):
        film = await_film(product, call.json()["id"])
        assert film["data"][0]["duration"] == shown, prompt
        row = find_row(product, call)
        assert row.charge_nano == charged, prompt
        noted = [each for each in msgspec.json.decode(row.trace) if "the film lasts" in each]
        _, lasts, _, says = prompt.split()
        lie = [f"the film lasts {lasts} s; {says} s its provider said"] if lasts != says else []
        assert noted == lie, prompt


def test_a_film_is_removed_at_its_vendor_too(product: Product, vendor: FilmVendor) -> None:
    calls = {word: create(product, word, seconds=1).json()["id"] for word in ("kind", "unkind")}
    names = {job["prompt"]: name for name, job in vendor.jobs.items() if job["prompt"] in calls}
    for word, status in (("kind", 200), ("unkind", 500)):
        film = await_film(product, calls[word])
        vendor.cancels = status
        assert product.call("DELETE", f"/v1/videos/{film['id']}").status == 200
        assert product.call("GET", f"/v1/videos/{film['id']}").status == 404
        deadline = time.monotonic() + 5
        while names[word] not in vendor.deleted:
            assert time.monotonic() < deadline
            time.sleep(0.02)  # it is asked in another process
        assert (names[word] in vendor.jobs) == (status == 500)


def test_players_seek_in_a_film(product: Product) -> None:
    name = generate(product, "seek", duration=1).json()["id"]
    path = f"/v1/videos/{name}/content"
    part = product.call("GET", path, headers={"range": "bytes=4-7"})
    assert (part.status, part.body) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(FILM)}"
    assert part.headers["content-type"] == "video/mp4"
    assert product.call("GET", path, headers={"range": "bytes=999999999-"}).status == 416
    still = product.call("GET", f"{path}?variant=thumbnail")
    assert (still.status, still.body) == (200, STILL)
    assert product.call("GET", f"{path}?variant=spritesheet").status == 404
    assert product.call("GET", f"{path}?variant=poster").status == 400
    assert product.call("GET", path, key="sk-nobody").status == 401


def test_the_same_key_is_the_same_film(product: Product, vendor: FilmVendor) -> None:
    key = {"idempotency-key": "film-1"}
    first, second = create(product, "once", key, seconds=1), create(product, "once", key, seconds=1)
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert vendor.submitted["once"] == 1
    other = create(product, "twice", key, seconds=1)
    assert (other.status, other.json()["error"]["code"]) == (409, "conflict")
    told = generate(product, "once", {"idempotency-key": "film-2"}, duration=1)
    again = generate(product, "once", {"idempotency-key": "film-2"}, duration=1)
    assert told.json()["id"] == again.json()["id"]
    assert again.json()["data"][0]["url"]
    assert find_row(product, again).charge_nano == 0


def test_ten_at_once_with_one_key_are_one_film(product: Product, vendor: FilmVendor) -> None:
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(create(product, "raced", {"idempotency-key": "race"}, seconds=1))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert vendor.submitted["raced"] == 1


def test_each_try_carries_the_jobs_name_for_vendors_that_look(
    product: Product, vendor: FilmVendor
) -> None:
    name = create(product, "named", seconds=1).json()["id"]
    assert vendor.keys[-1] == name


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"duration": 0}, "duration"),
        ({"duration": "long"}, "duration"),
        ({"duration": 1e9}, "duration"),
        ({"duration": 1, "seconds": 1}, "seconds"),
        ({"width": 320}, "height"),
        ({"size": "320x240", "width": 640, "height": 480}, "size"),
        ({"size": "320\r\nx"}, "size"),
        ({"image": "ftp://host/a.png"}, "image"),
        ({"image": "bm90IGEgcGljdHVyZQ=="}, "image"),
        ({"image": "https://a/b", "image_url": "https://a/c"}, "image_url"),
        ({"fps": 500}, "fps"),
        ({"response_format": "b64_json"}, "response_format"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 1_000_000}, "prompt"),
        ({"junk": "x" * 100_000}, None),
    ],
)
def test_bad_input_is_refused_with_its_name(
    product: Product, vendor: FilmVendor, fields: dict[str, Any], param: str | None
) -> None:
    told = generate(product, fields.pop("prompt", "bad"), **fields)
    assert told.status == 400, told.body
    assert told.json()["error"]["param"] == param
    assert not vendor.submitted


def test_strangers_see_nothing(product: Product) -> None:
    name = create(product, "mine", seconds=1).json()["id"]
    for method, path in (
        ("GET", f"/v1/videos/{name}"),
        ("GET", "/v1/videos"),
        ("DELETE", f"/v1/videos/{name}"),
        ("POST", f"/v1/videos/{name}/cancel"),
        ("GET", f"/v1/video/generations/{name}"),
    ):
        assert product.call(method, path, key="sk-nobody").status == 401
    assert product.call("GET", "/v1/videos/video_0").status == 404
    assert product.call("GET", "/v1/videos/../secrets").status == 404


def test_a_key_without_money_is_refused_before_anything_is_sent(
    product: Product, vendor: FilmVendor
) -> None:
    made = product.run("keys", "create", "--name", "poor", "--budget-usd", "0.003")
    key = str(made["api_key"] if "api_key" in made else made["key"])
    body = {"model": MODEL, "prompt": "dear", "duration": 4}
    told = product.call("POST", "/v1/video/generations", body, key=key)
    assert (told.status, told.json()["error"]["code"]) == (402, "insufficient_quota")
    assert not vendor.submitted
    # What is set aside for a film can't be spent on another one meanwhile.
    first = {"model": MODEL, "prompt": "slow affordable", "duration": 2, "async": True}
    held = product.call("POST", "/v1/video/generations", first, key=key)
    assert held.status == 202
    second = {"model": MODEL, "prompt": "second", "duration": 2}
    assert product.call("POST", "/v1/video/generations", second, key=key).status == 402
    name = held.json()["id"]
    assert product.call("POST", f"/v1/videos/{name}/cancel", key=key).status == 200
    assert product.call("POST", "/v1/video/generations", second, key=key).status == 200


def test_the_caller_who_leaves_does_not_stop_the_film(product: Product, vendor: FilmVendor) -> None:
    vendor.polls = 3  # not ready before the caller has left
    with pytest.raises(TimeoutError):
        product.call(
            "POST",
            "/v1/video/generations",
            {"model": MODEL, "prompt": "left alone", "duration": 1},
            seconds=0.5,
        )
    films = product.call("GET", "/v1/videos?limit=5").json()["data"]
    (film,) = [each for each in films if each["prompt"] == "left alone"]
    assert await_film(product, film["id"])["status"] == "completed"
    assert vendor.submitted["left alone"] == 1


def test_the_books_are_exact_in_the_end(product: Product, tmp_path: Path) -> None:
    films = product.call("GET", "/v1/videos?limit=100").json()["data"]
    for film in films:
        if film["status"] in {"queued", "in_progress"}:
            await_film(product, film["id"])
    with BooksFile(product.data)._open() as connection:
        assert connection.execute("SELECT count(*) FROM earmark").fetchone() == (0,)
