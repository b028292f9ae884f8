"""Cohere's embed routes for a vendor that speaks OpenAI's embeddings.

The vendor is asked for floats; the other types are computed from them where there is a rule.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.cohere_embed import CohereEmbedRequest
from nexhina.dialects.cohere_embed import (
    DEFAULT_TYPES,
    CohereEmbed,
    CohereEmbedV1,
    read_asked,
    write_meta,
)
from nexhina.dialects.dialect import Answer, Outgoing, Peek, VendorError
from nexhina.dialects.envelope import Edit, read_envelope, splice
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.openai_embeddings import OpenAIEmbeddings
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.vector import COMPUTED, Vector, read_vectors, write_vectors
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

_OPENAI = OpenAIEmbeddings()
_LOST = frozenset(("input_type", "truncate", "max_tokens", "priority"))  # unknown over there
_TAKEN = frozenset(("input", "dimensions", "encoding_format"))  # names with a meaning over there
_NOT_SENT = _LOST | _TAKEN | {"texts", "images", "inputs", "embedding_types", "output_dimension"}


class _Vector(Struct, gc=False):
    embedding: Raw
    index: int | None = None


class _Vectors(Struct, gc=False):
    data: list[_Vector]
    usage: UsageBody | None = None


_NAMES = {"dimensions": "output_dimension", "input": "texts"}

_vectors = msgspec.json.Decoder(_Vectors)


class CohereEmbedOverOpenAI(CohereEmbed):
    """A `Dialect`: Cohere's second version towards the caller, OpenAI's towards the vendor."""

    name = "openai_embeddings"

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The embeddings request; raises InvalidRequestError for pictures and types without a rule."""
        asked = read_asked(peek)
        members = peek.envelope.members
        _refuse_types(asked)
        lost = _list_lost(peek, asked)
        edits = {name: Edit(remove=True) for name in _NOT_SENT & members.keys()}
        source = "texts" if asked.texts is not None else "inputs"
        texts = msgspec.json.encode(_require_texts(asked))
        edits[source] = Edit(name="input", value=texts)
        if asked.output_dimension is not None:
            edits["output_dimension"] = Edit(name="dimensions")
        translated = splice(peek.envelope, body, edits)
        told = Peek(model=peek.model, envelope=read_envelope(translated))
        written = _OPENAI.write_same(told, translated, upstream_model, quirks)
        dropped = {"output_dimension" if name == "dimensions" else name for name in written.dropped}
        return Outgoing("translate", written.body, tuple(sorted({*lost, *dropped})))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is not one vector of the same length for each input."""
        found = read_json_answer(headers, body, _vectors)
        kinds = read_asked(peek).embedding_types or DEFAULT_TYPES
        if found is None or _read_vectors(found, peek.inputs, kinds) is None:
            return None
        return Answer(usage=self._count(peek, found), text_bytes=0, model=None)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """Cohere's answer made of one that `read_answer` took."""
        found = _vectors.decode(body)
        asked = read_asked(peek)
        kinds = asked.embedding_types or DEFAULT_TYPES
        vectors = _read_vectors(found, peek.inputs, kinds) or []
        by_type = {kind: write_vectors(vectors, kind) for kind in kinds}
        plain = self.version == 1 and not asked.embedding_types
        warnings = [f"{name} was not carried to the provider." for name in _list_lost(peek, asked)]
        return msgspec.json.encode(
            {
                "id": peek.call_id,
                "response_type": "embeddings_floats" if plain else "embeddings_by_type",
                "embeddings": by_type["float"] if plain else by_type,
                "texts": asked.texts or [],
                "meta": write_meta(
                    self.version, self._count(peek, found), warnings if self.version == 1 else []
                ),
            }
        )

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What the vendor's error says, of the parameters by the names that the caller gave them."""
        error = super().read_error(status, headers, body)
        return msgspec.structs.replace(error, param=_NAMES.get(error.param or "", error.param))

    def _count(self, peek: Peek, found: _Vectors) -> Usage:
        return read_usage(found.usage) or self.estimate(peek)


class CohereEmbedV1OverOpenAI(CohereEmbedOverOpenAI):
    """A `Dialect`: Cohere's first version towards the caller, OpenAI's towards the vendor."""

    version = CohereEmbedV1.version


def _list_lost(peek: Peek, asked: CohereEmbedRequest) -> list[str]:
    """The parameters that the other format has no place for; `truncate: "NONE"` is its only way."""
    members = peek.envelope.members
    return sorted(
        name
        for name in (_LOST | _TAKEN) & members.keys()
        if bytes(members[name]) != b"null" and (name != "truncate" or asked.truncate != "NONE")
    )


def _refuse_types(asked: CohereEmbedRequest) -> None:
    """Raises InvalidRequestError for a type that floats can't be turned into."""
    for index, kind in enumerate(asked.embedding_types or ()):
        if kind not in COMPUTED:
            raise InvalidRequestError(
                f"This model's provider gives floats, and there is no rule that makes {kind!r} of "
                f"them; ask for {', '.join(map(repr, sorted(COMPUTED)))}.",
                param=f"embedding_types[{index}]",
            )


def _require_texts(asked: CohereEmbedRequest) -> list[str]:
    """One text for each input, the parts of one joined by line breaks; raises InvalidRequestError."""
    if asked.images is not None:
        raise _no_pictures("images")
    if asked.texts is not None:
        return asked.texts
    texts: list[str] = []
    for index, each in enumerate(asked.inputs or ()):
        for place, part in enumerate(each.content):
            if part.type != "text" or part.text is None:
                raise _no_pictures(f"inputs[{index}].content[{place}]")
        texts.append("\n".join(part.text or "" for part in each.content))
    return texts


def _no_pictures(param: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"This model's provider embeds text only, and '{param}' is none; send texts, or choose a "
        "model that takes pictures.",
        param=param,
    )


def _read_vectors(found: _Vectors, count: int, kinds: Sequence[str]) -> list[Vector] | None:
    """The vectors in the order of the inputs; None when they are not `count` of one length."""
    data = found.data
    indices = [each.index for each in data if each.index is not None]
    if len(data) != count or (indices and sorted(indices) != list(range(count))):
        return None
    if indices:
        data = sorted(data, key=lambda each: each.index or 0)
    unpack = any(kind != "float" for kind in kinds)
    return read_vectors([each.embedding for each in data], unpack=unpack)
