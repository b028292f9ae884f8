"""Parameters of an address's query."""

import pytest

from nexhina.dialects.query import read_many, read_query


@pytest.mark.parametrize(
    "query",
    [b"include=a&include=b", b"include[]=a&include[]=b", b"include[0]=a&x=1&include%5B1%5D=b"],
)
def test_a_repeated_parameter_has_all_its_values(query: bytes) -> None:
    assert read_many(query, "include") == ["a", "b"]


def test_a_parameter_of_a_similar_name_is_another() -> None:
    assert read_many(b"includes=a&xinclude=b&include=", "include") == []


def test_the_first_of_each_name_counts() -> None:
    assert read_query(b"a=1&a=2&b=") == {"a": "1", "b": ""}


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert read_query(b"a=%ff") == {"a": "\ufffd"}
