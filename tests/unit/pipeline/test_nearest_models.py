"""Which models are named in the place of one that does not exist."""

import random

import pytest

from nexhina.pipeline.plan import choose_likely, name_nearest

MAKERS = ("gpt-4", "gpt-4.1", "o3", "claude-sonnet-4", "claude-opus-4", "gemini-2.5", "qwen3-32b")
KINDS = ("", "-mini", "-nano", "-pro", "-flash", "-20250514", "-latest", "-embedding", "-vision")
MODELS = [
    f"{prefix}{maker}{kind}"
    for prefix in ("", "openrouter/", "azure-", "eu.", "bedrock/us.")
    for maker in MAKERS
    for kind in KINDS
]


def damage(name: str, chance: random.Random) -> str:
    """The name with one letter too many, too few, wrong, or with two in the wrong order."""
    at = chance.randrange(len(name) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1:
        return name[:at] + "x" + name[at:]
    if kind == 2:
        return name[:at] + "x" + name[at + 1 :]
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def test_what_was_mistyped_is_named_among_hundreds() -> None:
    chance = random.Random(7)
    for model in MODELS[::5]:
        if len(model) < 5:
            continue
        typo = damage(model, chance)
        assert typo in MODELS or model in name_nearest(typo, MODELS), (model, typo)


@pytest.mark.parametrize("model", ["gpt-4o-minii", "a", "", "x" * 5000, "gpt-4" * 1000])
def test_only_few_of_many_are_compared_letter_by_letter(model: str) -> None:
    names = sorted(f"{name}-{number}" for name in MODELS for number in range(10))
    assert len(choose_likely(model, names)) == 16
    assert choose_likely(model, names[:16]) == names[:16]


def test_without_likeness_a_few_are_listed() -> None:
    assert name_nearest("zzzz", []) == ""
    assert name_nearest("zzzz", MODELS).startswith("There are azure-claude-opus-4, ")
    assert name_nearest("zzzz", ["b", "a"]) == "There are a, b."
