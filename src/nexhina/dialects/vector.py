"""Vectors in the types that formats send them in.

Base64 is little-endian float32. The bit types are one bit per number, set where it is above zero,
eight to a byte with the first at the top; the signed one is the unsigned minus 128. For int8 and
uint8 no vendor documents a rule that a vector alone could be scaled by, so there is none here.
"""

import sys
from array import array
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from math import isfinite

import msgspec
from msgspec import Raw

COMPUTED = frozenset(("float", "base64", "binary", "ubinary"))
"""The types that floats can be turned into."""

Vector = Raw | list[float]
"""Numbers, or a JSON array of them that nobody had to read."""

_LARGEST = 3.4028234663852886e38  # of float32
_NOT_NUMBERS = (b'"', b"{", b"n", b"t", b"f")  # strings, objects, null, true, false
_numbers = msgspec.json.Decoder(list[float])


def is_vector(vector: Sequence[float]) -> bool:
    """Whether it has numbers, and none that float32 can't hold; NaN shows in the sum only."""
    return (
        bool(vector)
        and isfinite(sum(vector))
        and min(vector) >= -_LARGEST
        and max(vector) <= _LARGEST
    )


def pack_floats(vector: Sequence[float]) -> str:
    """Little-endian float32 in base64."""
    packed = array("f", vector)
    if sys.byteorder == "big":
        packed.byteswap()
    return b64encode(packed.tobytes()).decode("ascii")


def read_floats(text: str) -> list[float]:
    """The numbers in base64; raises ValueError. NaN and infinities are `is_vector`'s business."""
    try:
        raw = b64decode(text, validate=True)
        packed = array("f", raw)
    except (Base64Error, ValueError) as error:
        msg = f"not float32 in base64: {error}"
        raise ValueError(msg) from None
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tolist()


def pack_bits(vector: Sequence[float], *, signed: bool) -> list[int]:
    """One bit per number in bytes; the last byte is filled up with zeros."""
    bits = "".join(["1" if number > 0 else "0" for number in vector])
    size = -(-len(bits) // 8)
    packed = int(bits.ljust(size * 8, "0"), 2).to_bytes(size, "big")
    return [byte - 128 for byte in packed] if signed else list(packed)


def count_numbers(raw: bytes) -> int:
    """How many numbers a JSON array holds; 0 when it holds none, or anything else.

    A batch of vectors is megabytes of digits: a search costs a tenth of reading them.
    """
    if raw[:1] != b"[" or raw.count(b"[") > 1 or any(mark in raw for mark in _NOT_NUMBERS):
        return 0
    return raw.count(b",") + 1 if raw[1:-1].strip() else 0


def read_vectors(raws: Sequence[Raw], *, unpack: bool) -> list[Vector] | None:
    """The vectors, as numbers if `unpack`; None unless they are arrays or base64 of one length.

    Numbers that come out are `is_vector`; those of an array that stays as it is are JSON's.
    """
    vectors: list[Vector] = []
    sizes: set[int] = set()
    for raw in raws:
        text = bytes(raw)
        try:
            if text[:1] == b'"':
                vector: Vector = read_floats(msgspec.json.decode(text, type=str))
            elif unpack:
                vector = _numbers.decode(text)
            else:
                vector = raw
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None
        if isinstance(vector, list):
            sizes.add(len(vector) if is_vector(vector) else 0)
        else:
            sizes.add(count_numbers(text))
        vectors.append(vector)
    return vectors if len(sizes) == 1 and 0 not in sizes else None


def write_vectors(vectors: Sequence[Vector], kind: str) -> list[object]:
    """The vectors in one of the `COMPUTED` types."""
    if kind == "float":
        return list(vectors)
    numbers = [each if isinstance(each, list) else _numbers.decode(each) for each in vectors]
    if kind == "base64":
        return [pack_floats(vector) for vector in numbers]
    return [pack_bits(vector, signed=kind == "binary") for vector in numbers]
