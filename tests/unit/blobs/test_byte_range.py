"""Ranges as RFC 9110 has them."""

import pytest

from nexhina.blobs.byte_range import Unsatisfiable, read_range


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"bytes=0-0", (0, 1)),
        (b"bytes=0-99", (0, 100)),
        (b"bytes=10-19", (10, 10)),
        (b"bytes=90-", (90, 10)),
        (b"bytes=90-1000", (90, 10)),
        (b"bytes=-1", (99, 1)),
        (b"bytes=-1000", (0, 100)),
        (b"bytes=90-9223372036854775807", (90, 10)),  # a reader that asks for all there is
        (b"Bytes=5-5", (5, 1)),
        (b" bytes=5-5 ", (5, 1)),
    ],
)
def test_one_range_is_first_byte_and_length(value: bytes, expected: tuple[int, int]) -> None:
    assert read_range(value, 100) == expected


@pytest.mark.parametrize(
    "value",
    [
        None, b"", b"bytes=", b"bytes=-", b"bytes=a-b", b"lines=1-2", b"bytes=1-2,4-5", b"bytes=9-3",
        b"bytes=1-2-3", b"bytes=-5-", b"bytes=0x1-2", b"bytes=" + b"9" * 4_000 + b"-",
    ],
)  # fmt: skip
def test_what_is_not_one_well_formed_range_asks_for_the_whole(value: bytes | None) -> None:
    assert read_range(value, 100) is None


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (b"bytes=100-", 100),
        (b"bytes=100-200", 100),
        (b"bytes=-0", 100),
        (b"bytes=0-0", 0),
        (b"bytes=-5", 0),
    ],
)
def test_a_range_beyond_the_end_can_not_be_satisfied(value: bytes, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        read_range(value, size)
