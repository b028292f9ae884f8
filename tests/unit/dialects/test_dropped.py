"""Names in x-nexhina-dropped: what a header can hold, and nothing that a caller made up."""

from nexhina.dialects.dropped import write_header, write_names


def test_plain_names_are_told_once_and_in_order_also_those_of_lists_in_forms() -> None:
    assert write_header(["seed", "include[]", "seed"]) == b"include[], seed"


def test_what_is_no_name_is_other() -> None:
    assert write_names(["a b", "x\r\ny", "[]", "a[]b", "a[1]", "é", "", "y" * 81]) == ("other",)


def test_of_many_names_the_last_are_other() -> None:
    names = write_names(f"p{number:02}" for number in range(40))
    assert (len(names), names[-1]) == (24, "other")
