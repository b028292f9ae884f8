"""Legacy completions: what a request asks for."""

from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Peek
from nexhina.dialects.openai_completions import OpenAICompletions
from nexhina.errors import InvalidRequestError
from support.inbound import make_inbound

COMPLETIONS = OpenAICompletions()


def peek(**changes: Any) -> Peek:
    return COMPLETIONS.peek(make_inbound(msgspec.json.encode({"model": "m", **changes})))


@pytest.mark.parametrize(
    ("prompt", "count", "size"),
    [
        ("Hi", 1, 2),
        (["Hi", "you"], 2, 5),
        ([1, 2, 3], 1, 12),
        ([[1, 2], [3]], 2, 12),
    ],
)
def test_prompts_are_counted(prompt: Any, count: int, size: int) -> None:
    found = peek(prompt=prompt, n=2, echo=True, suffix=None)
    assert found.n == 2 * count
    assert COMPLETIONS.prompt_bytes(found, b"") == size


def test_a_suffix_is_part_of_the_prompt() -> None:
    assert COMPLETIONS.prompt_bytes(peek(prompt="ab", suffix="你"), b"") == 5


def test_best_of_is_what_has_to_be_written() -> None:
    assert peek(prompt=["a", "b"], n=1, best_of=5).n == 10


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": "a", "n": 3, "best_of": 2}, "best_of"),
        ({"prompt": "a", "stream": True, "best_of": 2}, "best_of"),
        ({"prompt": "a", "echo": "yes"}, "echo"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_by_name(
    changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        peek(**changes)
    assert refusal.value.param == param
