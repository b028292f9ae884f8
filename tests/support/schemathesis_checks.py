"""What Schemathesis (run as a process, which loads this file) checks beside its own checks.

Its check that schema-valid data are accepted is replaced: a refusal must be the documented error,
name the parameter, and have one of the reasons written here, which no JSON Schema can tell.
"""

import re
from typing import Any

import msgspec
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure

from nexhina.contract.openapi import BODIES, build_components
from nexhina.contract.schema.example import EXAMPLES
from support.pictures import make_png
from support.recordings import make_wav

PICTURE = make_png(64, 64)
RECORDING = make_wav(bytes(3200))
"""A fifth of a second in which nothing is said: recognition is slow, its words are tested elsewhere."""

EMBED = {
    **dict.fromkeys(("texts", "images", "inputs"), "exactly one of the three, none empty"),
    **dict.fromkeys(("embedding_types", "output_dimension"), "what the model's vendor can give"),
    **dict.fromkeys(("input", "dimensions"), "the same in the words of the vendor asked"),
}

PICTURES = {
    **dict.fromkeys(
        ("n", "size", "quality", "style", "background", "output_format", "output_compression"),
        "a fact of the model",
    ),
    **dict.fromkeys(("moderation", "prompt", "partial_images"), "a fact of the model"),
    "stream": "a fact of the model",
    "response_format": "no links in a stream",
}

RECORDINGS = {
    "file": "a recording, which a schema can't tell from another file",
    **dict.fromkeys(
        ("language", "prompt", "response_format", "temperature", "stream"), "a fact of the model"
    ),
    "timestamp_granularities": "needs verbose_json",
}

FILMS = {
    **dict.fromkeys(("seconds", "duration"), "a number above 0, which may be written as a text"),
    **dict.fromkeys(("size", "width", "height"), "both sides or none, as the model makes them"),
    **dict.fromkeys(("fps", "n"), "a fact of the model"),
    **dict.fromkeys(
        ("image", "image_url", "input_reference"),
        "one picture: an address or a data URL, which a schema can't tell from another text",
    ),
}

ANYWHERE = {
    "model": "the model is one of this installation, but not for this operation",
}
"""By the parameter at fault, without the place in it: why a value that fits may be refused."""

BEYOND_SCHEMA: dict[str, dict[str, str]] = {
    "GET /v1/models": {
        "after_id": "a cursor must come from an earlier page",
        "before_id": "a cursor must come from an earlier page; with after_id there is no page",
    },
    "GET /v1beta/models": {"pageToken": "a cursor must come from an earlier page"},
    "GET /v1/responses/{id}": {"starting_after": "needs stream, and a number of an event in it"},
    "GET /v1/responses/{id}/input_items": {"after": "a cursor must come from an earlier page"},
    "POST /v1/responses/{id}/cancel": {"response_id": "only what runs in the background"},
    "POST /v1/responses": {
        "input": "needed unless an earlier response brings items; what an item must be differs by type",
        "tools": "what a tool must be differs by type",
        "tool_choice": "it names a tool of the list",
        "store": "what runs in the background is stored",
        "background": "so many of a key may run at once",
        "previous_response_id": "the earlier response must be one that is kept",
        "reasoning": "efforts differ by model",
        "truncation": "auto needs a vendor that does it",
    },
    "POST /v1/responses/compact": {
        "input": "needed unless an earlier response brings items; what an item must be differs by type",
        "previous_response_id": "the earlier response must be one that is kept",
    },
    "POST /v1/chat/completions": {
        "top_logprobs": "needs logprobs",
        "stream_options": "needs stream",
        "max_tokens": "only one of two names for the same",
        "stop": "no empty text, and as many as the vendor takes",
        "messages": "what a part must be differs by type",
        "tools": "a tool's schema must be one that can be met",
        "tool_choice": "it names a tool of the list",
        "response_format": "a schema that can be met",
    },
    "POST /v1/completions": {
        "best_of": "at least n, and 1 in a stream",
        "prompt": "as long as the vendor takes, and texts where it has no tokens",
        "stream_options": "needs stream",
        "stop": "no empty text, and as many as the vendor takes",
        "n": "as many as the vendor writes",
    },
    "POST /v1/embeddings": {
        "dimensions": "a fact of the model",
        "input": "token numbers are the model's",
    },
    "POST /v1/embed": EMBED,
    "POST /v2/embed": EMBED,
    "POST /v1/images/generations": PICTURES,
    "POST /v1/images/edits": PICTURES
    | {
        "image": "a picture, which a schema can't tell from another file",
        "images": "an address or a data URL; the sandbox fetches nothing and keeps no files",
        "mask": "a picture with an alpha channel and the first one's size",
        "input_fidelity": "a fact of the model",
    },
    "POST /v1/images/variations": PICTURES
    | {"image": "a picture, which a schema can't tell from another file"},
    "POST /v1/audio/speech": {
        "input": "not blank",
        **dict.fromkeys(("voice", "response_format", "stream_format"), "a fact of the model"),
    },
    "POST /v1/audio/transcriptions": RECORDINGS,
    "POST /v1/audio/translations": RECORDINGS,
    "POST /v1/video/generations": FILMS,
    "POST /v1/videos": FILMS,
    "POST /v1/videos/{id}/remix": {"video_id": "only a film that is completed is remixed"},
    "GET /v1/videos": {"after": "a cursor must come from an earlier page"},
    "POST /v1/rerank": {"query": "not blank", "documents": "as many as the vendor takes"},
    "POST /v2/rerank": {"query": "not blank", "documents": "as many as the vendor takes"},
}

WHOLE_WITH_FRACTION = re.compile(r"must be a whole number .*, not -?[0-9.e+]+\.0\.")
"""To a JSON Schema 7.0 is an integer; here, as at OpenAI, a whole number has no fraction."""


@schemathesis.hook
def map_body(ctx: schemathesis.HookContext, body: Any) -> Any:
    """Names a model that is there: a made-up one is a 404, behind which nothing would be tested."""
    if not isinstance(body, dict) or ctx.operation is None:
        return body
    schema = BODIES[f"{ctx.operation.method.upper()} {ctx.operation.path}"].request
    name: Any = body.get("model")
    if schema is not None and isinstance(name, str) and 1 <= len(name) <= 256:
        body["model"] = EXAMPLES[schema]["model"]
    if schema is not None and schema.startswith("Image"):
        give_picture(body)
    if schema in {"TranscriptionRequest", "TranslationRequest"}:
        give_recording(body)
    if schema in {"VideoGenerationRequest", "VideoCreateRequest"}:
        make_film_small(body)
    if schema == "VideoGenerationRequest" and body.get("async") is None:
        # Each film takes a second to make, and the run would wait for hundreds of them one after
        # another. The answer with a film in it is checked with the document's own example.
        body["async"] = True
    return body


@schemathesis.hook
def filter_failure(
    ctx: schemathesis.HookContext,
    failure: Failure,
    case: schemathesis.Case,
    response: schemathesis.Response,
) -> bool:
    """Whether it is a fault. A number or truth value as a form's text is none that was accepted:
    all that a form holds are texts.
    """
    body: Any = case.body
    if not isinstance(failure, AcceptedNegativeData) or not isinstance(body, dict):
        return True
    if case.media_type != "multipart/form-data":
        return True
    schema = BODIES[f"{case.method} {case.operation.path}"].request
    return not any(isinstance(body.get(name), int | float) for name in FREE_TEXTS[schema or ""])


def list_free_texts(schema: Any) -> set[str]:
    """The fields that any text fits."""
    return {
        name
        for name, part in schema["properties"].items()
        if any(
            each.get("type") == "string" and each.keys().isdisjoint(("enum", "pattern", "format"))
            for each in part.get("anyOf", [part])
        )
    }


FREE_TEXTS = {name: list_free_texts(schema) for name, schema in build_components().items()}


def give_picture(body: dict[str, Any]) -> None:
    """A real picture in the place of made-up bytes: behind those nothing would be tested."""
    image: Any = body.get("image")
    if isinstance(image, (str, bytes)):
        body["image"] = PICTURE
    elif isinstance(image, list) and all(isinstance(each, (str, bytes)) for each in image):
        body["image"] = [PICTURE] * len(image)


def make_film_small(body: dict[str, Any]) -> None:
    """The least of a film where the request leaves it open: hundreds of usual ones, made meanwhile,
    would hold a core through the whole run. Without a wish it is made in the document's own examples.
    """
    if all(body.get(name) is None for name in ("size", "width", "height")):
        body["size"] = "64x64"
    if all(body.get(name) is None for name in ("seconds", "duration")):
        body["seconds"] = "1"


def give_recording(body: dict[str, Any]) -> None:
    """A real recording in the place of made-up bytes: behind those nothing would be tested."""
    if isinstance(body.get("file"), (str, bytes)):
        body["file"] = RECORDING


def _read_param(error: dict[str, Any]) -> str:
    """The parameter that an error names, in our shape or in Google's."""
    if "details" in error:
        return str(error["details"][1]["fieldViolations"][0]["field"])
    return str(error["param"])


@schemathesis.check
def a_refusal_of_valid_data_has_a_written_reason(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """A 400 to what fits the schemas names the parameter, and why is known."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code != 400:
        return
    error: dict[str, Any] = msgspec.json.decode(response.content)["error"]
    label = f"{case.method} {case.operation.path}"
    if WHOLE_WITH_FRACTION.search(error["message"]):
        return
    param = re.split(r"[\[.]", _read_param(error))[0]
    known = ANYWHERE | BEYOND_SCHEMA.get(label, {})
    assert param in known, f"{label} refuses {param!r} without a written reason: {error['message']}"
