"""Films at a vendor that speaks OpenAI's /videos: the vendor's side (see `video.py`).

A submission goes out as a form, as OpenAI's own SDK sends it; one that refers to its picture by an
address goes out as JSON. The caller's side of the same format is `openai_videos_call.py`.
"""

from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects import openai_error
from nexhina.dialects.dialect import Outgoing, VendorError
from nexhina.dialects.form_fields import read_text_number
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.part_head import is_part_name
from nexhina.dialects.quirk import Quirks, plan_changes
from nexhina.dialects.video import (
    Ask,
    Film,
    Picture,
    Progress,
    State,
    Submitted,
    Variant,
    VideoRequest,
)
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

LONGEST_ID = 500
_STATES: dict[str, State] = {
    "queued": "queued",
    "pending": "queued",
    "submitted": "queued",
    "in_progress": "in_progress",
    "processing": "in_progress",
    "running": "in_progress",
    "completed": "completed",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}
"""OpenAI's own words, and those that servers after its pattern use in their place."""

_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class _Body(Struct):
    id: str
    status: str
    progress: float | None = None
    seconds: str | float | None = None
    size: str | None = None
    error: Any = None


_body = msgspec.json.Decoder(_Body)


class OpenAIVideos:
    """The vendor's side of /videos."""

    name = "openai_videos"
    remixes = True
    variants: tuple[Variant, ...] = ("thumbnail", "spritesheet")

    def write_submit(
        self, request: VideoRequest, upstream_model: str, quirks: Quirks | None
    ) -> Ask:
        """POST /videos, or /videos/{id}/remix; raises InvalidRequestError by a quirk."""
        if request.source is not None:
            body = msgspec.json.encode({"prompt": request.prompt})
            path = f"./{quote(request.source, safe='')}/remix"
            return Ask(method="POST", path=path, outgoing=Outgoing("translate", body, ()))
        fields: dict[str, Any] = {
            "model": upstream_model,
            "prompt": request.prompt,
            "size": request.size,
            "seconds": None if request.ms is None else write_seconds(request.ms),
            "fps": request.fps,
            "seed": request.seed,
            **request.extra,
        }
        fields = {name: value for name, value in fields.items() if value is not None}
        dropped = () if quirks is None else apply_quirks(fields, upstream_model, quirks)
        picture = request.pictures[0] if request.pictures else None
        if len(request.pictures) > 1:
            raise InvalidRequestError(
                "This model takes one picture to begin with; leave the others away.",
                param="input_reference",
            )
        if picture is not None and not picture.data:
            fields["input_reference"] = (
                {"file_id": picture.file_id} if picture.file_id else {"image_url": picture.url}
            )
            outgoing = Outgoing("translate", msgspec.json.encode(fields), dropped)
        else:
            unnamable = [name for name in fields if not is_part_name(name)]
            for name in unnamable:
                del fields[name]
            dropped = (*dropped, *unnamable)
            form, kind = write_form(fields, picture)
            outgoing = Outgoing("translate", form, dropped, kind)
        return Ask(method="POST", path=".", outgoing=outgoing)

    def read_submit(self, headers: Headers, body: bytes) -> Submitted | None:  # noqa: ARG002  (other vendors read them)
        """The job; None when the answer is no video object."""
        found = read_json_answer({}, body, _body)
        if found is None or not is_vendor_id(found.id):
            return None
        progress = _read_progress(found, found.id)
        return None if progress is None else Submitted(id=found.id, progress=progress)

    def write_poll(self, vendor_id: str) -> Ask:
        """GET /videos/{id}."""
        return Ask(method="GET", path=f"./{quote(vendor_id, safe='')}")

    def read_poll(self, vendor_id: str, headers: Headers, body: bytes) -> Progress | None:  # noqa: ARG002  (as above)
        """How far it is; None when the answer is no video object, or another one's."""
        found = read_json_answer({}, body, _body)
        if found is None or found.id != vendor_id:
            return None
        return _read_progress(found, vendor_id)

    def write_cancel(self, vendor_id: str) -> Ask | None:
        """DELETE /videos/{id}."""
        return Ask(method="DELETE", path=f"./{quote(vendor_id, safe='')}")

    def write_delete(self, vendor_id: str) -> Ask | None:
        """DELETE /videos/{id}: the same of one that has ended."""
        return self.write_cancel(vendor_id)

    def write_content(self, vendor_id: str, variant: Variant) -> Ask | None:
        """GET /videos/{id}/content."""
        query = "" if variant == "video" else f"?variant={variant}"
        return Ask(method="GET", path=f"./{quote(vendor_id, safe='')}/content{query}")

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What the vendor's error answer says."""
        return openai_error.read_error(status, headers, body)


def is_vendor_id(text: str) -> bool:
    """Whether a vendor's id can be kept and asked for again."""
    return 0 < len(text) <= LONGEST_ID and text.isascii() and text.isprintable() and " " not in text


def write_seconds(ms: int) -> str:
    """Milliseconds as seconds, without an end that says nothing: "4", "2.5"."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")


def read_ms(seconds: str | float | None) -> int | None:
    """Seconds as milliseconds; None when there are none that make sense."""
    try:
        value = float(seconds) if seconds is not None else 0.0
    except ValueError:
        return None
    return round(value * 1000) if 0 < value < 86_400 else None


def apply_quirks(fields: dict[str, Any], model: str, quirks: Quirks) -> tuple[str, ...]:
    """Changes the fields by the vendor's quirks; what it could not carry. Raises InvalidRequestError."""
    changes = plan_changes(
        quirks, model, fields.keys(), fields.__contains__, lambda name: _read_number(fields[name])
    )
    for name in changes.removed:
        fields.pop(name, None)
    for name, bound in changes.moved.items():
        number = int(bound) if bound == int(bound) else bound
        fields[name] = str(number) if isinstance(fields[name], str) else number
    for name, new in changes.renamed.items():
        fields[new] = fields.pop(name)
    return changes.dropped


def _read_number(value: Any) -> float | None:
    """The number of a field, None when it is none: seconds are a text."""
    return read_text_number(_write_value(value).decode())


def write_form(fields: dict[str, Any], picture: Picture | None) -> tuple[bytes, bytes]:
    """A form of these fields and the picture, and its content type."""
    values = [(name, _write_value(value)) for name, value in fields.items()]
    data = b"" if picture is None else picture.data
    boundary = _choose_boundary([value for _, value in values] + [data])
    pieces = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (boundary, _quote_name(name), value)
        for name, value in values
    ]
    if picture is not None:
        name = f"input.{_SUFFIXES.get(picture.content_type, 'bin')}".encode()
        kind = picture.content_type.encode() or b"application/octet-stream"
        pieces += (
            b'--%b\r\nContent-Disposition: form-data; name="input_reference"; filename="%b"\r\n'
            b"Content-Type: %b\r\n\r\n" % (boundary, name, kind),
            data,
            b"\r\n",
        )
    pieces.append(b"--%b--\r\n" % boundary)
    return b"".join(pieces), b"multipart/form-data; boundary=" + boundary


def _quote_name(name: str) -> bytes:
    """A field's name as browsers write it."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode()


def _choose_boundary(values: list[bytes]) -> bytes:
    """One that none of the values holds: made from them, so that equal requests are equal bytes."""
    digest = blake2b(digest_size=16)
    for value in values:
        digest.update(value)
    while True:
        boundary = b"nexhina-" + digest.hexdigest().encode()
        if not any(boundary in value for value in values):
            return boundary
        digest.update(boundary)


def _write_value(value: Any) -> bytes:
    if isinstance(value, Raw):  # the caller's own JSON: a string goes out as its text
        value = msgspec.json.decode(value)
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _read_progress(found: _Body, vendor_id: str) -> Progress | None:
    state = _STATES.get(found.status.lower())
    if state is None:
        return None
    percent = found.progress
    error = None
    if state == "failed":
        error = openai_error.read_error_object(found.error)
        if not error.message:
            error = msgspec.structs.replace(error, message="The vendor gave no reason.")
    film = None
    if state == "completed":
        film = Film(ask=Ask(method="GET", path=f"./{quote(vendor_id, safe='')}/content"))
    return Progress(
        state=state,
        percent=None if percent is None else max(0, min(100, int(percent))),
        film=film,
        ms=read_ms(found.seconds),
        size=found.size,
        error=error,
    )
