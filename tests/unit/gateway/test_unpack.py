"""Compressed request bodies."""

import gzip
import zlib

import pytest

from nexhina.errors import BodyTooLargeError, InvalidRequestError, UnsupportedMediaTypeError
from nexhina.gateway.unpack import unpack

TEXT = b"some text, " * 1000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"gzip", gzip.compress(TEXT, mtime=0)),
        (b"X-GZIP", gzip.compress(TEXT, mtime=0)),
        (b"gzip", gzip.compress(TEXT[:50], mtime=0) + gzip.compress(TEXT[50:], mtime=0)),
        (b"deflate", zlib.compress(TEXT)),
        (b"deflate", raw_deflate(TEXT)),
        (b"identity", TEXT),
        (b"", TEXT),
    ],
)
async def test_a_body_is_unpacked(coding: bytes, body: bytes) -> None:
    assert bytes(await unpack(coding, body, len(TEXT))) == TEXT


async def test_a_large_body_is_unpacked_in_a_thread() -> None:
    text = bytes(range(256)) * 40_000
    assert bytes(await unpack(b"gzip", gzip.compress(text, 1), len(text))) == text


async def test_a_bomb_is_stopped_at_the_cap() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(BodyTooLargeError):
        await unpack(b"gzip", bomb, 1_000_000)
    with pytest.raises(BodyTooLargeError):
        await unpack(b"gzip", gzip.compress(TEXT, mtime=0), len(TEXT) - 1)


@pytest.mark.parametrize("coding", [b"br", b"gzip, gzip", b"compress"])
async def test_another_coding_is_refused(coding: bytes) -> None:
    with pytest.raises(UnsupportedMediaTypeError) as caught:
        await unpack(coding, TEXT, 10_000)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"gzip", TEXT),
        (b"gzip", gzip.compress(TEXT, mtime=0)[:-5]),
        (b"gzip", gzip.compress(TEXT, mtime=0) + b"more"),
        (b"deflate", zlib.compress(TEXT) + b"more"),
        (b"deflate", b"\x78\x9cnonsense"),
    ],
)
async def test_a_body_that_is_not_what_its_coding_says_is_refused(
    coding: bytes, body: bytes
) -> None:
    with pytest.raises(InvalidRequestError):
        await unpack(coding, body, 1_000_000)
