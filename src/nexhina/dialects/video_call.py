"""What callers of films send and get: OpenAI's /v1/videos and the site's /v1/video/generations.

Both make a `VideoRequest`; what becomes of it is the vendor's side (`video.py`). A film is no answer
of a dialect, so `VideoDialect` only names who is asked in which format, for the plan and the errors.
"""

from base64 import b64decode
from binascii import Error
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.video import (
    LONGEST_FILM,
    VideoCreateRequest,
    VideoGenerationRequest,
    VideoRemixRequest,
)
from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.envelope import Envelope
from nexhina.dialects.form_fields import read_fields
from nexhina.dialects.multipart import Form, is_multipart, read_form
from nexhina.dialects.openai import OpenAIDialect, open_request, read_head
from nexhina.dialects.video import Picture, VideoRequest
from nexhina.domain.picture import read_picture_of
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound

MOST_EXTRA = 64 * 1024
"""Bytes of all parameters that nobody here knows."""

LARGEST_PICTURE = 32 * 1024 * 1024
MOST_PIXELS = 64_000_000

_create = msgspec.json.Decoder(VideoCreateRequest)
_generation = msgspec.json.Decoder(VideoGenerationRequest)
_remix = msgspec.json.Decoder(VideoRemixRequest)

_FINE = {"4k": "2160p", "2k": "1440p"}

Head = TypeVar("Head", bound=Struct)


class FilmCall(NamedTuple):
    """One request for a film."""

    peek: Peek
    request: VideoRequest
    at_once: bool = False  # the caller wants the job, not the film


class VideoDialect(OpenAIDialect):
    """Films, as the plan and the errors see them; `name` is the format that its vendor speaks."""

    def __init__(self, name: str) -> None:
        self.name = name

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError."""
        return read_create(call).peek

    def prompt_bytes(self, peek: Peek, body: bytes | bytearray) -> int:  # noqa: ARG002  (the others' signature)
        """Nothing: films are not priced by their prompt."""
        return 0

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:  # noqa: ARG002
        """None: a film never comes as an answer to its request."""
        return None


def read_create(call: Inbound) -> FilmCall:
    """POST /v1/videos, a form or JSON; raises InvalidRequestError, UnsupportedMediaTypeError."""
    if is_multipart(call.headers):
        return _read_create_form(read_form(call))
    envelope = _open_whole(call, form=True)
    head = read_head(envelope, _create, VideoCreateRequest)
    picture = None
    if head.input_reference is not None:
        reference = head.input_reference
        picture = _read_reference(reference.image_url, reference.file_id, "input_reference")
    extra = _read_extra(envelope.members, VideoCreateRequest)
    return _make(head.model, envelope, head, picture, extra)


def read_generation(call: Inbound) -> FilmCall:
    """POST /v1/video/generations; raises InvalidRequestError, UnsupportedMediaTypeError."""
    envelope = _open_whole(call)
    head = read_head(envelope, _generation, VideoGenerationRequest)
    if head.image and head.image_url:
        raise InvalidRequestError("Give 'image' or 'image_url', not both.", param="image_url")
    given = head.image or head.image_url
    picture = None
    if given:
        picture = _read_reference(given, None, "image" if head.image else "image_url")
    size = head.size
    if head.width or head.height:
        if not (head.width and head.height):
            raise InvalidRequestError(
                "'width' and 'height' go together; give both, or 'size'.",
                param="height" if head.width else "width",
            )
        both = f"{head.width}x{head.height}"
        if size not in (None, both):
            raise InvalidRequestError(
                f"'size' is {size!r} and 'width' and 'height' say {both!r}; give one of them.",
                param="size",
            )
        size = both
    if head.duration is not None and head.seconds is not None:
        raise InvalidRequestError("Give 'duration' or 'seconds', not both.", param="seconds")
    extra = _read_extra(envelope.members, VideoGenerationRequest)
    made = _make(head.model, envelope, head, picture, extra, size=size)
    wish = call.headers.get(b"prefer", b"").replace(b" ", b"").lower().split(b",")
    return made._replace(at_once=bool(head.async_) or b"respond-async" in wish)


def read_remix(call: Inbound) -> tuple[str, Envelope]:
    """POST /v1/videos/{id}/remix: the new prompt; raises InvalidRequestError."""
    if is_multipart(call.headers):
        head = read_fields(read_form(call), VideoRemixRequest, frozenset())
        return head.prompt, Envelope(text=b"{}", members={})
    envelope = open_request(call, form=True)
    return read_head(envelope, _remix, VideoRemixRequest).prompt, envelope


def read_length(value: float | str | None, name: str) -> int | None:
    """Seconds as milliseconds; raises InvalidRequestError."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0.001 <= seconds <= LONGEST_FILM:
        raise InvalidRequestError(
            f"'{name}' must be a number of seconds above 0, at most {LONGEST_FILM}, "
            f"not {str(value)[:40]!r}.",
            param=name,
        )
    return round(seconds * 1000)


def _open_whole(call: Inbound, *, form: bool = False) -> Envelope:
    """The request with its pictures, which an envelope of a large body leaves out."""
    envelope = open_request(call, form=form)
    return Envelope(text=call.body, members=envelope.members) if envelope.holes else envelope


def _make(
    model: str,
    envelope: Envelope,
    head: Any,
    picture: Picture | None,
    extra: dict[str, Raw],
    *,
    size: str | None = None,
) -> FilmCall:
    in_form = isinstance(head, VideoCreateRequest)  # OpenAI's form
    duration = None if in_form else head.duration
    ms = (
        read_length(head.seconds, "seconds")
        if duration is None
        else read_length(duration, "duration")
    )
    request = VideoRequest(
        prompt=head.prompt,
        size=size or head.size,
        ms=ms,
        fps=_take_number(extra, "fps") if in_form else head.fps,
        seed=_take_number(extra, "seed") if in_form else head.seed,
        pictures=() if picture is None else (picture,),
        extra=extra,
    )
    peek = Peek(
        model=model,
        envelope=envelope,
        text_bytes=len(request.prompt.encode()),
        media_parts=len(request.pictures),
        size=request.size or _read_fineness(extra),
        video_ms=ms or 0,
    )
    return FilmCall(peek, request)


def _read_create_form(form: Form) -> FilmCall:
    head = read_fields(form, VideoCreateRequest, frozenset({"input_reference"}))
    picture = None
    files = form.files("input_reference")
    if len(files) > 1:
        raise InvalidRequestError(
            f"'input_reference' comes {len(files)} times; send one picture.",
            param="input_reference",
        )
    if files:
        if files[0].length > LARGEST_PICTURE:
            raise InvalidRequestError(
                f"The picture in 'input_reference' has {files[0].length:,} bytes; "
                f"at most {LARGEST_PICTURE:,} are taken.",
                param="input_reference",
            )
        picture = _require_picture(form.read(files[0]), "input_reference")
    elif texts := [text for text in form.texts("input_reference") if text]:
        # Not in the SDK's types, but people write a link where a file goes.
        if len(texts) > 1:
            raise InvalidRequestError(
                "'input_reference' comes twice; send one picture.", param="input_reference"
            )
        picture = _read_reference(texts[0], None, "input_reference")
    else:
        url, name = form.text("input_reference[image_url]"), form.text("input_reference[file_id]")
        if url or name:
            picture = _read_reference(url, name, "input_reference")
    known = {field.encode_name for field in msgspec.structs.fields(VideoCreateRequest)}
    extra: dict[str, Raw] = {}
    for part in form.parts:
        if part.is_file or part.name.partition("[")[0] in known or part.name in extra:
            continue
        texts = form.texts(part.name)  # a field that nobody knows may be a list
        extra[part.name] = Raw(msgspec.json.encode(texts if len(texts) > 1 else texts[0]))
    _require_small(extra)
    envelope = Envelope(text=b"{}", members={})
    made = _make(head.model, envelope, head, picture, extra)
    made.peek.form = form
    return made


def _read_reference(url: str | None, file_id: str | None, name: str) -> Picture:
    if url and file_id:
        raise InvalidRequestError(
            f"'{name}' has 'image_url' and 'file_id'; give one of them.", param=name
        )
    if file_id:
        return Picture(file_id=file_id)
    if not url:
        raise InvalidRequestError(
            f"'{name}' names no picture: give 'image_url' or 'file_id'.", param=name
        )
    if url[:7].lower() == "http://" or url[:8].lower() == "https://":
        if len(url) > 4096:
            raise InvalidRequestError(f"The address in '{name}' is too long.", param=name)
        return Picture(url=url)
    _, mark, text = url.partition(";base64,")
    if not mark:
        text = url  # bare base64, as some clients send it
    try:
        data = b64decode(text, validate=True)
    except (Error, ValueError):
        raise InvalidRequestError(
            f"'{name}' must be an http(s) address or a picture as base64, not {url[:40]!r}.",
            param=name,
        ) from None
    return _require_picture(data, name)


def _require_picture(data: bytes, name: str) -> Picture:
    """The picture; raises InvalidRequestError unless the bytes are one that can be sent on."""
    found = read_picture_of(data)
    if found is None or found.kind not in {"png", "jpeg", "webp"}:
        raise InvalidRequestError(
            f"'{name}' is not a picture: its {len(data):,} bytes are no PNG, JPEG or WebP.",
            param=name,
            code="invalid_image",
        )
    if found.width * found.height > MOST_PIXELS:
        raise InvalidRequestError(
            f"The picture in '{name}' has {found.size} pixels; at most {MOST_PIXELS:,} are taken.",
            param=name,
            code="invalid_image",
        )
    return Picture(data=data, content_type=found.content_type)


def _read_extra(members: dict[str, Raw], schema: type[Struct]) -> dict[str, Raw]:
    known = {field.encode_name for field in msgspec.structs.fields(schema)}
    extra = {
        name: Raw(bytes(raw))
        for name, raw in members.items()
        if name not in known and bytes(raw) != b"null"
    }
    _require_small(extra)
    return extra


def _read_fineness(extra: dict[str, Raw]) -> str | None:
    """The fineness that a vendor's own `resolution` asks for: it has a price. "1080p"; None: none."""
    try:
        text = msgspec.json.decode(extra.get("resolution", b"null"), type=str | None) or ""
    except msgspec.ValidationError:
        return None
    text = _FINE.get(text.lower(), text.lower())
    return text if text[:-1].isdecimal() and text.endswith("p") and len(text) <= 5 else None


def _take_number(extra: dict[str, Raw], name: str) -> int | None:
    """A whole number that OpenAI's form does not know and other vendors do, taken out of `extra`."""
    try:
        value = msgspec.json.decode(extra[name], type=int, strict=False)
    except (KeyError, msgspec.DecodeError):
        return None  # the vendor's to refuse
    del extra[name]
    return value


def _require_small(extra: dict[str, Raw]) -> None:
    size = sum(len(name) + len(bytes(raw)) for name, raw in extra.items())
    if size > MOST_EXTRA:
        raise InvalidRequestError(
            f"The other parameters ({', '.join(sorted(extra))[:100]}) have {size:,} bytes; "
            f"at most {MOST_EXTRA:,} are passed on."
        )
