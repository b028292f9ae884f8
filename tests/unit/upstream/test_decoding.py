"""Content codings are undone piece by piece, under a cap."""

import gzip
import zlib

import pytest

from nexhina.upstream.decoding import Decoder

TEXT = b"a text of some length, " * 50


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        (b"gzip", gzip.compress(TEXT)),
        (b"x-gzip", gzip.compress(TEXT)),
        (b"gzip", gzip.compress(TEXT[:100]) + gzip.compress(b"") + gzip.compress(TEXT[100:])),
        (b"deflate", zlib.compress(TEXT)),
        (b"deflate", zlib.compress(TEXT, 0)),
        (b"deflate", zlib.compress(TEXT)[2:-4]),
        (b"deflate", zlib.compress(TEXT, 0)[2:-4]),
    ],
    ids=["gzip", "x-gzip", "gzip members", "zlib", "zlib stored", "raw", "raw stored"],
)
def test_each_coding_comes_out_as_it_went_in(coding: bytes, data: bytes):
    decoder = Decoder(coding, len(TEXT))
    assert b"".join(decoder.decode(data[at : at + 7]) for at in range(0, len(data), 7)) == TEXT
    decoder.finish()
    decoder = Decoder(coding, len(TEXT))
    assert decoder.decode(data) == TEXT
    decoder.finish()


@pytest.mark.parametrize("coding", [b"br", b"zstd", b"compress", b"gzip, gzip", b"x"])
def test_other_codings_are_refused(coding: bytes):
    with pytest.raises(ValueError, match="did not ask for"):
        Decoder(coding, 10)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_the_cap_holds_for_the_sum_of_the_pieces(coding: bytes):
    data = zlib.compress(TEXT) if coding == b"deflate" else gzip.compress(TEXT)
    decoder = Decoder(coding, len(TEXT) - 1)
    with pytest.raises(ValueError, match="unfolds to more"):
        for at in range(len(data)):
            decoder.decode(data[at : at + 1])


def test_a_bomb_stops_at_the_cap():
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(ValueError, match="unfolds to more"):
        Decoder(b"gzip", 1000).decode(bomb)
    with pytest.raises(ValueError, match="unfolds to more"):
        Decoder(b"gzip", len(TEXT) * 3 - 1).decode(gzip.compress(TEXT) * 3)


def test_broken_short_and_overlong_data_is_refused():
    data = gzip.compress(TEXT)
    with pytest.raises(ValueError, match="broken"):
        Decoder(b"gzip", 10_000).decode(b"this is no gzip at all")
    with pytest.raises(ValueError, match="goes on"):
        Decoder(b"gzip", 10_000).decode(data + b"x")
    decoder = Decoder(b"gzip", 10_000)
    decoder.decode(data)
    with pytest.raises(ValueError, match="goes on"):
        decoder.decode(b"x")
    with pytest.raises(ValueError, match="goes on"):
        Decoder(b"deflate", 10_000).decode(zlib.compress(TEXT) + zlib.compress(TEXT))
    decoder = Decoder(b"gzip", 10_000)
    decoder.decode(data[:-1])
    with pytest.raises(ValueError, match="too early"):
        decoder.finish()


def test_endless_empty_members_are_no_answer():
    with pytest.raises(ValueError, match="goes on"):
        Decoder(b"gzip", 10).decode(gzip.compress(b"") * 100)


def test_nothing_at_all_is_an_empty_body():
    Decoder(b"gzip", 10).finish()
