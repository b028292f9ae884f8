"""Pictures edited, in OpenAI's format: a form with files, or JSON with links and data URLs."""

import re
from collections.abc import Sequence

import msgspec

from nexhina.contract.schema.image import (
    ImageEditRequest,
    ImageReference,
    ImageReferenceEditRequest,
)
from nexhina.dialects.dialect import Peek
from nexhina.dialects.envelope import Envelope, locate_value
from nexhina.dialects.form_fields import read_fields
from nexhina.dialects.image_input import require_data_url, require_mask, require_pictures
from nexhina.dialects.image_operation import GPT_MODEL, ImageDialect, refuse_links_in_stream
from nexhina.dialects.multipart import Form, is_multipart, read_form
from nexhina.dialects.openai import count_text, open_request, read_head
from nexhina.domain.picture import Picture
from nexhina.errors import InvalidRequestError
from nexhina.ports import Inbound

_FILES = frozenset({"image", "mask"})
_head = msgspec.json.Decoder(ImageReferenceEditRequest)
_BEFORE = re.compile(rb'"image_url"[ \t\n\r]*:[ \t\n\r]*"data:\Z')
_NOTHING = Envelope(text=b"{}", members={})


class OpenAIImageEdits(ImageDialect):
    """POST /v1/images/edits."""

    name = "openai_image_edits"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        if is_multipart(call.headers):
            form = read_form(call)
            head = read_fields(form, ImageEditRequest, _FILES)
            given = require_pictures(form)
            return _peek(call, head, given, form.text_bytes, _NOTHING, form)
        envelope = open_request(call, form=True)
        asked = read_head(envelope, _head, ImageReferenceEditRequest)
        given = _require_references(asked, envelope, call.body)
        return _peek(call, asked, given, len(envelope.text), envelope, None)

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of the prompt."""
        if peek.form is not None:
            return count_text(peek.form.text("prompt") or "")
        return count_text(msgspec.json.decode(peek.envelope.members["prompt"], type=str))


def _peek(
    call: Inbound,
    head: ImageEditRequest | ImageReferenceEditRequest,
    given: int,
    text_bytes: int,
    envelope: Envelope,
    form: Form | None,
) -> Peek:
    refuse_links_in_stream(head)
    return Peek(
        model=head.model or GPT_MODEL,
        envelope=envelope,
        form=form,
        stream=head.stream or False,
        include_usage=True,  # its events carry the usage unasked
        text_bytes=text_bytes,
        characters=len(head.prompt),
        media_parts=given,
        n=head.n or 1,
        size=head.size,
        quality=head.quality,
        response_format=head.response_format,
        output_format=head.output_format,
        background=head.background,
        partial_images=head.partial_images or 0,
        call_id=call.id,
    )


def _require_references(
    head: ImageReferenceEditRequest, envelope: Envelope, body: bytes | bytearray
) -> int:
    """How many pictures the JSON gives, the mask among them; raises InvalidRequestError.

    What is behind a link is the vendor's to judge: nothing is fetched for it here.
    """
    urls = _view_urls(head.images, envelope, body, "images")
    pictures = [
        _require_reference(each, url, f"images[{place}]")
        for place, (each, url) in enumerate(zip(head.images, urls, strict=True))
    ]
    if head.mask is None:
        return len(pictures)
    (url,) = _view_urls([head.mask], envelope, body, "mask")
    mask = _require_reference(head.mask, url, "mask")
    if mask is not None:
        require_mask(mask, pictures[0])
    return len(pictures) + 1


def _require_reference(
    reference: ImageReference, url: memoryview | None, name: str
) -> Picture | None:
    """What a data URL's picture says of itself; None of a link or a file of the vendor's."""
    if (url is None) == (reference.file_id is None):
        raise InvalidRequestError(f"'{name}' must have either image_url or file_id.", param=name)
    if url is None or bytes(url[:8]).lower().startswith((b"http://", b"https://")):
        return None
    return require_data_url(url, f"{name}.image_url")


def _view_urls(
    references: Sequence[ImageReference], envelope: Envelope, body: bytes | bytearray, name: str
) -> list[memoryview | None]:
    """The addresses in a member; payloads that the envelope is without stay in the body, uncopied."""
    start, end = locate_value(envelope, name)
    view = memoryview(body)
    cut = (
        view[hole.start - len("data:") : hole.end]
        for hole in envelope.holes
        if start <= hole.at <= end
        and _BEFORE.search(envelope.text, max(0, hole.at - 64), hole.at) is not None
    )
    urls: list[memoryview | None] = []
    for each in references:
        url = None if each.image_url is None else memoryview(each.image_url.encode())
        if each.image_url == "data:":
            url = next(cut, url)
        urls.append(url)
    return urls
