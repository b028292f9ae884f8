from typing import get_args

import pytest
from openai.types.shared import ChatModel, ResponsesModel

from nexhina.contract.operation import Operation
from nexhina.providers.spec import ErrorMap, Provider, Verdict
from nexhina.providers.vendors.openai import OPENAI
from nexhina.providers.vendors.openai_compatible import OPENAI_COMPATIBLE


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, "ok"),
        (204, "failed"),
        (302, "failed"),
        (400, "caller"),
        (413, "caller"),
        (422, "caller"),
        (401, "ours"),
        (402, "ours"),
        (403, "ours"),
        (404, "ours"),
        (408, "failed"),
        (429, "busy"),
        (500, "failed"),
        (503, "overloaded"),
        (529, "overloaded"),
    ],
)
def test_a_status_says_whose_trouble_it_is(status: int, verdict: Verdict) -> None:
    assert OPENAI_COMPATIBLE.classify(status) == verdict


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (429, "insufficient_quota", "ours"),
        (403, "content_policy_violation", "caller"),
        (400, "content_filter", "caller"),
        (429, "rate_limit_exceeded", "busy"),
        (400, None, "caller"),
        (200, "insufficient_quota", "ok"),
    ],
)
def test_the_code_in_a_refusal_says_more_than_its_status(
    status: int, code: str | None, verdict: Verdict
) -> None:
    assert OPENAI.classify(status, code) == verdict


def test_a_vendor_may_have_its_own_mind_about_a_status() -> None:
    provider = Provider(
        name="x",
        title="X",
        base_url=None,
        speaks={},
        paths={},
        errors=ErrorMap(overloaded=frozenset({498})),
    )
    assert provider.classify(498) == "overloaded"
    assert provider.classify(503) == "failed"


@pytest.mark.parametrize("model", ["o1", "o3-mini", "o4-mini", "gpt-5.6-sol"])
def test_reasoning_models_get_the_output_limit_under_its_new_name(model: str) -> None:
    quirks = OPENAI.quirks_for("chat", model)
    assert quirks is not None
    assert quirks.rename == {"max_tokens": "max_completion_tokens"}


def test_the_gateway_itself_makes_links_of_gpt_images() -> None:
    quirks = OPENAI.quirks_for("images", "gpt-image-1")
    assert quirks is not None
    assert quirks.ours == {"response_format"}
    assert OPENAI.quirks_for("images", "dall-e-3") is None
    assert OPENAI.quirks_for("chat", "gpt-4o") is None


def test_what_the_vendors_own_sdk_lists_for_responses_only_is_not_asked_for_chat() -> None:
    *_, listed = get_args(ResponsesModel)
    assert len(get_args(listed)) > 9
    for model in get_args(listed):
        assert not OPENAI.serves(Operation.CHAT, model)
        assert OPENAI.serves(Operation.RESPONSES, model)


def test_models_that_chat_are_asked_for_it() -> None:
    refused = {name for name in get_args(ChatModel) if not OPENAI.serves(Operation.CHAT, name)}
    assert all("-pro" in name or "codex" in name for name in refused)
    assert {"gpt-4o", "o3", "gpt-5.6-sol"}.isdisjoint(refused)
    assert not OPENAI.serves(Operation.RERANK, "gpt-4o")  # it does not speak that at all
