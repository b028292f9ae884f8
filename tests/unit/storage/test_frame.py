"""Records in a journal file: every cut gives a prefix, every flipped byte costs one record."""

import random

from nexhina.storage.frame import MARK, read_frames, write_head


def framed(*payloads: bytes) -> bytes:
    return b"".join(write_head(payload) + payload for payload in payloads)


PAYLOADS = [b"", b"one", b"x" * 300, MARK * 5, write_head(b"three") + b"three"[:4], b"last"]


def test_what_was_written_is_read() -> None:
    frames = read_frames(framed(*PAYLOADS))
    assert frames.payloads == PAYLOADS
    assert (frames.lost, frames.torn) == (0, 0)
    assert read_frames(b"").payloads == []


def test_a_cut_at_any_byte_gives_a_prefix_and_loses_nothing_else() -> None:
    data = framed(*PAYLOADS)
    for end in range(len(data)):
        frames = read_frames(data[:end])
        assert frames.payloads == PAYLOADS[: len(frames.payloads)]
        assert frames.lost == 0
        whole = len(framed(*frames.payloads))
        assert frames.torn == end - whole
        assert len(framed(*PAYLOADS[: len(frames.payloads) + 1])) > end


def test_a_flipped_byte_anywhere_costs_the_record_it_is_in() -> None:
    plain = [b"one", b"x" * 50, b"", b"four"]
    data = framed(*plain)
    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= 0x41
        frames = read_frames(bytes(broken))
        assert len(frames.payloads) == 3
        assert frames.payloads == [item for item in plain if item in frames.payloads]
        assert frames.lost or frames.torn


def test_garbage_between_records_is_skipped_and_counted() -> None:
    noise = random.Random(7).randbytes(5_000)
    frames = read_frames(noise + framed(b"one") + noise[:100] + framed(b"two") + b"\0" * 64)
    assert frames.payloads == [b"one", b"two"]
    assert (frames.lost, frames.torn) == (5_100, 64)


def test_no_text_can_look_like_a_record() -> None:
    assert MARK[0] == 0xFF  # a byte that UTF-8 never uses
    try:
        MARK.decode()
    except UnicodeDecodeError:
        return
    raise AssertionError
