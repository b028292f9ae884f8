import pytest

from nexhina.dialects import sse
from nexhina.dialects.sse import EventSplitter, EventTooLargeError, read_event


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n"])
def test_an_event_ends_at_its_empty_line_whatever_the_line_ends(end: bytes) -> None:
    splitter = EventSplitter()
    assert splitter.split(b"data: a" + end + b"data: b") == [b"data: a" + end]
    assert splitter.rest == b"data: b"
    assert not splitter.is_empty
    assert splitter.split(end) == [b"data: b" + end]
    assert splitter.is_empty


def test_a_single_line_end_split_over_two_reads_ends_no_event() -> None:
    splitter = EventSplitter()
    assert splitter.split(b"event: x\r") == []
    assert splitter.split(b"\ndata: a\r\n\r") == [b"event: x\r\ndata: a\r\n\r"]
    assert splitter.split(b"\ndata: b\r\n\r\n") == [b"\n", b"data: b\r\n\r\n"]


def test_an_event_in_many_pieces_is_put_together() -> None:
    splitter = EventSplitter()
    whole = b"data: " + b"x" * 5000 + b"\n\n"
    out = [event for byte in whole for event in splitter.split(bytes([byte]))]
    assert out == [whole]


def test_an_event_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 10)
    splitter = EventSplitter()
    splitter.split(b"data: 1234")
    with pytest.raises(EventTooLargeError):
        splitter.split(b"5")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (b"data: a\n\n", (b"", b"a")),
        (b"data:a\r\n\r\n", (b"", b"a")),
        (b"data:  a\r\r", (b"", b" a")),
        (b"data: a\ndata: b\n\n", (b"", b"a\nb")),
        (b"event: error\ndata: a\n\n", (b"error", b"a")),
        (b"\xef\xbb\xbfdata: a\n\n", (b"", b"a")),
        (b": comment\n\n", (b"", None)),
        (b"data\n\n", (b"", b"")),
        (b"id: 1\nretry: 5\n\n", (b"", None)),
        (b"\n\n", (b"", None)),
        (b"\ndata: a:b\n\n", (b"", b"a:b")),
    ],
)
def test_an_events_name_and_data_are_read(event: bytes, expected: tuple[bytes, bytes]) -> None:
    assert read_event(event) == expected
