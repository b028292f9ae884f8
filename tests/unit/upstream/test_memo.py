"""Heads that are known again: what the memo reads is what llhttp reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexhina.upstream.machine import Machine
from nexhina.upstream.memo import MOST_FIELDS, Memo, remember

PLAIN = {b"Server": b"v/1", b"Content-Type": b"application/json", b"Content-Length": b"2"}


def write(fields: dict[bytes, bytes], line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    lines = b"".join(b"%b: %b\r\n" % field for field in fields.items())
    return line + b"\r\n" + lines + b"\r\n"


def make(fields: dict[bytes, bytes]) -> Memo:
    memo = remember(write(fields), fields)
    assert memo is not None
    return memo


def read(head: bytes, body: bytes) -> Machine:
    machine = Machine()
    machine.begin(10**6)
    machine.feed(head + body)
    return machine


def test_the_same_names_with_other_values_are_known() -> None:
    memo = make(PLAIN)
    other = PLAIN | {b"Server": b"w", b"Content-Length": b"123"}
    found = memo.match(write(other) + b"body")
    assert found is not None
    assert dict(zip(memo.names, found.groups(), strict=True)) == {
        b"server": b"w",
        b"content-type": b"application/json",
        b"content-length": b"123",
    }
    assert found[memo.length] == b"123"
    assert found.end() == len(write(other))


@pytest.mark.parametrize(
    "head",
    [
        write(PLAIN, b"HTTP/1.1 201 Created"),
        write(PLAIN, b"HTTP/1.0 200 OK"),
        write(PLAIN, b"HTTP/1.1 2000 OK"),
        write(PLAIN | {b"X-More": b"1"}),
        write({b"Server": b"v", b"Content-Length": b"2"}),
        write(dict(reversed(PLAIN.items()))),
        write(PLAIN | {b"Content-Length": b"+2"}),
        write(PLAIN | {b"Content-Length": b"2 "}),
        write(PLAIN | {b"Content-Length": b"2, 2"}),
        write(PLAIN | {b"Content-Length": b""}),
        write(PLAIN | {b"Content-Length": b"1234567890"}),
        write(PLAIN | {b"Server": b"trailing blank "}),
        write(PLAIN | {b"Server": b"nul\0"}),
        write(PLAIN | {b"Server": b"bare\nline"}),
        write(PLAIN | {b"Server": b"bare\rreturn"}),
        write(PLAIN | {b"Server": b"v\r\n folded"}),
        write(PLAIN).replace(b"Server: ", b"Server : "),
        write(PLAIN).replace(b"Server", b"server"),
        write(PLAIN).replace(b"\r\n", b"\n"),
        write(PLAIN)[:-2],
        b"\r\n" + write(PLAIN),
    ],
)
def test_what_differs_in_more_than_values_is_left_to_llhttp(head: bytes) -> None:
    assert make(PLAIN).match(head + b"{}") is None


@pytest.mark.parametrize(
    "fields",
    [
        {b"Server": b"v"},
        PLAIN | {b"Transfer-Encoding": b"chunked"},
        PLAIN | {b"Content-Encoding": b"gzip"},
        PLAIN | {b"Connection": b"close"},
        PLAIN | {b"Upgrade": b"h2c"},
        PLAIN | {b"SERVER": b"twice"},
        PLAIN | {b"x-%d" % number: b"1" for number in range(MOST_FIELDS)},
        PLAIN | {b"x-long": b"1" * 5000},
    ],
)
def test_heads_whose_effect_goes_beyond_their_values_are_not_remembered(
    fields: dict[bytes, bytes],
) -> None:
    assert remember(write(fields), fields) is None


def test_keep_alive_is_known_by_its_word_only() -> None:
    memo = make(PLAIN | {b"Connection": b"keep-alive"})
    assert memo.match(write(PLAIN | {b"Connection": b"keep-alive"}))
    assert not memo.match(write(PLAIN | {b"Connection": b"close"}))


def test_names_with_signs_of_patterns_are_taken_by_the_letter() -> None:
    fields = {b"x.y*z": b"1", b"content-length": b"2"}
    memo = make(fields)
    assert memo.match(write(fields))
    assert not memo.match(write({b"xayyz": b"1", b"content-length": b"2"}))


NAMES = st.sampled_from([b"Server", b"date", b"X-Request-Id", b"cf-ray", b"Content-Type", b"Via"])
VALUES = st.binary(max_size=12)


@given(
    st.dictionaries(NAMES, st.text("ab/;= \t", max_size=6).map(str.encode), max_size=6),
    st.data(),
)
def test_what_the_memo_finds_llhttp_reads_in_the_same_way(
    first: dict[bytes, bytes], data: st.DataObject
) -> None:
    fields = first | {b"Content-Length": b"2"}
    known = read(write(fields), b"{}").memo
    values = {name: data.draw(VALUES) for name in first} | {b"Content-Length": b"2"}
    head = write(values)
    found = known.match(head + b"{}") if known is not None else None
    if found is None or known is None:
        return
    machine = read(head, b"{}")
    assert machine.failure is None
    assert machine.complete
    assert machine.reusable
    assert machine.status == 200
    assert machine.take() == b"{}" == (head + b"{}")[found.end() :]
    assert machine.headers == dict(zip(known.names, found.groups(), strict=True))
