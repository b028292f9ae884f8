"""An answer with pictures: what it says of them, and what the format promises beside them.

A vendor that leaves out what was asked as "auto" is helped by the picture's own header bytes; what
neither tells stays open. Pictures as links or as base64: `image_payload`.
"""

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.dialect import Peek
from nexhina.dialects.envelope import Edit, read_envelope, splice
from nexhina.dialects.image_input import read_base64
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.domain.picture import HEAD, Picture, read_picture
from nexhina.domain.usage import Usage

_QUALITIES = frozenset({"low", "medium", "high", "xhigh", "max"})  # that the format's answers know
_NO_USAGE = (
    b'{"total_tokens":0,"input_tokens":0,"output_tokens":0,'
    b'"input_tokens_details":{"text_tokens":0,"image_tokens":0}}'
)


class OnePicture(Struct):
    """One picture of an answer."""

    url: str | None = None
    b64_json: Raw = Raw(b"null")


class Pictures(Struct):
    """The answer, as far as it is read."""

    data: list[OnePicture]
    model: str | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    usage: UsageBody | None = None


pictures_of = msgspec.json.Decoder(Pictures)


def read_image_usage(body: UsageBody | None) -> Usage:
    """The tokens, those of pictures given apart where the vendor splits them; zeros without a count."""
    usage = read_usage(body) or Usage()
    details = body.input_tokens_details if body is not None else None
    pictures = (details.image_tokens if details is not None else None) or 0
    pictures = min(max(pictures, 0), usage.input)
    return msgspec.structs.replace(usage, input=usage.input - pictures, image_input=pictures)


def measure_first(found: Pictures) -> Picture | None:
    """What the first picture's header says, where it came as base64."""
    return measure_base64(found.data[0].b64_json) if found.data else None


def measure_base64(text: Raw) -> Picture | None:
    """What the header of the picture says, whose base64 this JSON string holds; None of anything else."""
    raw = memoryview(text)  # of megabytes, of which a few bytes are looked at
    start = bytes(raw[: 2 * HEAD])
    if len(raw) < 16 or start[:1] != b'"':
        return None
    if b"\\" in start:  # "\/" for "/", as some libraries write it
        plain = msgspec.json.decode(text, type=str).encode("ascii", "replace")
        return read_picture(read_base64(plain))
    at = 1
    if start[1:6] == b"data:":  # some vendors send a whole data URL
        at = start.find(b",") + 1
    return read_picture(read_base64(raw[at:-1]))


def write_variant(peek: Peek, size: str | None, quality: str | None, found: Picture | None) -> str:
    """What a price may name: the answer's word, else the request's, else the picture's own."""
    size = _known(size) or _known(peek.size) or (found.size if found is not None else None)
    return "/".join(filter(None, (size, _known(quality) or _known(peek.quality))))


def complete_answer(peek: Peek, body: bytes) -> bytes:
    """The answer with what the format promises beside the pictures; `body` itself if all is there."""
    found = pictures_of.decode(body)
    lacking = {name: value for name, value in _tell(peek, found).items() if value}
    lacking = {name: value for name, value in lacking.items() if not _known(getattr(found, name))}
    usage = _complete_usage(body, found.usage)
    if not lacking and usage is None:
        return body
    values = {name: msgspec.json.encode(value) for name, value in lacking.items()}
    if usage is not None:
        values["usage"] = usage
    envelope = read_envelope(body)
    edits = {name: Edit(value=value) for name, value in values.items() if name in envelope.members}
    added = [b'"%b":%b' % (name.encode(), values[name]) for name in values if name not in edits]
    return splice(envelope, body, edits, b",".join(added))


def _tell(peek: Peek, found: Pictures) -> dict[str, str | None]:
    """What is known of the pictures without the vendor's word."""
    picture = measure_first(found)
    if picture is None:
        return {}
    quality, background = _known(peek.quality), _known(peek.background)
    if not picture.alpha:
        background = "opaque"
    return {
        "size": picture.size,
        "output_format": picture.kind,
        "quality": quality if quality in _QUALITIES else None,
        "background": background,
    }


def _complete_usage(body: bytes, usage: UsageBody | None) -> bytes | None:
    """The usage with all members that the format has, None where it has them.

    Zeros where the vendor counts no tokens. An input that it does not split counts as text.
    """
    if usage is None:
        return _NO_USAGE
    details = usage.input_tokens_details
    if not (
        usage.input_tokens is None
        or usage.output_tokens is None
        or usage.total_tokens is None
        or details is None
    ):
        return None
    counted = read_image_usage(usage)
    text = counted.input + counted.cached_input
    asked = text + counted.image_input
    given: dict[str, object] = {
        "total_tokens": usage.total_tokens or asked + counted.output,
        "input_tokens": asked,
        "output_tokens": counted.output,
        "input_tokens_details": {"text_tokens": text, "image_tokens": counted.image_input},
    }
    told = msgspec.json.decode(read_envelope(body).members["usage"], type=dict[str, Raw])
    return msgspec.json.encode(given | {k: v for k, v in told.items() if bytes(v) != b"null"})


def _known(value: str | None) -> str | None:
    return None if value == "auto" else value
