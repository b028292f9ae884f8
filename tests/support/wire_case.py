"""The cases of tests/wire/: where they lie, how their files are read, what each of them shows."""

import base64
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from nexhina.ports import Headers, Inbound
from support.inbound import make_inbound
from support.pictures import make_form

ROOT = Path(__file__).parent.parent / "wire"
OPERATIONS = {
    "openai_chat": "chat",
    "openai_embeddings": "embeddings",
    "openai_images": "images",
    "openai_image_edits": "image_edits",
    "openai_image_variations": "image_variations",
    "openai_speech": "speech",
    "openai_transcriptions": "transcriptions",
    "openai_translations": "translations",
    "openai_completions": "completions",
    "openai_responses": "responses",
    "openai_moderations": "moderations",
    "rerank": "rerank",
    "cohere_rerank": "rerank",
    "cohere_embed": "embeddings",
    "cohere_embed_v1": "embeddings",
}
"""What is asked for, by the caller's format."""


class Shown(NamedTuple):
    """What a case shows, and of whom."""

    vendor: str
    operation: str
    dialect: str  # the vendor's
    kind: str  # plain, stream, usage, error, busy, hostile; of films also taken and failed


def list_cases(name: str) -> list[Path]:
    """The folders that hold a file of this name, by vendor and case."""
    return sorted(path.parent for path in ROOT.glob(f"*/*/{name}"))


def read_json(path: Path) -> Any:
    """What the file holds."""
    return msgspec.json.decode(path.read_bytes())


def read_http(raw: bytes) -> tuple[int, Headers, bytes]:
    """Status, headers and body of a whole answer whose head has LF."""
    head, _, body = raw.partition(b"\n\n")
    status, *lines = head.split(b"\n")
    pairs = [line.split(b":", 1) for line in lines if line]
    return int(status.split()[1]), {name.lower(): value.strip() for name, value in pairs}, body


def read_call(folder: Path, expect: dict[str, Any]) -> Inbound:
    """The caller's request of a case; a form's files are objects in its JSON."""
    raw = (folder / "request.json").read_bytes()
    if not expect.get("form"):
        return make_inbound(raw)
    fields: dict[str, Any] = msgspec.json.decode(raw)
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    files = [
        (name, each.get("name"), each.get("type"), base64.b64decode(each["file"]))
        for name, value in fields.items()
        for each in (value if isinstance(value, list) else [value])
        if isinstance(each, dict)
    ]
    return make_form(texts, files)


def list_shown() -> set[Shown]:
    """What all cases show, told from what they expect and not from their names."""
    shown: set[Shown] = set()
    for folder in list_cases("expect.json"):
        expect = read_json(folder / "expect.json")
        operation = OPERATIONS[expect.get("caller", expect["dialect"])]
        place = (folder.parent.name, operation, expect["dialect"])
        shown |= {Shown(*place, kind) for kind in _call_kinds(folder, expect)}
    for folder in list_cases("film.json"):
        expect = read_json(folder / "film.json")
        place = (folder.parent.name, "video", expect["dialect"])
        shown |= {Shown(*place, kind) for kind in _film_kinds(folder, expect)}
    return shown


def _call_kinds(folder: Path, expect: dict[str, Any]) -> set[str]:
    usage = {"usage"} if expect.get("usage") else set[str]()
    if (folder / "upstream.sse").exists():
        good = expect["ended"] and not expect.get("stream_error")
        return usage | {"stream"} if good else {"hostile"}
    status = read_http((folder / "upstream.http").read_bytes())[0]
    if status != 200:
        return {"busy" if status == 429 and expect["verdict"] == "busy" else "error"}
    return {"hostile"} if expect.get("failed") else usage | {"plain"}


def _film_kinds(folder: Path, expect: dict[str, Any]) -> set[str]:
    status = read_http((folder / "upstream.http").read_bytes())[0]
    if status != 200:
        return {"busy" if status == 429 and expect["verdict"] == "busy" else "error"}
    if expect.get("failed"):
        return {"hostile"}
    if expect["step"] == "submit":
        return {"taken"}
    kinds = {"completed": "plain", "failed": "failed"}
    found = {kinds[expect["state"]]} if expect["state"] in kinds else set[str]()
    return found | {"usage"} if expect.get("ms") else found
