"""What a pass-through request is checked for is what the contract documents, type for type.

Some heads are the contract's own Structs. Others leave out what only a vendor can judge, or read it
less deeply because that is measured; those are held to the contract here.
"""

from typing import Any, get_type_hints

import msgspec
import pytest
from msgspec import Struct

from nexhina.contract.schema.chat import ChatCompletionRequest
from nexhina.contract.schema.completion import CompletionRequest
from nexhina.contract.schema.embedding import EmbeddingRequest
from nexhina.contract.schema.image import ImageGenerationRequest
from nexhina.contract.schema.moderation import ModerationRequest
from nexhina.contract.schema.parameter import must_be
from nexhina.contract.schema.rerank import RerankRequest
from nexhina.contract.schema.response import ResponseRequest
from nexhina.dialects import (
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_images,
    openai_moderations,
    openai_responses,
    rerank,
)
from nexhina.dialects.registry import BRIDGES
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound

# What the site's schemas do not name and is checked all the same: it decides what we do.
BESIDE = {"parallel_tool_calls", "top_logprobs", "user"}
# The vendor's to judge: unknown kinds pass, so that tomorrow's parameters do.
LEFT_TO_VENDORS = {
    "ChatCompletionRequest": {"tool_choice", "response_format"},
    "ResponseRequest": {"tool_choice", "reasoning", "truncation"},
    "EmbeddingRequest": {"input"},  # in the head for one text, which is known to be a string
}
LOOSER = {"metadata"}  # vendors differ in how many pairs they take
# Same words to the caller, read less deeply.
SHALLOWER = {"messages", "tools", "input"}


def hints(kind: type[Struct]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


@pytest.mark.parametrize(
    ("decoder", "documented"),
    [
        (openai_completions._head, CompletionRequest),
        (openai_embeddings._head, EmbeddingRequest),
        (openai_images._head, ImageGenerationRequest),
        (openai_moderations._head, ModerationRequest),
        (rerank._head, RerankRequest),
        (openai_responses._documented, ResponseRequest),
    ],
)
def test_a_request_is_checked_by_the_struct_that_documents_it(
    decoder: msgspec.json.Decoder[Any], documented: type[Struct]
) -> None:
    assert decoder.type is documented


@pytest.mark.parametrize(
    ("head", "documented"),
    [
        (openai_chat._ChatHead, ChatCompletionRequest),
        (openai_chat._TextHead, ChatCompletionRequest),
        (openai_responses._ResponsesHead, ResponseRequest),
        (openai_embeddings._EmbeddingTextHead, EmbeddingRequest),
    ],
)
def test_a_head_of_its_own_checks_what_the_contract_says(
    head: type[Struct], documented: type[Struct]
) -> None:
    checked, said = hints(head), hints(documented)
    assert set(checked) - set(said) <= BESIDE
    assert set(said) - set(checked) <= LEFT_TO_VENDORS[documented.__name__]
    for name in set(checked) & set(said) - LOOSER:
        if name in SHALLOWER:
            assert must_be(checked[name]) == must_be(said[name]), name
        else:
            assert checked[name] == said[name], name


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "openai_chat": (
        {"messages": [{"role": "user", "content": "x"}]},
        {"response_format": "json"},
        "response_format",
    ),
    "openai_responses": ({"input": "x"}, {"truncation": "some"}, "truncation"),
    "openai_compaction": ({"input": "x"}, {"instructions": 5}, "instructions"),
    "openai_embeddings": ({"input": "x"}, {"dimensions": 0}, "dimensions"),
    "rerank": ({"query": "x", "documents": ["a"]}, {"top_n": 0}, "top_n"),
    "cohere_rerank": ({"query": "x", "documents": ["a"]}, {"documents": [{}]}, "documents[0].text"),
    "openai_images": ({"prompt": "x"}, {"n": 0}, "n"),
    "openai_image_edits": (
        {"prompt": "x", "images": [{"image_url": "https://pictures.example/a.png"}]},
        {"n": 0},
        "n",
    ),
    "openai_speech": ({"input": "x", "voice": "alloy"}, {"speed": 9}, "speed"),
    "openai_moderations": ({"input": "x"}, {"input": 5}, "input"),
    "cohere_embed": ({"texts": ["a"]}, {"truncate": "MIDDLE"}, "truncate"),
    "cohere_embed_v1": ({"texts": ["a"]}, {"embedding_types": ["f"]}, "embedding_types[0]"),
}
"""By the caller's format: a body that is taken, what makes it wrong, and the place of that."""

ELSEWHERE = {
    "openai_transcriptions",  # a form: test_openai_transcriptions.py
    "openai_videos",  # no answer of a dialect: test_video_call.py
    "video_generations",
}


def test_every_format_of_a_bridge_is_checked_here_or_by_a_test_of_its_own() -> None:
    assert {caller for caller, _ in BRIDGES} == {*WRONG, *ELSEWHERE}


@pytest.mark.parametrize(("caller", "vendor"), [pair for pair in BRIDGES if pair[0] in WRONG])
def test_every_bridge_checks_its_callers_request_against_the_contract(
    caller: str, vendor: str
) -> None:
    bridge = BRIDGES[caller, vendor]
    taken, wrong, param = WRONG[caller]

    def send(body: dict[str, Any]) -> None:
        call = make_inbound({"model": "m", "parameter_of_tomorrow": 1, **body})
        bridge.write_same(bridge.peek(call), call.body, "up", None)

    send(taken)
    with pytest.raises(InvalidRequestError) as refusal:
        send(taken | wrong)
    assert refusal.value.param == param
    assert " must be " in refusal.value.message
