"""Embeddings in Cohere's format: /v2/embed, and /v1/embed where the answer differs.

One request schema serves both versions. What the bridges between this and other formats share (the
parsed request, usage, `meta`) is here too.
"""

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.cohere_embed import CohereEmbedRequest
from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_text,
    open_request,
    read_head,
    read_json_answer,
)
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound

Json = dict[str, object]

_LARGEST = 2**40
_SOURCES = ("texts", "images", "inputs")
DEFAULT_TYPES = ("float",)


class _Units(Struct, gc=False):
    input_tokens: float | None = None
    text_tokens: float | None = None
    image_tokens: float | None = None
    images: float | None = None


class Meta(Struct, gc=False):
    """What an answer tells beside the vectors."""

    billed_units: _Units | None = None
    api_version: dict[str, Raw] | None = None
    warnings: list[Raw] | None = None


class ByType(Struct, gc=False):
    """What is read of an answer of the second version."""

    embeddings: dict[str, list[Raw] | None]
    meta: Meta | None = None


class _FloatsOrTypes(Struct, gc=False):
    embeddings: list[Raw] | dict[str, list[Raw] | None]
    meta: Meta | None = None


_head = msgspec.json.Decoder(CohereEmbedRequest)
BY_TYPE = msgspec.json.Decoder(ByType)
_either = msgspec.json.Decoder(_FloatsOrTypes)


class CohereEmbed(OpenAIDialect):
    """POST /v2/embed."""

    name = "cohere_embed"
    version = 2

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        envelope = open_request(call)
        head = read_head(envelope, _head, CohereEmbedRequest)
        given = [name for name in _SOURCES if getattr(head, name) is not None]
        if len(given) != 1:
            raise InvalidRequestError(
                f"{' and '.join(map(repr, given))} can't be embedded in one request; send one of them."
                if given
                else "There is nothing to embed: send 'texts', 'images' or 'inputs'.",
                param=given[1] if given else "texts",
            )
        images = head.images or ()
        parts = [part for each in head.inputs or () for part in each.content]
        return Peek(
            model=head.model,
            envelope=envelope,
            text_bytes=len(envelope.text) - sum(map(len, images)),
            media_parts=len(images) + sum(part.type == "image_url" for part in parts),
            inputs=len(head.texts or images or head.inputs or ()),
            dimensions=head.output_dimension,
            call_id=call.id,
        )

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of the texts, in whichever member they are."""
        asked = read_asked(peek)
        parts = [part.text for each in asked.inputs or () for part in each.content if part.text]
        return min(sum(map(count_text, [*(asked.texts or ()), *parts])), peek.text_bytes)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None unless it has each type asked for, with a vector for each input."""
        found = read_json_answer(headers, body, BY_TYPE)
        if found is None or not _has_types(peek, found.embeddings):
            return None
        return Answer(usage=self.count(peek, found.meta), text_bytes=0, model=None)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002  (bridges need it)
        """The answer as it came: it does not name the model."""
        return body

    def count(self, peek: Peek, meta: Meta | None) -> Usage:
        """What the vendor billed; an estimate when it says nothing, or nothing that can be true."""
        return read_units(meta) or self.estimate(peek)

    def estimate(self, peek: Peek) -> Usage:
        """A quarter of the text's bytes as tokens, and the pictures."""
        tokens = -(-self.prompt_bytes(peek, b"") // 4)
        return Usage(input=tokens, image=peek.media_parts, estimated=True)


class CohereEmbedV1(CohereEmbed):
    """POST /v1/embed: the vectors are a list unless types were asked for."""

    name = "cohere_embed_v1"
    version = 1

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None unless it has the vectors in the shape that was asked for."""
        found = read_json_answer(headers, body, _either)
        if found is None:
            return None
        vectors = found.embeddings
        if isinstance(vectors, dict):
            fits = bool(read_asked(peek).embedding_types) and _has_types(peek, vectors)
        else:
            fits = not read_asked(peek).embedding_types and len(vectors) == peek.inputs
        if not fits:
            return None
        return Answer(usage=self.count(peek, found.meta), text_bytes=0, model=None)


def read_asked(peek: Peek) -> CohereEmbedRequest:
    """The request's parameters again; pictures that the envelope cut out are empty data URLs."""
    return _head.decode(peek.envelope.text)


def read_units(meta: Meta | None) -> Usage | None:
    """The billed tokens and pictures; None when there are none, or no true count.

    Pictures' tokens stand beside those of the text or, where both are told, inside the sum.
    """
    units = meta.billed_units if meta is not None else None
    if units is None:
        return None
    said = (units.input_tokens, units.text_tokens, units.image_tokens, units.images)
    if any(each is not None and not 0 <= each <= _LARGEST for each in said):
        return None
    total, text, image, images = (int(each or 0) for each in said)
    tokens = total + image if units.text_tokens is None else max(total, text + image)
    if tokens + images == 0:
        return None
    return Usage(input=tokens, image=images)


def write_meta(version: int, usage: Usage, warnings: list[str]) -> Json:
    """`meta` of an answer that another format gave."""
    meta: Json = {
        "api_version": {"version": str(version)},
        "billed_units": {"input_tokens": usage.input + usage.cached_input},
    }
    if warnings:
        meta["warnings"] = warnings
    return meta


def _has_types(peek: Peek, vectors: dict[str, list[Raw] | None]) -> bool:
    """Whether each type that was asked for has as many vectors as there are inputs."""
    kinds = read_asked(peek).embedding_types or DEFAULT_TYPES
    return all(len(vectors.get(kind) or ()) == peek.inputs for kind in kinds)
