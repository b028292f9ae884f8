"""/v1/embed for a vendor of the second version, which has all that the first one has."""

import msgspec
from msgspec import Raw

from nexhina.dialects.cohere_embed import CohereEmbed, CohereEmbedV1, read_asked
from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.envelope import Edit, read_envelope, splice
from nexhina.dialects.quirk import Quirks
from nexhina.ports import Headers

DEFAULT_INPUT_TYPE = "search_document"
"""The second version must be told what the vectors are for."""

_SAID = f"input_type was not given; {DEFAULT_INPUT_TYPE!r} was used."
_V2 = CohereEmbed()
_members = msgspec.json.Decoder(dict[str, Raw])
_optional_members: msgspec.json.Decoder[dict[str, Raw] | None] = msgspec.json.Decoder(
    dict[str, Raw] | None
)
_warnings: msgspec.json.Decoder[list[Raw] | None] = msgspec.json.Decoder(list[Raw] | None)


class CohereEmbedV1OverV2(CohereEmbedV1):
    """A `Dialect`: the first version towards the caller, the second towards the vendor."""

    name = "cohere_embed"

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The request with what the second version must have."""
        asked = read_asked(peek)
        needed = {
            "embedding_types": None if asked.embedding_types else b'["float"]',
            "input_type": None if asked.input_type else b'"%b"' % DEFAULT_INPUT_TYPE.encode(),
        }
        edits: dict[str, Edit] = {}
        added: list[bytes] = []
        for name, value in needed.items():
            if value is None:
                continue
            if name in peek.envelope.members:
                edits[name] = Edit(value=value)
            else:
                added.append(b'"%b":%b' % (name.encode(), value))
        full = splice(peek.envelope, body, edits, b",".join(added))
        told = Peek(model=peek.model, envelope=read_envelope(full))
        written = _V2.write_same(told, full, upstream_model, quirks)
        return Outgoing("translate", written.body, written.dropped)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 of the second version says."""
        return _V2.read_answer(peek, headers, body)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The answer in the first version's shape; the vectors are copied as they are."""
        found = _members.decode(body)
        asked = read_asked(peek)
        vectors: object = found["embeddings"]
        kind = "embeddings_by_type"
        if not asked.embedding_types:
            kind = "embeddings_floats"
            vectors = _members.decode(found["embeddings"])["float"]
        told: dict[str, object] = {
            "id": peek.call_id,
            **{name: found[name] for name in ("id", "images") if name in found},
            "response_type": kind,
            "texts": asked.texts or [],
            "embeddings": vectors,
            "meta": _write_meta(found.get("meta"), guessed=not asked.input_type),
        }
        return msgspec.json.encode(told)


def _write_meta(raw: Raw | None, *, guessed: bool) -> dict[str, object]:
    """The vendor's `meta` under the first version's number; a guessed input type is told."""
    members = (_optional_members.decode(raw) if raw is not None else None) or {}
    meta: dict[str, object] = {**members}
    version = _optional_members.decode(members.get("api_version", b"null"))
    meta["api_version"] = {**(version or {}), "version": "1"}
    if guessed:
        meta["warnings"] = [*(_warnings.decode(members.get("warnings", b"null")) or ()), _SAID]
    return meta
