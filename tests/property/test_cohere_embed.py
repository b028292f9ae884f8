"""Embeddings between Cohere's and OpenAI's formats: what goes over a bridge and back is the same."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.dialects.registry import BRIDGES
from nexhina.dialects.vector import pack_bits, pack_floats, read_floats
from support.inbound import JSON, make_inbound

OVER_OPENAI = BRIDGES["cohere_embed", "openai_embeddings"]
OVER_COHERE = BRIDGES["openai_embeddings", "cohere_embed"]
V1_OVER_V2 = BRIDGES["cohere_embed_v1", "cohere_embed"]
V1_OVER_OPENAI = BRIDGES["cohere_embed_v1", "openai_embeddings"]

TEXTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
    min_size=1,
    max_size=4,
)
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
TOKENS = st.integers(1, 10**9)


@st.composite
def embeddings(draw: st.DrawFn) -> tuple[list[str], list[list[float]], int]:
    """Texts, a vector for each, and the tokens."""
    texts, size = draw(TEXTS), draw(st.integers(1, 20))
    vector = st.lists(NUMBERS, min_size=size, max_size=size)
    return texts, [draw(vector) for _ in texts], draw(TOKENS)


def write_request(bridge: Any, body: bytes) -> bytes:
    return bytes(bridge.write_same(bridge.peek(make_inbound(body)), body, "m", None).body)


def write_answer(bridge: Any, request: bytes, answer: bytes) -> bytes:
    peek = bridge.peek(make_inbound(request))
    assert bridge.read_answer(peek, JSON, answer) is not None
    return bridge.write_answer(peek, answer, "m", "m")


def openai_answer(vectors: list[list[float]], tokens: int) -> bytes:
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return msgspec.json.encode({"object": "list", "data": data, "model": "m", "usage": usage})


@settings(max_examples=60)
@given(TEXTS, st.none() | st.integers(1, 4096))
def test_a_request_over_both_bridges_is_itself(texts: list[str], size: int | None) -> None:
    wish = {} if size is None else {"dimensions": size}
    body = msgspec.json.encode({"model": "m", "input": texts, **wish})
    there = write_request(OVER_COHERE, body)
    assert msgspec.json.decode(there)["texts"] == texts
    back = msgspec.json.decode(write_request(OVER_OPENAI, there))
    assert back == msgspec.json.decode(body)


@settings(max_examples=60)
@given(embeddings())
def test_an_answer_over_both_bridges_is_itself(
    found: tuple[list[str], list[list[float]], int],
) -> None:
    texts, vectors, tokens = found
    asked = msgspec.json.encode({"model": "m", "input": texts})
    original = openai_answer(vectors, tokens)
    there = write_answer(OVER_OPENAI, write_request(OVER_COHERE, asked), original)
    back = msgspec.json.decode(write_answer(OVER_COHERE, asked, there))
    assert back == msgspec.json.decode(original)


@settings(max_examples=60)
@given(
    embeddings(), st.lists(st.sampled_from(["float", "base64", "binary", "ubinary"]), max_size=4)
)
def test_the_first_version_says_the_same_over_either_vendor(
    found: tuple[list[str], list[list[float]], int], kinds: list[str]
) -> None:
    texts, vectors, tokens = found
    wish = {"embedding_types": kinds} if kinds else {}
    asked = msgspec.json.encode(
        {"model": "m", "texts": texts, "truncate": "NONE", "input_type": None, **wish}
    )
    source = openai_answer(vectors, tokens)
    direct = msgspec.json.decode(write_answer(V1_OVER_OPENAI, asked, source))
    second = write_answer(OVER_OPENAI, write_request(V1_OVER_V2, asked), source)
    around = msgspec.json.decode(write_answer(V1_OVER_V2, asked, second))
    around["meta"].pop("warnings")  # the second version was told what the vectors are for
    assert around == direct
    assert direct["texts"] == texts


@settings(max_examples=60)
@given(st.lists(NUMBERS, min_size=1, max_size=40))
def test_packed_floats_read_back_and_bits_are_their_signs(vector: list[float]) -> None:
    assert read_floats(pack_floats(vector)) == vector
    bits = "".join(f"{byte:08b}" for byte in pack_bits(vector, signed=False))
    assert bits == "".join("01"[number > 0] for number in vector).ljust(len(bits), "0")
    assert len(bits) - len(vector) < 8
    assert [byte + 128 for byte in pack_bits(vector, signed=True)] == pack_bits(
        vector, signed=False
    )
