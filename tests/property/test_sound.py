"""No bytes make the readers of sound fail, loop or hold more than a file of that size can have."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nexhina.domain.sound import NotSoundError, read_sound
from support.recordings import KINDS, make_sound

MARKS = (b"RIFF\0\0\0\0WAVE", b"OggS", b"fLaC", b"ID3", b"\xff\xfb\x90\x64", b"\xff\xf1\x50\x80",
         b"\0\0\0\x18ftyp", b"\x1a\x45\xdf\xa3", b"")  # fmt: skip


def look(data: bytes) -> None:
    reads = 0

    def read(at: int, length: int) -> bytes:
        nonlocal reads
        reads += 1
        assert at >= 0
        assert 0 <= length <= 1024 * 1024
        return data[at : at + length]

    try:
        sound = read_sound(read, len(data))
    except NotSoundError as error:
        assert str(error)
    else:
        assert 0 <= (sound.ms or 0) <= sound.most_ms
        assert sound.kind == "wav" or sound.most_ms <= 200 * len(data) + 2_000
    assert reads < 60_000


@given(st.sampled_from(MARKS), st.binary(max_size=2_000))
def test_any_bytes_are_sound_or_named(mark: bytes, rest: bytes) -> None:
    look(mark + rest)


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=12)), max_size=6),
    st.integers(0, 10**6),
)
def test_broken_and_cut_files_are_read_as_far_as_they_go(
    name: str, changes: list[tuple[int, bytes]], end: int
) -> None:
    data = bytearray(make_sound(name, 700))
    for at, change in changes:
        place = at % min(len(data), 4096)
        data[place : place + len(change)] = change
    look(bytes(data[: end % len(data) + 1]))
