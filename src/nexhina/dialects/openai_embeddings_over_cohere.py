"""OpenAI's embeddings for a vendor that speaks Cohere's format, second version.

The vendor must be told what the vectors are for, which OpenAI's format can't say: a caller may add
`input_type` (and `truncate` and the like) to the request; without it they are for documents.
"""

import msgspec

from nexhina.contract.schema.embedding import Input
from nexhina.dialects.cohere_embed import BY_TYPE, ByType, CohereEmbed, read_units
from nexhina.dialects.cohere_embed_v1_over_v2 import DEFAULT_INPUT_TYPE
from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.envelope import Edit, read_envelope, splice
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.openai_embeddings import OpenAIEmbeddings
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.vector import read_vectors, write_vectors
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

_COHERE = CohereEmbed()
_LOST = frozenset(("user", "texts", "images", "inputs", "embedding_types"))


class OpenAIEmbeddingsOverCohere(OpenAIEmbeddings):
    """A `Dialect`: OpenAI's embeddings towards the caller, Cohere's towards the vendor."""

    name = "cohere_embed"

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The embed request; raises InvalidRequestError for token numbers."""
        members = peek.envelope.members
        lost = [name for name in _LOST & members.keys() if bytes(members[name]) != b"null"]
        edits = {name: Edit(remove=True) for name in _LOST & members.keys()}
        edits |= {
            name: Edit(remove=True) for name in ("encoding_format", "stream") if name in members
        }
        edits["input"] = Edit(name="texts", value=msgspec.json.encode(_require_texts(peek)))
        if peek.dimensions is not None:
            edits["dimensions"] = Edit(name="output_dimension")
            if "output_dimension" in members:
                edits["output_dimension"] = Edit(remove=True)
                lost.append("output_dimension")
        elif "dimensions" in members:
            edits["dimensions"] = Edit(remove=True)
        added = b'"embedding_types":["float"]'
        if bytes(members.get("input_type", b"null")) == b"null":
            edits |= {name: Edit(remove=True) for name in ("input_type",) if name in members}
            added += b',"input_type":"%b"' % DEFAULT_INPUT_TYPE.encode()
        translated = splice(peek.envelope, body, edits, added)
        told = Peek(model=peek.model, envelope=read_envelope(translated))
        written = _COHERE.write_same(told, translated, upstream_model, quirks)
        dropped = {"dimensions" if name == "output_dimension" else name for name in written.dropped}
        return Outgoing("translate", written.body, tuple(sorted({*lost, *dropped})))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is not one vector of numbers for each input."""
        found = read_json_answer(headers, body, BY_TYPE)
        if found is None:
            return None
        raws = found.embeddings.get("float") or []
        if len(raws) != peek.inputs or read_vectors(raws, unpack=_packs(peek)) is None:
            return None
        return Answer(usage=self._count(peek, found), text_bytes=0, model=None)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """OpenAI's list of vectors made of an answer that `read_answer` took."""
        found = BY_TYPE.decode(body)
        vectors = read_vectors(found.embeddings["float"] or [], unpack=_packs(peek)) or []
        data = [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(
                write_vectors(vectors, "base64" if _packs(peek) else "float")
            )
        ]
        tokens = self._count(peek, found).input
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return msgspec.json.encode(
            {"object": "list", "data": data, "model": public, "usage": usage}
        )

    def _count(self, peek: Peek, found: ByType) -> Usage:
        """What the vendor billed, else a quarter of the text's bytes as tokens."""
        return read_units(found.meta) or Usage(
            input=-(-self.prompt_bytes(peek, b"") // 4), estimated=True
        )


def _require_texts(peek: Peek) -> list[str]:
    """The texts of `input`; raises InvalidRequestError when it is token numbers."""
    found = msgspec.json.decode(peek.envelope.members["input"], type=Input)
    texts = [found] if isinstance(found, str) else found
    strings = [each for each in texts if isinstance(each, str)]
    if len(strings) != len(texts):
        raise InvalidRequestError(
            "This model's provider takes texts only; send 'input' as text, not as token numbers.",
            param="input",
        )
    return strings


def _packs(peek: Peek) -> bool:
    """Whether the caller wants base64."""
    return peek.encoding_format == "base64"
