"""Image generation in OpenAI's format; pictures in an answer as links or as base64.

Sizes, qualities and counts are facts of the model: `require_image_request` checks them against the
catalog before anything is sent. Fetching and storing pictures is elsewhere.
"""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.image import ImageGenerationRequest
from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.envelope import Edit, read_envelope, splice
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_text,
    open_request,
    read_head,
    read_json_answer,
)
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.domain.model import Model
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound


class _Picture(Struct):
    url: str | None = None
    b64_json: Raw = Raw(b"null")


class _Pictures(Struct):
    data: list[_Picture]
    model: str | None = None
    size: str | None = None
    quality: str | None = None
    output_format: str | None = None
    usage: UsageBody | None = None


_head = msgspec.json.Decoder(ImageGenerationRequest)
_answer = msgspec.json.Decoder(_Pictures)

_SIGNATURES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"RIFF", "image/webp"),
    (b"GIF8", "image/gif"),
)


class Base64Image(NamedTuple):
    """A picture of an answer: base64 text, and what its first bytes say it is."""

    data: str
    content_type: str


class OpenAIImages(OpenAIDialect):
    """POST /v1/images/generations."""

    name = "openai_images"

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        envelope = open_request(call)
        head = read_head(envelope, _head, ImageGenerationRequest)
        if head.stream:
            raise InvalidRequestError(
                "'stream' must be false on /v1/images/generations, which does not stream; "
                "leave it out.",
                param="stream",
            )
        return Peek(
            model=head.model,
            envelope=envelope,
            text_bytes=len(envelope.text),
            n=head.n or 1,
            size=head.size,
            quality=head.quality,
            response_format=head.response_format,
            output_format=head.output_format,
        )

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of the prompt."""
        return count_text(msgspec.json.decode(peek.envelope.members["prompt"], type=str))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it holds no picture."""
        found = read_json_answer(headers, body, _answer)
        if found is None:
            return None
        count = sum(1 for each in found.data if each.url or len(each.b64_json) > 4)
        if not count:
            return None
        variant = "/".join(filter(None, (found.size or peek.size, found.quality or peek.quality)))
        usage = read_usage(found.usage) or Usage()
        usage = msgspec.structs.replace(usage, image=count, image_variant=variant)
        return Answer(usage=usage, text_bytes=0, model=found.model)


def require_image_request(peek: Peek, model: Model) -> None:
    """Raises InvalidRequestError when the model does not draw this size, quality or number."""
    if peek.size is not None and model.image_sizes and peek.size not in model.image_sizes:
        raise InvalidRequestError(
            f"'size' is {peek.size!r}, which {peek.model} does not draw; it draws "
            f"{', '.join(model.image_sizes)}.",
            param="size",
        )
    qualities = model.image_qualities
    if peek.quality is not None and qualities and peek.quality not in qualities:
        raise InvalidRequestError(
            f"'quality' is {peek.quality!r}, which {peek.model} does not have; it has "
            f"{', '.join(qualities)}.",
            param="quality",
        )
    if peek.n > model.image_limit:
        raise InvalidRequestError(
            f"'n' is {peek.n}; {peek.model} draws at most {model.image_limit} in one request.",
            param="n",
        )


def list_b64(body: bytes) -> list[Base64Image]:
    """The pictures that came as base64, in order; empty when any of them came as a link only."""
    found: list[Base64Image] = []
    for each in _answer.decode(body).data:
        data = msgspec.json.decode(each.b64_json, type=str | None)
        if not data:
            return []
        found.append(Base64Image(data, _sniff_type(data)))
    return found


def list_urls(body: bytes) -> list[str]:
    """The links to pictures, in order; empty when any of them came without."""
    links = [each.url for each in _answer.decode(body).data]
    return [link for link in links if link] if all(links) else []


def replace_b64_with_urls(body: bytes, urls: Sequence[str]) -> bytes:
    """The answer with each picture's base64 replaced by its link; all else byte for byte."""
    return _replace(body, urls, "b64_json", "url")


def replace_urls_with_b64(body: bytes, images: Sequence[str]) -> bytes:
    """The answer with each picture's link replaced by its base64; all else byte for byte."""
    return _replace(body, images, "url", "b64_json")


def _replace(body: bytes, values: Sequence[str], old: str, new: str) -> bytes:
    envelope = read_envelope(body)
    pictures = msgspec.json.decode(envelope.members["data"], type=list[Raw])
    if len(pictures) != len(values):
        msg = f"{len(values)} values for {len(pictures)} pictures"
        raise ValueError(msg)
    items: list[bytes] = []
    for picture, value in zip(pictures, values, strict=True):
        text = bytes(picture)
        item = read_envelope(text)
        edits = {old: Edit(name=new, value=msgspec.json.encode(value))}
        if new in item.members:  # null beside the other form
            edits = {old: Edit(remove=True), new: Edit(value=msgspec.json.encode(value))}
        items.append(splice(item, text, edits))
    data = b"[" + b",".join(items) + b"]"
    return splice(envelope, body, {"data": Edit(value=data)})


def _sniff_type(data: str) -> str:
    """The content type of base64 text by its first bytes; application/octet-stream if unknown."""
    try:
        start = base64.b64decode(data[:16])
    except ValueError:
        return "application/octet-stream"
    return next(
        (kind for mark, kind in _SIGNATURES if start.startswith(mark)), "application/octet-stream"
    )
