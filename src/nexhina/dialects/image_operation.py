"""What images made, edited and varied have in common: answers, streams, forms, a model's limits.

A caller may leave the model out.

Sizes, qualities and counts are facts of the model: `require_image_request` checks them against the
catalog before anything is sent.
"""

import msgspec

from nexhina.contract.schema.image import (
    ImageEditRequest,
    ImageGenerationRequest,
    ImageReferenceEditRequest,
)
from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch
from nexhina.dialects.form_fields import plan_field_quirks
from nexhina.dialects.image_answer import (
    complete_answer,
    measure_first,
    pictures_of,
    read_image_usage,
    write_variant,
)
from nexhina.dialects.image_input import find_mask, list_images, list_wrong_types
from nexhina.dialects.image_stream import ImageWatch
from nexhina.dialects.multipart import Form
from nexhina.dialects.openai import OpenAIDialect, read_json_answer
from nexhina.dialects.quirk import Quirks
from nexhina.domain.model import Model
from nexhina.errors import BodyTooLargeError, InvalidRequestError
from nexhina.ports import Headers

PLAIN_MODEL = "dall-e-2"
"""Taken for pictures made or varied when the caller names none.

OpenAI's reference had it as the default until 2026-08 and says now that a model should be named;
its SDKs may still leave it out, and the examples of many tools do.
"""

GPT_MODEL = "gpt-image-1"
"""Taken for edits, and where a parameter is asked for that only the GPT image models have."""

_GPT_QUALITIES = frozenset({"low", "medium", "high", "xhigh", "max"})
_MIB = 1024 * 1024


class ImageDialect(OpenAIDialect):
    """The parts of `Dialect` that are the same for all operations with pictures."""

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The request for a vendor of the same dialect; raises InvalidRequestError by a quirk."""
        form = peek.form
        if form is None:
            return super().write_same(peek, body, upstream_model, quirks)
        edits: dict[str, str | None] = {}
        dropped: tuple[str, ...] = ()
        if quirks is not None:
            dropped = plan_field_quirks(form, peek.model, quirks, edits)
        if upstream_model != peek.model or not form.text("model"):
            edits["model"] = upstream_model
        types = list_wrong_types(form)
        if not edits and not types and body:
            return Outgoing("verbatim", body, dropped, form.content_type)
        sent, kind = form.write(edits, types)
        return Outgoing("splice" if edits or types else "verbatim", sent, dropped, kind)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it holds no picture."""
        found = read_json_answer(headers, body, pictures_of)
        if found is None:
            return None
        count = sum(1 for each in found.data if each.url or len(each.b64_json) > 4)
        if not count:
            return None
        usage = msgspec.structs.replace(
            read_image_usage(found.usage),
            image=count,
            image_variant=write_variant(peek, found.size, found.quality, measure_first(found)),
        )
        return Answer(usage=usage, text_bytes=0, model=found.model)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:
        """The answer under the public name, with what the format promises beside the pictures."""
        return complete_answer(peek, super().write_answer(peek, body, upstream, public))

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:  # noqa: ARG002  (its events name no model)
        """A watch for the pictures of one stream."""
        return ImageWatch(peek)


def choose_generation_model(head: ImageGenerationRequest) -> str:
    """The model that was named, else the default for what else was asked."""
    if head.model is not None:
        return head.model
    newer = (
        head.background,
        head.moderation,
        head.output_format,
        head.output_compression,
        head.partial_images,
        head.stream or None,
    )
    if any(each is not None for each in newer) or head.quality in _GPT_QUALITIES:
        return GPT_MODEL
    return PLAIN_MODEL


def refuse_links_in_stream(
    head: ImageGenerationRequest | ImageEditRequest | ImageReferenceEditRequest,
) -> None:
    """Raises InvalidRequestError for a stream of links."""
    if head.stream and head.response_format == "url":
        raise InvalidRequestError(
            "'response_format' is 'url', but streamed pictures come as base64; leave it out, or "
            "ask without 'stream'.",
            param="response_format",
        )


def require_image_request(peek: Peek, model: Model) -> None:
    """Raises InvalidRequestError when the model does not draw this size, quality or number, or so."""
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
    if peek.stream and not model.image_stream:
        raise InvalidRequestError(
            f"'stream' is true, but {peek.model} does not stream pictures; leave it out.",
            param="stream",
        )
    limit = model.prompt_limit
    if limit is not None and peek.characters > limit:
        raise InvalidRequestError(
            f"'prompt' has {peek.characters:,} characters; {peek.model} takes at most {limit:,}.",
            param="prompt",
        )
    if peek.form is not None:
        _require_files(peek.form, peek.model, model)


def _require_files(form: Form, name: str, model: Model) -> None:
    images, mask = list_images(form), find_mask(form)
    if len(images) > model.image_inputs:
        most = model.image_inputs
        raise InvalidRequestError(
            f"There are {len(images)} images; {name} takes {'one' if most == 1 else f'up to {most}'}.",
            param="image",
        )
    most = model.image_bytes
    if most is None:
        return
    for part in [*images, *([mask] if mask is not None else [])]:
        if part.length > most:
            raise BodyTooLargeError(
                f"'{part.name}' has {part.length:,} bytes; {name} takes pictures of at most "
                f"{most // _MIB} MiB.",
                param="mask" if part is mask else "image",
            )
