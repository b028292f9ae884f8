"""OpenAI's image edits for DashScope's models that edit: pictures and words in one message.

Pictures go as links or data URLs, in their order, before the text. The vendor has no masks, and a mask
that is left out would change what the caller wanted kept: it is refused. Answers are those of pictures
made by messages. Sources: the vendor's Python SDK 2.0.2 (path, shape), its page "Qwen-Image-Edit" for the
bounds of a picture, an excerpt of its page on generation and editing (2026-10): up to ten pictures, by the
newest models; how many an older one takes it says itself.
"""

from base64 import b64encode

import msgspec
from msgspec import Raw

from nexhina.contract.schema.image import ImageReferenceEditRequest
from nexhina.dialects.dashscope import list_given, write_size
from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.image_input import find_mask, list_images
from nexhina.dialects.multipart import Form
from nexhina.dialects.openai_image_edits import OpenAIImageEdits
from nexhina.dialects.openai_images_over_dashscope import OpenAIImagesOverDashScope
from nexhina.dialects.quirk import Quirks
from nexhina.domain.picture import HEAD, TYPES, tell_kind
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

LARGEST_PICTURE = 10_000_000
MOST_PICTURES = 10

_PARAMETERS = ("negative_prompt", "seed", "prompt_extend", "watermark")
"""The vendor's own parameters that a caller may add."""

_CARRIED = frozenset({"model", "prompt", "n", "size", "response_format", "stream", *_PARAMETERS})
_IN_FORMS = frozenset({"image", "image[]"})
_MADE = OpenAIImagesOverDashScope(messages=True)


class ImageEditsOverDashScope(OpenAIImageEdits):
    """A `Dialect`: OpenAI's edits towards the caller, DashScope's messages towards the vendor."""

    name = "dashscope_messages"
    streams = False

    def write_same(
        self,
        peek: Peek,
        body: bytes | bytearray,
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Outgoing:
        """The request in the vendor's format; raises InvalidRequestError for masks, streams, large pictures."""
        if peek.stream:
            raise InvalidRequestError(
                f"'stream' is true, but {peek.model} does not stream pictures; leave it out.",
                param="stream",
            )
        form = peek.form
        if form is not None:
            urls, prompt = _read_form(form, peek.model), form.text("prompt")
            given = {name: _write_value(form, name) for name in _PARAMETERS if form.text(name)}
            lost = sorted({part.name for part in form.parts} - _CARRIED - _IN_FORMS)
        else:
            members = peek.envelope.members
            asked = msgspec.json.decode(body, type=ImageReferenceEditRequest)
            urls, prompt = _read_references(asked, peek.model), asked.prompt
            given = {name: members[name] for name in list_given(members, _PARAMETERS)}
            lost = list_given(members, members.keys() - _CARRIED - {"images"})
        parameters: dict[str, object] = {"n": peek.n, **given}
        if peek.size is not None and peek.size != "auto":
            parameters["size"] = write_size(peek.size)
        content = [{"image": url} for url in urls] + [{"text": prompt}]
        told = {
            "model": upstream_model,
            "input": {"messages": [{"role": "user", "content": content}]},
            "parameters": parameters,
        }
        return Outgoing("translate", msgspec.json.encode(told), tuple(lost))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it holds no picture. Raises InvalidRequestError, see dashscope."""
        return _MADE.read_answer(peek, headers, body)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:
        """OpenAI's list of pictures made of an answer that `read_answer` took."""
        return _MADE.write_answer(peek, body, upstream, public)


def _read_form(form: Form, model: str) -> list[str]:
    """The pictures as data URLs; raises InvalidRequestError."""
    if find_mask(form) is not None:
        raise _refuse_mask(model)
    parts = list_images(form)
    _require_count(len(parts), model)
    for part in parts:
        if part.length > LARGEST_PICTURE:
            raise InvalidRequestError(
                f"'image' has {part.length:,} bytes, but {model} takes at most {LARGEST_PICTURE:,}; "
                "send a smaller picture.",
                param="image",
            )
    return [
        f"data:{TYPES[tell_kind(form.head(part, HEAD)) or 'png']};base64,"
        + b64encode(form.read(part)).decode()
        for part in parts
    ]


def _read_references(asked: ImageReferenceEditRequest, model: str) -> list[str]:
    """The pictures as they were given; raises InvalidRequestError."""
    if asked.mask is not None:
        raise _refuse_mask(model)
    _require_count(len(asked.images), model)
    urls = [each.image_url for each in asked.images if each.image_url is not None]
    if len(urls) < len(asked.images):
        raise InvalidRequestError(
            f"'images' names a file_id, but {model} has no files; give its image_url.",
            param="images",
        )
    if any(len(url) > LARGEST_PICTURE * 4 // 3 + 100 for url in urls):
        raise InvalidRequestError(
            f"A picture in 'images' is above {LARGEST_PICTURE:,} bytes, which {model} does not take; "
            "send a smaller one.",
            param="images",
        )
    return urls


def _require_count(count: int, model: str) -> None:
    if count > MOST_PICTURES:
        raise InvalidRequestError(
            f"There are {count} pictures, but {model} takes at most {MOST_PICTURES}.", param="image"
        )


def _refuse_mask(model: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"'mask' is not taken by {model}; say in 'prompt' what shall change.", param="mask"
    )


def _write_value(form: Form, name: str) -> object:
    """A field's number, true or false as such, anything else as a text."""
    text = form.text(name) or ""
    if name != "negative_prompt" and (text in ("true", "false") or text.isdecimal()):
        return Raw(text.lstrip("0").encode() or b"0")
    return text
