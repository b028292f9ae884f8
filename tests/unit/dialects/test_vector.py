"""Vectors as numbers, base64 and bits."""

import base64
import math
import struct

import msgspec
import pytest

from nexhina.dialects.vector import (
    COMPUTED,
    count_numbers,
    is_vector,
    pack_bits,
    pack_floats,
    read_floats,
    read_vectors,
    write_vectors,
)

EIGHT = [0.5, -0.5, 0.0, 1e-9, -0.0, 3.0, -3.0, 2.0]


def test_floats_are_packed_as_little_endian_float32() -> None:
    assert base64.b64decode(pack_floats([1.0, -2.5])) == struct.pack("<2f", 1.0, -2.5)
    assert read_floats(pack_floats([1.0, -2.5])) == [1.0, -2.5]


@pytest.mark.parametrize("text", ["AAA", "AAAA", "####", "é", "AAAAAA"])
def test_base64_that_holds_no_float32_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="float32"):
        read_floats(text)


def test_a_bit_is_set_above_zero_and_the_first_is_at_the_top() -> None:
    assert pack_bits(EIGHT, signed=False) == [0b10010101]
    assert pack_bits(EIGHT, signed=True) == [0b10010101 - 128]


def test_the_last_byte_is_filled_up_with_zeros() -> None:
    assert pack_bits([1.0] * 9, signed=False) == [255, 128]
    assert pack_bits([1.0] * 9, signed=True) == [127, 0]


def test_a_vector_has_numbers_that_float32_holds() -> None:
    assert is_vector(EIGHT)
    assert is_vector([3.4e38, -3.4e38])
    for bad in ([], [3.5e38], [-3.5e38], [1.0, math.nan], [math.nan, 1.0], [math.inf, -math.inf]):
        assert not is_vector(bad)


def test_each_computed_type_is_written_for_each_vector() -> None:
    vectors = [EIGHT, [-1.0] * 8]
    written = {kind: write_vectors(vectors, kind) for kind in COMPUTED}
    assert written == {
        "float": vectors,
        "base64": [pack_floats(EIGHT), pack_floats([-1.0] * 8)],
        "binary": [[21], [-128]],
        "ubinary": [[149], [0]],
    }


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        (b"[1]", 1),
        (b"[ -1.5e-3 , 2 ,\n3 ]", 3),
        (b"[]", 0),
        (b"[ ]", 0),
        (b"[null]", 0),
        (b"[true]", 0),
        (b"[1,false]", 0),
        (b'["1"]', 0),
        (b"[[1]]", 0),
        (b"[{}]", 0),
        (b"1", 0),
        (b"null", 0),
    ],
)
def test_the_numbers_of_an_array_are_counted_without_reading_them(raw: bytes, count: int) -> None:
    assert count_numbers(raw) == count


@pytest.mark.parametrize("unpack", [False, True])
def test_vectors_are_read_from_arrays_and_base64(unpack: bool) -> None:
    text = pack_floats([0.5, 2.0])
    raws = [msgspec.Raw(b"[1,2.5]"), msgspec.Raw(msgspec.json.encode(text))]
    read = read_vectors(raws, unpack=unpack)
    assert read is not None
    assert msgspec.json.decode(msgspec.json.encode(read)) == [[1, 2.5], [0.5, 2.0]]
    assert write_vectors(read, "base64") == [pack_floats([1.0, 2.5]), text]


@pytest.mark.parametrize("unpack", [False, True])
@pytest.mark.parametrize(
    "raws",
    [
        [],
        [b"[1]", b"[1,2]"],
        [b"[]"],
        [b"null"],
        [b'["1"]'],
        [b'"####"'],
        [b'""'],
        [b'"AADAfw=="'],
        [b"[" * 5000 + b"]" * 5000],
    ],
    ids=["none", "lengths", "empty", "null", "text", "no base64", "no text", "NaN", "deep"],
)
def test_what_is_no_vector_is_not_read(raws: list[bytes], unpack: bool) -> None:
    assert read_vectors([msgspec.Raw(raw) for raw in raws], unpack=unpack) is None


def test_a_number_that_float32_does_not_hold_is_refused_where_it_is_to_be_packed() -> None:
    huge = [msgspec.Raw(b"[1e300]")]
    assert read_vectors(huge, unpack=True) is None
    assert read_vectors(huge, unpack=False) == huge
