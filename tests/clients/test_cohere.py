"""Cohere's SDK: both versions of embed and of rerank, and a channel that speaks Cohere's format."""

import base64
import struct
from collections.abc import Generator
from typing import Any

import pytest
from openai import OpenAI

from support.needs import refuse
from support.place import Place, chained_place, far_place, sandbox_place
from support.product import Product, start_product

TEXTS = ["the sea is blue", "quarterly tax return", "die See ist blau, 海是蓝色的"]
DOCUMENTS = ["Berlin is in Germany.", "Paris is the capital of France."]

# The SDK joins batches in a way that its own library warns of.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Accessing the 'model_fields':DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The `parse_obj` method:DeprecationWarning"),
]


@pytest.fixture(scope="session")
def cohere() -> Any:
    try:
        import cohere
    except ImportError:
        refuse("The package cohere", "run these tests with `make clients`")
    return cohere


@pytest.fixture(scope="session")
def native(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A second Nexhina that takes the first for Cohere."""
    with start_product(tmp_path_factory.mktemp("cohere") / "data") as second:
        second.run(
            *("channels", "add", "--provider", "cohere", "--name", "first", "--key", product.key),
            *("--base-url", product.origin + "/v2"),
            *("--models", "far-embed=sandbox-embedding,far-rerank=sandbox-rerank"),
        )
        yield far_place("cohere", second)


@pytest.fixture(scope="session", params=["sandbox", "chained", "cohere"])
def spot(
    request: pytest.FixtureRequest,
    product: Product,
    native: Place,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Place]:
    """The sandbox, a Nexhina that asks it in OpenAI's format, and one that asks it in Cohere's."""
    if request.param == "sandbox":
        yield sandbox_place(product)
    elif request.param == "cohere":
        yield native
    else:
        with chained_place(product, tmp_path_factory.mktemp("chained") / "data") as second:
            yield second


@pytest.fixture
def v1(cohere: Any, spot: Place) -> Any:
    with cohere.Client(spot.key, base_url=_root(spot), max_retries=0) as client:
        yield client


@pytest.fixture
def v2(cohere: Any, spot: Place) -> Any:
    with cohere.ClientV2(spot.key, base_url=_root(spot), max_retries=0) as client:
        yield client


def _root(spot: Place) -> str:
    return spot.product.origin


def test_the_second_version_gives_each_type_that_floats_can_become(v2: Any, spot: Place) -> None:
    made = v2.embed(
        model=spot.embedding,
        texts=TEXTS,
        input_type="search_document",
        embedding_types=["float", "base64", "binary", "ubinary"],
        output_dimension=256,
    )
    assert made.id
    assert made.response_type == "embeddings_by_type"
    assert made.texts == TEXTS
    assert made.meta.api_version.version == "2"
    assert made.meta.billed_units.input_tokens > 0
    vectors = made.embeddings
    assert [len(vector) for vector in vectors.float_] == [256] * 3
    for floats, packed in zip(vectors.float_, vectors.base64, strict=True):
        unpacked = struct.unpack("<256f", base64.b64decode(packed))
        assert unpacked == pytest.approx(floats, abs=1e-7)
    for floats, bits in zip(vectors.float_, vectors.ubinary, strict=True):
        assert [byte >> 7 for byte in bits] == [int(number > 0) for number in floats[::8]]
    assert [[byte + 128 for byte in bits] for bits in vectors.binary] == vectors.ubinary
    assert vectors.int8 is None


def test_floats_are_what_comes_without_a_wish(v2: Any, spot: Place) -> None:
    made = v2.embed(model=spot.embedding, texts=TEXTS[:1], input_type="search_query")
    assert len(made.embeddings.float_) == 1


def test_inputs_of_text_are_embedded_like_texts(v2: Any, spot: Place) -> None:
    inputs = [{"content": [{"type": "text", "text": text}]} for text in TEXTS]
    asked: Any = {"model": spot.embedding, "input_type": "search_document"}
    assert (
        v2.embed(inputs=inputs, **asked).embeddings.float_
        == v2.embed(texts=TEXTS, **asked).embeddings.float_
    )


def test_a_type_without_a_rule_is_a_bad_request(v2: Any, spot: Place, cohere: Any) -> None:
    with pytest.raises(cohere.BadRequestError) as refusal:
        v2.embed(
            model=spot.embedding,
            texts=TEXTS,
            input_type="search_document",
            embedding_types=["float", "int8"],
        )
    assert "int8" in refusal.value.body["error"]["message"]


def test_a_picture_is_refused_where_the_provider_embeds_text(
    v2: Any, spot: Place, cohere: Any
) -> None:
    with pytest.raises(cohere.BadRequestError) as refusal:
        v2.embed(
            model=spot.embedding, images=["data:image/png;base64,iVBORw0KGgo="], input_type="image"
        )
    assert "text only" in refusal.value.body["error"]["message"]


def test_the_first_version_gives_a_list_of_vectors(v1: Any, spot: Place) -> None:
    made = v1.embed(model=spot.embedding, texts=TEXTS, input_type="search_document")
    assert made.response_type == "embeddings_floats"
    assert len(made.embeddings) == 3
    assert made.texts == TEXTS
    assert made.meta.api_version.version == "1"
    near, far, asked = (made.embeddings[index] for index in (0, 1, 2))
    assert len(near) == len(far) == len(asked) > 1


def test_the_first_version_gives_types_where_they_are_asked_for(v1: Any, spot: Place) -> None:
    made = v1.embed(
        model=spot.embedding,
        texts=TEXTS,
        input_type="search_document",
        embedding_types=["float", "ubinary"],
    )
    assert made.response_type == "embeddings_by_type"
    assert len(made.embeddings.float_) == len(made.embeddings.ubinary) == 3


def test_batches_of_the_sdk_come_back_as_one_answer(v1: Any, spot: Place) -> None:
    texts = [f"text number {number}" for number in range(200)]
    made = v1.embed(model=spot.embedding, texts=texts, input_type="search_document")
    assert made.texts == texts
    assert len(made.embeddings) == 200
    assert made.meta.billed_units.input_tokens > 200


def test_both_versions_sort_documents(v1: Any, v2: Any, spot: Place) -> None:
    asked: Any = {"query": "capital of France", "documents": DOCUMENTS, "model": spot.rerank}
    newer = v2.rerank(top_n=1, **asked)
    assert [result.index for result in newer.results] == [1]
    assert newer.meta.billed_units.search_units == 1
    older = v1.rerank(return_documents=True, **asked)
    assert [result.index for result in older.results] == [1, 0]
    assert older.results[0].document.text == DOCUMENTS[1]


def test_a_wrong_key_is_unauthorized(spot: Place, cohere: Any) -> None:
    with (
        cohere.ClientV2("sk-wrong", base_url=_root(spot), max_retries=0) as client,
        pytest.raises(cohere.UnauthorizedError),
    ):
        client.embed(model=spot.embedding, texts=["a"], input_type="search_query")


def test_openais_sdk_gets_vectors_over_a_channel_that_speaks_cohere(
    native: Place, product: Product
) -> None:
    asked: Any = {"input": TEXTS, "dimensions": 64}
    with OpenAI(base_url=product.base_url, api_key=product.key, max_retries=0) as client:
        near = client.embeddings.create(model="sandbox-embedding", **asked)
    with OpenAI(base_url=native.base_url, api_key=native.key, max_retries=0) as client:
        packed = client.embeddings.create(model=native.embedding, **asked)
        plain = client.embeddings.create(model=native.embedding, encoding_format="float", **asked)
    for far in (packed, plain):
        assert far.model == native.embedding
        assert far.usage == near.usage
        for one, other in zip(far.data, near.data, strict=True):
            assert one.embedding == pytest.approx(other.embedding, abs=1e-7)
