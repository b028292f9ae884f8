from typing import Any

import msgspec
import pytest

from nexhina.dialects.openai_usage import UsageBody, read_usage, read_usage_object
from nexhina.domain.usage import Usage


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}, (10, 0, 4)),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 4,
                "prompt_tokens_details": {"cached_tokens": 6},
            },
            (4, 6, 4),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_cache_hit_tokens": 3}, (7, 3, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "cached_tokens": 10}, (0, 10, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "cached_tokens": 99}, (0, 10, 4)),
        ({"prompt_tokens": 4, "total_tokens": 4}, (4, 0, 0)),
        ({"prompt_tokens": 4, "total_tokens": 9}, (4, 0, 5)),
        ({"input_tokens": 50, "output_tokens": 60, "total_tokens": 110}, (50, 0, 60)),
        ({"prompt_tokens": 5, "completion_tokens": None, "prompt_tokens_details": None}, (5, 0, 0)),
    ],
)
def test_usage_is_read_under_every_known_name(
    body: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    wanted = Usage(input=expected[0], cached_input=expected[1], output=expected[2])
    assert read_usage(msgspec.convert(body, UsageBody)) == wanted
    assert read_usage_object(body) == wanted


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": -1, "completion_tokens": 5},
        {"prompt_tokens": 5, "completion_tokens": -1},
        {"prompt_tokens": 5, "completion_tokens": 2**60},
        {"prompt_tokens": 2**60, "completion_tokens": 1},
        {"prompt_tokens": 5, "completion_tokens": 1, "cached_tokens": -4},
    ],
)
def test_counts_that_say_nothing_or_can_not_be_true_are_no_usage(body: dict[str, Any]) -> None:
    assert read_usage(msgspec.convert(body, UsageBody)) is None


def test_no_usage_and_another_shape_are_no_usage() -> None:
    assert read_usage(None) is None
    assert read_usage_object("many") is None
    assert read_usage_object({"prompt_tokens": 2.0, "completion_tokens": "3"}) == Usage(
        input=2, output=3
    )


def test_details_under_either_name_count_beside_either_name_of_the_totals() -> None:
    for details in ("prompt_tokens_details", "input_tokens_details"):
        for asked, given in (
            ("prompt_tokens", "completion_tokens"),
            ("input_tokens", "output_tokens"),
        ):
            told = {asked: 10, given: 4, details: {"cached_tokens": 6}}
            assert read_usage_object(told) == Usage(input=4, cached_input=6, output=4)
