"""What the pages say of answers, held against a running product: headers, bodies, events, metrics."""

import re
from typing import Any

import msgspec
import pytest

from support.needs import ROOT
from support.page import LANGUAGES, index_rows, load_page, read_code
from support.product import Answer, Product

CHAT = {"model": "sandbox-chat", "messages": [{"role": "user", "content": "Hi"}]}
HTTP = {  # what every HTTP answer may carry, and what a page of its own explains
    "date", "content-type", "content-length", "transfer-encoding", "connection", "cache-control",
    "x-accel-buffering", "vary",
}  # fmt: skip


def chat(product: Product, model: str = "sandbox-chat", **more: Any) -> Answer:
    return product.call("POST", "/v1/chat/completions", {**CHAT, "model": model, **more})


def make_image(product: Product, key: str) -> Answer:
    body = {"model": "wanx-v2", "prompt": "A hill"}
    headers = {"Idempotency-Key": key}
    return product.call("POST", "/v1/images/generations", body, headers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_header_that_an_answer_carries_is_explained(language: str, product: Product) -> None:
    rows = index_rows(load_page(language, "authentication.md").text)
    key = f"headers-{language}"
    answers = [
        chat(product),
        chat(product, stream=True),
        chat(product, "sandbox-chat;error_rate=1,error_code=429,retry_after=0"),
        chat(product, "nothing-like-it"),
        product.call("GET", "/v1/chat/completions"),
        product.call("GET", "/v1/models"),
        make_image(product, key),
        make_image(product, key),
    ]
    seen = {name for answer in answers for name in answer.headers}
    assert {"retry-after", "allow", "idempotency-replayed", "x-nexhina-cost"} <= seen
    named = {name.lower() for name in rows}
    left = {name for name in seen - HTTP - named if not name.startswith("access-control-")}
    assert not left


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_401_is_the_one_that_is_shown(language: str, product: Product) -> None:
    heading = {"en": "The 401", "zh": "401 响应"}[language]
    text = load_page(language, "authentication.md").section(heading)
    shown = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    answer = product.call("GET", "/v1/models", key="sk-wrong")
    assert answer.status == 401
    assert answer.json() == msgspec.json.decode(shown[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_error_that_is_shown_is_a_real_one(language: str, product: Product) -> None:
    [shown] = load_page(language, "errors.md").blocks("json")
    body = {"model": "wanx-v2", "prompt": "A cat", "size": "10x10"}
    answer = product.call("POST", "/v1/images/generations", body)
    assert answer.status == 400
    assert answer.json() == msgspec.json.decode(shown.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_broken_stream_ends_as_the_page_shows(language: str, product: Product) -> None:
    page = load_page(language, "streaming.md")
    shown = [block.text.strip() for block in page.blocks("text")]
    broken = chat(product, "sandbox-chat;cut_after=3", stream=True).body.decode()
    assert broken.rstrip().split("\n\n")[-1] in shown
    assert "[DONE]" not in broken
    whole = chat(product, stream=True).body.decode()
    assert whole.rstrip().split("\n\n")[-1] in shown
    assert ": ping" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_address_that_is_named_answers(language: str, product: Product) -> None:
    heading = {"en": "Other addresses", "zh": "其他地址"}[language]
    rows = index_rows(load_page(language, "api.md").section(heading))
    assert len(rows) > 4
    for name in rows:
        method, _, path = name.partition(" ")
        answer = product.call(method, path.replace("{name}", "x.png"))
        # /media without a signature and /setup without a token are refused, but known.
        assert answer.status in (200, 403, 410), (name, answer.status)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fields_of_a_model_are_explained(language: str, product: Product) -> None:
    heading = {"en": "Fields", "zh": "字段"}[language]
    named = set(read_code(load_page(language, "models.md").section(heading)))
    data = product.call("GET", "/v1/models").json()["data"]
    fields = {field for model in data for field in model}
    fields |= {field for model in data for price in model["price"] for field in price}
    assert not fields - named


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_about_health_are_as_shown(language: str, product: Product) -> None:
    rows = index_rows(load_page(language, "observability.md").text)
    ready = product.call("GET", "/readyz")
    assert ready.status == 200
    assert ready.body.decode() in rows["GET /readyz"][1]
    alive = product.call("GET", "/healthz").body.decode()
    assert product.call("GET", "/health").body.decode() == alive
    version = re.sub(r'"version":"[^"]+"', '"version":"…"', alive)
    assert version in rows["GET /healthz"][1]
    assert "GET /health" in rows


def read_metrics(text: str) -> dict[str, tuple[str, set[str]]]:
    """Name → (type, labels) of every metric of ours in a scrape."""
    found: dict[str, tuple[str, set[str]]] = {}
    for name, kind in re.findall(r"^# TYPE (nexhina_\w+) (\w+)$", text, re.MULTILINE):
        samples = re.findall(rf"^{name}(?:_bucket|_sum|_count)?\{{(.*?)\}} ", text, re.MULTILINE)
        labels = {label for sample in samples for label in re.findall(r'(\w+)="', sample)}
        found[name] = (kind, labels - {"le"})
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_metric_has_a_row_with_its_type_and_labels(language: str, product: Product) -> None:
    chat(product, "sandbox-chat;error_rate=1")
    chat(product)
    make_image(product, f"metrics-{language}")
    page = index_rows(load_page(language, "observability.md").text)
    rows = {name: row for name, row in page.items() if name.startswith("nexhina_")}
    scraped = read_metrics(product.call("GET", "/metrics").body.decode())
    assert len(scraped) > 10
    for name, (kind, labels) in scraped.items():
        wanted = f"| `{name}` | {kind} | {', '.join(sorted(labels)) or '–'} |"
        assert name in rows, f"observability.md ({language}) lacks\n{wanted}"
        assert rows[name][1] == kind, wanted
        assert set(read_code(rows[name][2])) == labels, wanted
    assert set(rows) == set(scraped)


def test_every_cause_of_a_failed_attempt_is_named() -> None:
    source = (ROOT / "src" / "nexhina" / "errors.py").read_text()
    literal = source.partition("FailureKind = Literal[")[2].partition("]")[0]
    kinds = set(re.findall(r'"(\w+)"', literal)) | {"status", "answer"}
    assert len(kinds) > 7
    for language in LANGUAGES:
        heading = {"en": "Metrics", "zh": "指标"}[language]
        named = set(read_code(load_page(language, "observability.md").section(heading)))
        assert kinds <= named
