"""Embeddings in OpenAI's format."""

from typing import cast

import msgspec
from msgspec import Raw, Struct

from nexhina.contract.schema.embedding import MAX_INPUTS, EmbeddingRequest, Encoding, Input
from nexhina.contract.schema.parameter import ModelName, Text, Tokens
from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.envelope import Envelope, locate_value, read_envelope
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_strings,
    is_json_head,
    read_head,
    refuse_stream,
)
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.dialects.parameter import refuse_parameters, require_json
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound


class _EmbeddingTextHead(Struct):
    """The same for one text, which the first pass has proved to be a string."""

    model: ModelName
    encoding_format: Encoding | None = None
    dimensions: Tokens | None = None
    user: Text | None = None


class _Vector(Struct, gc=False):
    embedding: Raw


class _Embeddings(Struct, gc=False):
    data: list[_Vector]
    model: str | None = None
    usage: UsageBody | None = None


_head = msgspec.json.Decoder(EmbeddingRequest)
_text_head = msgspec.json.Decoder(_EmbeddingTextHead)
_answer = msgspec.json.Decoder(_Embeddings)

_VECTOR = b'"embedding":['
_LONG = 512


class OpenAIEmbeddings(OpenAIDialect):
    """POST /v1/embeddings."""

    name = "openai_embeddings"

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        kind = call.headers.get(b"content-type")
        if kind is not None and kind != b"application/json":
            require_json(call.headers)
        envelope = read_envelope(call.body)
        if "stream" in envelope.members:
            refuse_stream(envelope.members["stream"], "/v1/embeddings")
        text = envelope.members.get("input")
        head: EmbeddingRequest | _EmbeddingTextHead
        inputs = 1
        if text is not None and len(text) > 2 and memoryview(text)[0] == 0x22:
            head = _read_text_head(envelope)
        else:
            head = read_head(envelope, _head, EmbeddingRequest)
            # A text that is not empty went the other way.
            inputs = _count_inputs(cast("list[str | int | list[int]]", head.input))
        return Peek(
            model=head.model,
            envelope=envelope,
            text_bytes=len(envelope.text),
            inputs=inputs,
            dimensions=head.dimensions,
            encoding_format=head.encoding_format,
        )

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of the texts; four for a token number, so that a quarter is its count."""
        found = msgspec.json.decode(peek.envelope.members["input"], type=Input)
        total = count_strings(found)
        if not isinstance(found, str):
            for each in found:
                total += 4 * (
                    len(cast("list[int]", each))
                    if isinstance(each, list)
                    else isinstance(each, int)
                )
        return min(total, peek.text_bytes)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is not a list of vectors, or not one for each input."""
        if headers.get(b"content-type") != b"application/json" and not is_json_head(headers):
            return None
        try:
            found = _answer.decode(_cut_vectors(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if len(found.data) != peek.inputs:
            return None
        return Answer(usage=read_usage(found.usage), text_bytes=0, model=found.model)


def _cut_vectors(body: bytes) -> bytes:
    """The answer with its long vectors emptied, for they would cost most of the parse.

    Numbers are taken as they are, but NaN and infinities (which no JSON can hold), null, strings
    and objects are left in for the parser.
    """
    at = body.find(_VECTOR)
    if at < 0:
        return body
    pieces: list[bytes] = []
    copied = 0
    while at >= 0:
        start = at + len(_VECTOR)
        end = body.find(b"]", start)
        at = body.find(_VECTOR, start if end < 0 else end)
        if (
            end - start > _LONG
            and body.find(b'"', start, end) < 0
            and body.find(b"{", start, end) < 0
            and body.find(b"n", start, end) < 0
            and body.find(b"N", start, end) < 0
            and body[start] in b"-0123456789"
            and body[end - 1] in b"0123456789"
        ):
            pieces.append(body[copied:start])
            copied = end
    pieces.append(body[copied:])
    return b"".join(pieces)


def _read_text_head(envelope: Envelope) -> _EmbeddingTextHead:
    """The other parameters, read from the body without its text: one pass over long inputs."""
    members = envelope.members
    start, end = locate_value(envelope, "input")
    text = envelope.text
    try:
        return _text_head.decode(text[:start] + b'""' + text[end:])
    except msgspec.ValidationError as failure:
        refuse_parameters(members, EmbeddingRequest, failure)


def _count_inputs(value: list[str | int | list[int]]) -> int:
    """The number of texts; raises InvalidRequestError for mixtures, empty ones and too many."""
    first = type(value[0])
    for index, each in enumerate(value):
        if type(each) is not first:
            raise InvalidRequestError(
                f"'input' mixes texts and tokens at index {index}; send texts, or token numbers, "
                "or lists of token numbers.",
                param="input",
            )
        if each in ("", []):
            raise InvalidRequestError(
                f"'input' is empty at index {index}; leave that entry out.", param="input"
            )
    if first is int:
        return 1
    if len(value) > MAX_INPUTS:
        raise InvalidRequestError(
            f"'input' has {len(value)} entries; send at most {MAX_INPUTS} in one request.",
            param="input",
        )
    return len(value)
