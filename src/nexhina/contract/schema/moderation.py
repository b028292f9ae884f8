"""Content moderation: request and answer."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from nexhina.contract.schema.parameter import ModelName

Score = Annotated[float, Meta(ge=0, le=1)]


class ImageLink(Struct, gc=False):
    """Where a picture is: a link or a data URL."""

    url: Annotated[str, Meta(min_length=1)]


class ModerationPart(Struct, gc=False):
    """A piece of an input: a text or a picture."""

    type: Literal["text", "image_url"]
    text: str | None = None
    image_url: ImageLink | None = None


# What the types can't say: texts or parts, and a part has what its type says.
_ENTRIES: dict[str, Any] = {
    "anyOf": [
        {"items": {"type": "string"}},
        {
            "items": {
                "type": "object",
                "anyOf": [
                    {
                        "properties": {
                            "type": {"const": kind},
                            kind: {"type": ["string", "object"]},
                        },
                        "required": ["type", kind],
                    }
                    for kind in ("text", "image_url")
                ],
            }
        },
    ]
}
ModerationInput = Annotated[
    str | Annotated[list[str | ModerationPart], Meta(min_length=1, extra_json_schema=_ENTRIES)],
    Meta(description='a text, a list of texts, or a list of "text" and "image_url" parts'),
]


class ModerationRequest(Struct, kw_only=True, omit_defaults=True):
    """What is to be judged."""

    input: ModerationInput
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
