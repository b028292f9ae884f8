"""The whole OpenAPI document against the started product: Schemathesis, and each documented example.

What is checked how, and why a check is widened, is in support/schemathesis.toml and
support/schemathesis_checks.py. All is made from the document, so a new route is in by itself.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.contract.openapi import BODIES, build_document
from nexhina.contract.route import ROUTES
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import EVERY_SCHEMA
from support.installation import Installation
from support.pictures import FORM, make_png, write_form
from support.product import Product, clean_environment
from support.served import serve_installation

SUPPORT = Path(__file__).parents[1] / "support"
OPERATIONS = [f"{method} {route.path}" for route in ROUTES for method in route.methods]
SECONDS = 240  # a run takes about 50; more only where the machine is busy


@pytest.fixture(scope="module")
def served(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """A product of its own: what is made up and sent here is no other test's business."""
    with serve_installation(installation, tmp_path_factory.mktemp("served")) as product:
        yield product


def run_schemathesis(product: Product, folder: Path, *arguments: str) -> dict[str, Any]:
    """The report of a run over the product's document; fails with what was found."""
    report = folder / "report.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(SUPPORT / "schemathesis.toml"), "run"),
            *(f"{product.origin}/openapi.json", "--report-json-path", str(report), *arguments),
        ],
        cwd=folder,
        env=clean_environment() | {"PYTHONPATH": str(SUPPORT.parent), "NEXHINA_KEY": product.key},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
        pytest.fail("\n".join(line[:1500] for line in lines), pytrace=False)
    return msgspec.json.decode(report.read_bytes())


def test_schemathesis_finds_no_fault_in_any_operation(served: Product, tmp_path: Path) -> None:
    report = run_schemathesis(served, tmp_path)
    assert report["complete"]
    assert report["operations"]["tested"] == len(OPERATIONS)
    assert {name for name, each in report["phases"].items() if each["status"] == "success"} == {
        "examples",
        "coverage",
        "fuzzing",
        "stateful",
    }
    assert report["test_cases"]["generated"] > 100 * len(OPERATIONS)
    assert report["errors"] == []


# --- the document's own examples ------------------------------------------------------------------

WITH_EXAMPLE = [name for name, body in BODIES.items() if body.request is not None]
STREAMED = [name for name in WITH_EXAMPLE if BODIES[name].streams]


FILES: dict[str, tuple[str, str, bytes]] = {"image": ("a.png", "image/png", make_png(64, 64))}
"""What stands in a form where the document's example can only say that it is a file."""

SHOWS: dict[str, dict[str, Any]] = {
    "POST /v1/images/generations": {"model": "sandbox-image", "partial_images": 3},
    "POST /v1/images/edits": {"partial_images": 3},
    "POST /v1/audio/speech": {"stream_format": "sse"},
}
"""What an example needs beside `stream` to have more than an end."""

FEWEST = {"POST /v1/audio/transcriptions": 2}
"""Events of a stream where it may have fewer than three: one sentence is heard whole, then comes the end."""


def write_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@cache
def speak(product: Product) -> bytes:
    """A recording of the documented example of speech: what is to be heard has words in it."""
    example = EXAMPLES["SpeechRequest"] | {"response_format": "wav"}
    answer = product.call("POST", "/v1/audio/speech", example)
    assert answer.status == 200, answer.body
    return answer.body


@cache
def film(product: Product) -> str:
    """The id of a film that is completed, made from the documented example."""
    answer = product.call("POST", "/v1/video/generations", EXAMPLES["VideoGenerationRequest"])
    assert answer.status == 200, answer.body
    return answer.json()["id"]


def list_files(product: Product, names: Iterable[str]) -> list[tuple[str, str, str, bytes]]:
    """What stands in the fields of files: name, file name, content type, bytes."""
    files = [(name, *FILES[name]) for name in FILES.keys() & set(names)]
    if "file" in names:
        files.append(("file", "a.wav", "audio/wav", speak(product)))
    return files


def send_example(product: Product, operation: str, **more: Any) -> Any:
    method, _, path = operation.partition(" ")
    if path.startswith("/v1/videos/{id}"):
        path = path.format(id=film(product))
    body = BODIES[operation]
    example = EXAMPLES[body.request or ""] | more
    if body.form:
        files = list_files(product, example)
        named = {name for name, *_ in files}
        texts = {name: write_text(example[name]) for name in example.keys() - named}
        headers = {"content-type": FORM[b"content-type"].decode()}
        answer = product.call(method, path, write_form(texts, files), headers)
    else:
        answer = product.call(method, path, example)
    assert answer.status == 200, answer.body
    return answer


def require_documented(operation: str, value: Any) -> Any:
    """The answer as the Struct that documents it: the first of several, which plain callers get."""
    named = BODIES[operation].answer
    kind = EVERY_SCHEMA[named if isinstance(named, str) else (named or ("",))[0]]
    return msgspec.convert(value, kind)


@pytest.mark.parametrize("operation", WITH_EXAMPLE)
def test_an_example_is_accepted_and_answers_as_documented(served: Product, operation: str) -> None:
    answer = send_example(served, operation)
    if BODIES[operation].sound:
        assert answer.headers["content-type"] == "audio/mpeg"
        assert answer.body[:3] == b"ID3" or answer.body[0] == 0xFF
        return
    assert answer.headers["content-type"] == "application/json"
    found = require_documented(operation, answer.json())
    asked = EXAMPLES[BODIES[operation].request or ""]
    if "model" in asked:
        assert getattr(found, "model", asked["model"]) == asked["model"]


BESIDE = [name for name, body in BODIES.items() if body.beside is not None]


@pytest.mark.parametrize("operation", BESIDE)
def test_the_json_beside_a_form_is_accepted_and_answers_as_documented(
    served: Product, operation: str
) -> None:
    method, _, path = operation.partition(" ")
    answer = served.call(method, path, EXAMPLES[BODIES[operation].beside or ""])
    assert answer.status == 200, answer.body
    require_documented(operation, answer.json())


def test_what_is_translated_on_the_way_is_among_it(served: Product) -> None:
    """The sandbox speaks chat and one rerank format: the bridges answer these examples."""
    for operation in ("POST /v1/responses", "POST /v2/rerank"):
        lane = send_example(served, operation).headers["x-nexhina-lane"]
        assert lane in {"translate", "splice"}, operation


@pytest.mark.parametrize("operation", STREAMED)
def test_an_example_streams_as_documented(served: Product, operation: str) -> None:
    body = BODIES[operation]
    answer = send_example(served, operation, stream=True, **SHOWS.get(operation, {}))
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.body.decode().splitlines() if line.startswith("data: ")]
    data = [line.removeprefix("data: ") for line in lines]
    if body.ends is not None:
        assert data.pop() == body.ends
    assert len(data) >= FEWEST.get(operation, 3)
    for each in data:
        msgspec.json.decode(each, type=EVERY_SCHEMA[body.event or ""])


def test_every_operation_answers_as_documented(served: Product) -> None:
    """Those without a body, on a response and a film that the examples made."""
    response = send_example(served, "POST /v1/responses").json()["id"]
    last = [name for name in OPERATIONS if name.startswith("DELETE ")]
    seen: set[str] = set()
    for name in [*(each for each in OPERATIONS if each not in last), *last]:
        method, _, path = name.partition(" ")
        if name in WITH_EXAMPLE or name.endswith("/cancel"):
            continue
        made = response if "/responses" in path else film(served)
        answer = served.call(method, path.format(id=made, model="deepseek-v3"))
        assert answer.status == 200, f"{name}: {answer.body!r}"
        if BODIES[name].film:
            assert answer.headers["content-type"] == "video/mp4"
        else:
            require_documented(name, answer.json())
        seen.add(name)
    film.cache_clear()  # deleted above, as the response was
    refused = served.call("POST", f"/v1/responses/{response}/cancel")
    assert refused.status == 404
    given_up = {name for name in OPERATIONS if name.endswith("/cancel")}
    assert seen | set(WITH_EXAMPLE) | given_up == set(OPERATIONS)


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/video/generations"])
def test_a_film_is_given_up_once_and_a_completed_one_is_not(served: Product, path: str) -> None:
    begun = served.call(
        "POST", "/v1/video/generations", EXAMPLES["VideoGenerationRequest"] | {"async": True}
    )
    assert begun.status == 202
    assert begun.headers["location"] == f"/v1/video/generations/{begun.json()['id']}"
    stopped = served.call("POST", f"{path}/{begun.json()['id']}/cancel")
    assert stopped.status == 200, stopped.body
    require_documented(f"POST {path}/{{id}}/cancel", stopped.json())
    refused = served.call("POST", f"{path}/{film(served)}/cancel")
    assert (refused.status, refused.json()["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/models?client_version=0.145.0", "CodexModelList"),
        ("/v1/models?key=KEY", "GeminiModelList"),
        ("/v1/models/deepseek-v3?key=KEY", "GeminiModel"),
    ],
)
def test_the_other_shapes_of_models_are_as_documented(
    served: Product, path: str, kind: str
) -> None:
    answer = served.call("GET", path.replace("KEY", served.key))
    assert answer.status == 200
    msgspec.convert(answer.json(), EVERY_SCHEMA[kind])


GOOGLES = "/v1beta/"
"""Where errors have Google's shape."""

# --- what no generated call can show --------------------------------------------------------------


def test_a_method_that_a_path_does_not_have_is_refused_with_those_it_has(served: Product) -> None:
    paths: dict[str, set[str]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, set()).update(route.methods)
    for path, methods in paths.items():
        has = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        real = path.format(id="resp_x", model="deepseek-v3")
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - has:
            answer = served.call(method, real)
            assert answer.status == 405, f"{method} {path}"
            assert set(answer.headers["allow"].split(", ")) == has
            error = answer.json()["error"]
            if path.startswith(GOOGLES):
                assert error["details"][0]["reason"] == "METHOD_NOT_ALLOWED"
            else:
                assert error["code"] == "method_not_allowed"
        preflight = served.call("OPTIONS", real)
        assert preflight.status == 204
        assert set(preflight.headers["allow"].split(", ")) == has


@pytest.mark.parametrize("operation", WITH_EXAMPLE)
def test_a_parameter_that_no_schema_names_is_never_refused(served: Product, operation: str) -> None:
    send_example(served, operation, parameter_of_tomorrow={"a": [1, None]})


@pytest.mark.parametrize(
    ("operation", "more", "param"),
    [
        ("POST /v1/responses", {"truncation": "some"}, "truncation"),
        ("POST /v1/responses", {"metadata": {"a": {}}}, "metadata"),
        ("POST /v1/responses/input_tokens", {"truncation": {}}, "truncation"),
        ("POST /v1/responses/input_tokens", {"reasoning": "low"}, "reasoning"),
        ("POST /v2/rerank", {"documents": ["a", {"title": "b"}]}, "documents[1].text"),
        ("POST /v2/rerank", {"top_n": 0}, "top_n"),
    ],
)
def test_what_is_not_passed_through_is_checked_against_the_contract(
    served: Product, operation: str, more: dict[str, Any], param: str
) -> None:
    method, _, path = operation.partition(" ")
    example = EXAMPLES[BODIES[operation].request or ""]
    answer = served.call(method, path, example | more)
    assert answer.status == 400
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    name = param.partition("[")[0]
    assert error["message"].startswith(f"'{name}' must be ")  # what to send instead


@pytest.mark.parametrize("query", ["limit=0", "limit=0&client_version=0.145.0", "limit=x"])
def test_a_bad_page_is_refused_in_every_shape_of_the_list(served: Product, query: str) -> None:
    answer = served.call("GET", f"/v1/models?{query}")
    assert (answer.status, answer.json()["error"]["param"]) == (400, "limit")


def test_the_401_is_the_sites_to_the_letter(served: Product) -> None:
    for name in OPERATIONS:
        method, _, path = name.partition(" ")
        for headers in ({"authorization": "Bearer sk-wrong"}, {"authorization": ""}):
            answer = served.call(method, path.format(id="r", model="m"), headers=headers)
            assert answer.status == 401
            if path.startswith(GOOGLES):
                error = answer.json()["error"]
                assert (error["code"], error["status"]) == (401, "UNAUTHENTICATED")
            else:
                assert answer.json() == EXAMPLES["Error"]
    assert build_document("1")["components"]["responses"]["401"]["content"] == {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Error"},
            "example": EXAMPLES["Error"],
        }
    }
