"""Errors in OpenAI's shape: ours written, vendors' read, whatever they look like."""

import re
from typing import Any, cast

import msgspec

from nexhina.dialects.dialect import VendorError
from nexhina.errors import HeaderList, InvalidApiKeyError, NexhinaError
from nexhina.ports import Headers

_LONGEST = 500
_SECRETS = (
    (re.compile(r"(?i)\bbearer\s+[\w.~+/*=-]+"), "[key]"),
    (re.compile(r"\b(?:(?:sk|pk|rk|gsk|xai|key)[-_]|AIza|eyJ)[\w*.-]{6,}"), "[key]"),
    (re.compile(r"\b(?:org|proj|acct|account)[-_](?=[\w*-]*[\d*])[\w*-]{4,}"), "[account]"),
    (re.compile(r"(?i)\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[account]"),
    (re.compile(r"(?i)\b(?:https?|wss?)://[^\s\"'<>)\]]+"), "[address]"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "[address]"),
    (re.compile(r"\[?(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]*\]?(?::\d+)?"), "[address]"),
    (re.compile(r"(?i)\b(?:[a-z0-9-]+\.)+[a-z]{2,}:\d+\b|\blocalhost(?::\d+)?\b"), "[address]"),
    (
        re.compile(
            r"(?i)\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|ai|cn|dev|local|internal|corp|lan)\b"
        ),
        "[address]",
    ),
    (re.compile(r"\b[0-9a-fA-F]{32,}\b"), "[key]"),
)
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


def write_error(error: NexhinaError) -> tuple[int, HeaderList, bytes]:
    """Status, headers and body; the 401 exactly as documented, without `param`."""
    headers: HeaderList = [(b"content-type", b"application/json"), *error.headers]
    return error.status, headers, msgspec.json.encode({"error": _write_object(error)})


def write_stream_error(error: NexhinaError) -> bytes:
    """The event that ends a broken stream; no `[DONE]` follows."""
    return b"data: " + msgspec.json.encode({"error": _write_object(error)}) + b"\n\n"


def write_ping() -> bytes:
    """A comment, which every event reader skips."""
    return b": ping\n\n"


def read_error(status: int, headers: Headers, body: bytes) -> VendorError:
    """What a vendor's error answer says: OpenAI's object, a bare string, `detail`, HTML or nothing."""
    try:
        found: Any = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = body[: 16 * 1024].decode(errors="replace")
        if "<" in found and b"html" in headers.get(b"content-type", b"text/html"):
            title = _TITLE.search(found)
            found = title[1] if title is not None else None
    error = read_error_object(found)
    if error.message:
        return error
    return msgspec.structs.replace(error, message=f"The provider answered with status {status}.")


def read_error_object(found: Any) -> VendorError:
    """The error in decoded JSON of any shape; `message` may be empty here."""
    if isinstance(found, list) and found:
        found = cast("list[Any]", found)[0]
    if not isinstance(found, dict):
        return VendorError(message=clean_text(found) if isinstance(found, str) else "")
    outer = cast("dict[str, Any]", found)
    inner = outer.get("error", outer)
    if not isinstance(inner, dict):
        inner = {**outer, "message": inner}
    error = cast("dict[str, Any]", inner)
    message = next(
        (
            text
            for key in ("message", "detail", "msg", "error_msg", "title", "errors")
            for place in (error, outer)
            if (text := _read_text(place.get(key)))
        ),
        "",
    )
    return VendorError(
        message=clean_text(message),
        type=_read_word(error.get("type")),
        code=_read_code(error),
        param=_read_word(error.get("param")),
    )


def read_stream_error(found: Any) -> VendorError:
    """The error in the decoded event that broke a stream off; it has a message, if only ours."""
    error = read_error_object(found)
    if error.message:
        return error
    return msgspec.structs.replace(error, message="The provider broke the stream off.")


def clean_text(text: str) -> str:
    """The text without keys, accounts, addresses and control characters, at most 500 long."""
    text = _CONTROLS.sub(" ", text[: 4 * _LONGEST]).strip()
    for pattern, label in _SECRETS:
        text = pattern.sub(label, text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _write_object(error: NexhinaError) -> dict[str, str | None]:
    written: dict[str, str | None] = {"message": error.message, "type": error.type}
    if not isinstance(error, InvalidApiKeyError):
        written["param"] = error.param
    written["code"] = error.code
    return written


def _read_text(value: Any) -> str:
    """A message in words: a string, or FastAPI's list of objects with `msg` and `loc`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_read_text, cast("list[Any]", value)[:5])))
    if isinstance(value, dict):
        entry = cast("dict[str, Any]", value)
        text = _read_text(entry.get("msg") or entry.get("message"))
        place: Any = entry.get("loc")
        if text and isinstance(place, list):
            return f"{'.'.join(map(str, cast('list[Any]', place)))}: {text}"
        return text
    return ""


def _read_code(error: dict[str, Any]) -> str | None:
    """The code; Google's is in words beside a number, and more exact in the details."""
    code, status, details = error.get("code"), error.get("status"), error.get("details")
    if isinstance(details, list):
        for each in cast("list[Any]", details):
            reason = cast("dict[str, Any]", each).get("reason") if isinstance(each, dict) else None
            if isinstance(reason, str) and reason:
                return _read_word(reason)
    in_words = isinstance(code, int) and isinstance(status, str)
    return _read_word(status if code is None or in_words else code)


def _read_word(value: Any) -> str | None:
    """A code as text: vendors send strings and numbers."""
    if isinstance(value, str):
        return clean_text(value)[:100] or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
