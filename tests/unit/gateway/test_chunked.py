"""The reader of chunked bodies."""

import gc
import weakref

import pytest

from nexhina.errors import BodyTooLargeError, InvalidRequestError
from nexhina.gateway.chunked import ChunkReader


def read(data: bytes, cap: int = 1000) -> tuple[bytes, int]:
    reader = ChunkReader(cap)
    took = reader.feed(data)
    assert reader.done
    return bytes(reader.body), took


def test_the_end_is_found_to_the_byte() -> None:
    body = b"3\r\nabc\r\nA;n=v\r\n0123456789\r\n0\r\n\r\n"
    assert read(body + b"GET / HTTP/1.1") == (b"abc0123456789", len(body))


def test_trailers_are_passed_over() -> None:
    body = b"1\r\na\r\n000\r\nA: b\r\nC:\r\n\r\n"
    assert read(body) == (b"a", len(body))


@pytest.mark.parametrize(
    "data",
    [b"g\r\n", b"\r\n", b"1\r\nab\r\n", b"1\na\r\n", b"1 ;x\r\n", b"+1\r\n", b"1;\x01\r\n",
     b"1_0\r\n", b"0\r\nA b: c\r\n", b"0\r\n: c\r\n", b"1\r\na\n", b"1\r\r\na\r\n"],
)  # fmt: skip
def test_broken_framing_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        ChunkReader(1000).feed(data)


def test_a_line_without_end_is_refused() -> None:
    reader = ChunkReader(1000)
    with pytest.raises(InvalidRequestError, match="too long"):
        for _ in range(100):
            reader.feed(b"1" * 100)


def test_many_small_chunks_with_long_extensions_are_refused() -> None:
    reader = ChunkReader(1_000_000)
    with pytest.raises(InvalidRequestError, match="too small"):
        for _ in range(1000):
            reader.feed(b"1;" + b"x" * 1000 + b"\r\na\r\n")


def test_chunks_of_a_usual_size_are_never_too_small() -> None:
    reader = ChunkReader(10_000_000)
    for _ in range(100_000):
        reader.feed(b"a\r\n0123456789\r\n")
    assert len(reader.body) == 1_000_000


def test_a_chunk_that_would_pass_the_cap_is_refused_before_its_data() -> None:
    with pytest.raises(BodyTooLargeError):
        ChunkReader(10).feed(b"B\r\n")
    assert read(b"A\r\n0123456789\r\n0\r\n\r\n", cap=10)[0] == b"0123456789"


def test_a_body_is_freed_without_the_cycle_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        for data in (b"1\r\na\r\n0\r\n\r\n", b"1\r\na\r\n0\r\nA: b\r\n", b"2\r\na", b"1\r\na\r\n"):
            reader = ChunkReader(1000)
            reader.feed(data)
            gone = weakref.ref(reader)
            del reader
            assert gone() is None, data
    finally:
        gc.enable()
