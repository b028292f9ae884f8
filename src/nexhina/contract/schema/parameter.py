"""Types of single parameters: what a value must be, in the type and in words.

The description of a `Meta` completes the sentence "'n' must be …"; error messages and the OpenAPI
document take it from here.
"""

from typing import Annotated, Any, get_args, get_origin

from msgspec import Meta

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
Options = Annotated[dict[str, Any], Meta(description="an object")]
Tools = Annotated[list[dict[str, Any]], Meta(description="a list of objects")]


def must_be(kind: Any) -> str:
    """The words that complete "'name' must be …" for this parameter type; "" when it has none."""
    if get_origin(kind) is Annotated:
        for note in get_args(kind)[1:]:
            if isinstance(note, Meta) and note.description:
                return note.description
    return next((words for part in get_args(kind) if (words := must_be(part))), "")
