"""Types of single parameters: what a value must be, in the type and in words.

The description of a `Meta` completes the sentence "'n' must be …"; error messages and the OpenAPI
document take it from here.
"""

from typing import Annotated, Any, get_args, get_origin

from msgspec import Meta, Struct

MAX_INTEGER = 2**31 - 1

ModelName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="the name of a model, as GET /v1/models lists them",
    ),
]
Flag = Annotated[bool, Meta(description="true or false")]
NoStream = Annotated[bool, Meta(description="false", extra_json_schema={"const": False})]
Text = Annotated[str, Meta(description="a string")]
Count = Annotated[int, Meta(ge=1, le=128, description="a whole number from 1 to 128")]
Tokens = Annotated[
    int,
    Meta(ge=1, le=MAX_INTEGER, description=f"a whole number from 1 to {MAX_INTEGER}"),
]
Temperature = Annotated[float, Meta(ge=0, le=2, description="a number from 0 to 2")]
Probability = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Penalty = Annotated[float, Meta(ge=-2, le=2, description="a number from -2 to 2")]
TopLogprobs = Annotated[int, Meta(ge=0, le=20, description="a whole number from 0 to 20")]
Seed = Annotated[int, Meta(description="a whole number")]
Stop = Annotated[str | list[str], Meta(description="a string or a list of strings")]
# A list holds one kind of entry: the types can't say so, the document does.
ONE_KIND: dict[str, Any] = {
    "anyOf": [{"items": {"type": kind}} for kind in ("string", "integer", "array")]
}
Prompts = Annotated[
    str | Annotated[list[str | int | list[int]], Meta(min_length=1, extra_json_schema=ONE_KIND)],
    Meta(description="a text, a list of texts, a list of token numbers or a list of such lists"),
]
Options = Annotated[dict[str, Any], Meta(description="an object")]
Tools = Annotated[list[dict[str, Any]], Meta(description="a list of objects")]


class StreamOptions(Struct, gc=False):
    """What a stream carries beside its text."""

    include_usage: bool | None = None


StreamWish = Annotated[StreamOptions, Meta(description='an object like {"include_usage": true}')]


def must_be(kind: Any) -> str:
    """The words that complete "'name' must be …" for this parameter type; "" when it has none."""
    if get_origin(kind) is Annotated:
        for note in get_args(kind)[1:]:
            if isinstance(note, Meta) and note.description:
                return note.description
    return next((words for part in get_args(kind) if (words := must_be(part))), "")
