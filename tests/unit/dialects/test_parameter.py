from typing import Annotated, get_type_hints

import msgspec
import pytest
from msgspec import Meta, Raw, Struct

from nexhina.contract.schema.chat import ChatCompletionRequest
from nexhina.contract.schema.parameter import Count, must_be
from nexhina.dialects.parameter import refuse_parameters, require_json
from nexhina.errors import InvalidRequestError, UnsupportedMediaTypeError


@pytest.mark.parametrize(
    "announced",
    [
        None,
        b"application/json",
        b"Application/JSON; charset=UTF-8",
        b'application/json;charset="utf-8"; odd',
        b"application/json; charset=utf8",
    ],
)
def test_json_in_utf8_or_nothing_announced_is_taken(announced: bytes | None) -> None:
    require_json({} if announced is None else {b"content-type": announced})


@pytest.mark.parametrize(
    "announced",
    [
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"application/json; charset=latin-1",
        b"application/json; charset=utf-16",
        b"\xff\xfe",
    ],
)
def test_another_content_type_is_415_and_named(announced: bytes) -> None:
    with pytest.raises(UnsupportedMediaTypeError) as caught:
        require_json({b"content-type": announced})
    assert caught.value.status == 415
    assert "application/json" in caught.value.message
    assert repr(announced.decode("latin-1")) in caught.value.message


class Head(Struct):
    a: Count
    b: int = 0
    c: list[int] | None = None


FAILURE = msgspec.ValidationError("Expected something")


@pytest.mark.parametrize(
    ("members", "param", "words"),
    [
        ({}, "a", "'a' is missing: it must be a whole number from 1 to 128."),
        ({"a": b"0"}, "a", "'a' must be a whole number from 1 to 128, not 0."),
        ({"a": b"1", "b": b'"x"'}, "b", "'b' is \"x\", which does not fit: Expected `int`"),
        ({"a": b"[1]"}, "a", "not [1]."),
        ({"a": b'"' + b"x" * 200 + b'"'}, "a", "xxx…."),
        ({"a": b"1"}, None, "The request body does not fit: Expected something."),
    ],
)
def test_the_first_parameter_that_does_not_fit_is_named(
    members: dict[str, bytes], param: str | None, words: str
) -> None:
    raws = {name: Raw(value) for name, value in members.items()}
    with pytest.raises(InvalidRequestError) as caught:
        refuse_parameters(raws, Head, FAILURE)
    assert caught.value.param == param
    assert words in caught.value.message


def test_words_are_found_inside_optional_types_and_missing_elsewhere() -> None:
    hints = get_type_hints(ChatCompletionRequest, include_extras=True)
    assert must_be(hints["n"]) == "a whole number from 1 to 128"
    assert must_be(int) == ""
    assert must_be(Annotated[int, "a note", Meta(ge=1)]) == ""
