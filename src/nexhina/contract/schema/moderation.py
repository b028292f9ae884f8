"""Content moderation: request and answer."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import ModelName

Score = Annotated[float, Meta(ge=0, le=1)]


class ModerationRequest(Struct, kw_only=True, omit_defaults=True):
    """What is to be judged."""

    input: str | list[str | dict[str, Any]]
    model: ModelName | None = None


class ModerationCategory(Struct, kw_only=True):
    """Whether each category applies. Vendors may add categories."""

    violence: bool
    hate: bool
    sexual: bool


class ModerationScores(Struct, kw_only=True):
    """How sure the model is of each category."""

    violence: Score
    hate: Score
    sexual: Score


class ModerationResult(Struct, kw_only=True, omit_defaults=True):
    """The judgement of one input."""

    flagged: bool
    categories: ModerationCategory
    category_scores: ModerationScores
    category_applied_input_types: dict[str, list[str]] | None = None


class ModerationResponse(Struct, kw_only=True):
    """The judgements in the order of the inputs."""

    id: str
    model: str
    results: list[ModerationResult]
