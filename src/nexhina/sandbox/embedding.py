"""Embeddings: OpenAI's wire format around the lexical vectors and, where it can be read, the meaning.

Vectors are computed while the answer is sent, one at a time, so that a batch of two thousand texts
holds up nobody.
"""

import sys
from array import array
from base64 import b64encode
from collections.abc import Iterator

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.lexical import Features, add_features, mix, project
from nexhina.sandbox.meaning import READ_AT_ONCE, Meaning
from nexhina.sandbox.reply import BREATH, JSON, Piece, SandboxReply
from nexhina.sandbox.request import EmbeddingCall
from nexhina.sandbox.tokenizer import count_tokens, slices

DIMENSIONS = 1536
MOST_TEXTS = 2048
MOST_CHARACTERS = 64_000  # of one text
MOST_TOKENS = 8192  # of one list of token ids
_MEANT = 400  # characters of a text whose meaning is read

Text = str | list[int]


def read_texts(call: EmbeddingCall) -> list[Text]:
    """The texts (or lists of token ids) to embed; raises InvalidRequestError."""
    given = call.input
    if isinstance(given, str):
        texts: list[Text] = [given]
    elif given and all(isinstance(item, int) for item in given):
        ids = [item for item in given if isinstance(item, int)]
        texts = [ids]
        if min(ids) < 0:
            raise _bad("A token id in 'input' is negative.")
    else:
        texts = [item for item in given if not isinstance(item, int)]
        kinds = {type(item) for item in given}
        if len(kinds) != 1:
            raise _bad("'input' must be a string, a list of strings, or a list of token lists.")
    if len(texts) > MOST_TEXTS:
        raise _bad(f"'input' has {len(texts)} items; the most is {MOST_TEXTS}.")
    for text in texts:
        if not text:
            raise _bad("'input' must not hold an empty string or list.")
        most = MOST_CHARACTERS if isinstance(text, str) else MOST_TOKENS
        if len(text) > most:
            unit = "characters" if isinstance(text, str) else "tokens"
            raise _bad(f"One input has {len(text)} {unit}; the most is {most}.")
    return texts


def _bad(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, param="input")


def answer_embeddings(
    call: EmbeddingCall, model: str, meaning: Meaning | None, *, usage: bool
) -> SandboxReply:
    """The answer. `usage` False leaves usage away (a fault control)."""
    texts = read_texts(call)
    pieces = _pieces(call, texts, model, meaning, usage=usage)
    return SandboxReply(status=200, headers=dict(JSON), pieces=pieces)


def _pieces(
    call: EmbeddingCall, texts: list[Text], model: str, meaning: Meaning | None, *, usage: bool
) -> Iterator[Piece]:
    dimensions = call.dimensions or DIMENSIONS
    as_text = call.encoding_format == "base64"
    tokens = 0
    start = b'{"object":"list","data":['
    meant: list[array[float]] = []
    for index, text in enumerate(texts):
        features: Features = {}
        if meaning is not None and index % READ_AT_ONCE == 0:
            some = texts[index : index + READ_AT_ONCE]
            if any(isinstance(each, str) for each in some):
                meant = yield from meaning.embed([_read_meant(each) for each in some])
        if isinstance(text, str):
            for _ in add_features(text, features):
                yield BREATH
            tokens += sum(map(count_tokens, slices(text)))
        else:  # no tokenizer is shared with the caller: equal ids are equal features
            for token in text:
                features[f"t{token}"] = features.get(f"t{token}", 0.0) + 1.0
            tokens += len(text)
        vector = project(features or {"x" + str(text)[:64]: 1.0}, dimensions)
        if meaning is not None and isinstance(text, str) and features:
            vector = mix(vector, meant[index % READ_AT_ONCE])
        item = {
            "object": "embedding",
            "index": index,
            "embedding": _pack(vector) if as_text else [round(value, 8) for value in vector],
        }
        yield Piece(0.0, start + msgspec.json.encode(item))
        start = b","
    end = b'],"model":' + msgspec.json.encode(model)
    if usage:
        counts = msgspec.json.encode({"prompt_tokens": tokens, "total_tokens": tokens})
        end += b',"usage":' + counts
    yield Piece(0.0, end + b"}")


def _read_meant(text: Text) -> str:
    """What of the text is read for its meaning; token ids have none."""
    return text[:_MEANT] if isinstance(text, str) else ""


def _pack(vector: list[float]) -> str:
    """Little-endian float32 in base64."""
    packed = array("f", vector)
    if sys.byteorder == "big":
        packed.byteswap()
    return b64encode(packed.tobytes()).decode("ascii")
