"""However the network cuts an answer into reads, the client sees the same answer."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nexhina.upstream.machine import Machine
from support.answer_corpus import ALL, Case

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def _run(pieces: list[bytes], *, eof: bool, bare: bool = False) -> tuple[object, ...]:
    machine = Machine()
    machine.begin(1 << 20, bare=bare)
    body = b""
    for piece in pieces:
        if piece:
            machine.feed(piece)
            body += machine.take()
    if eof:
        machine.eof()
        body += machine.take()
    kind = machine.failure.kind if machine.failure else None
    if kind is not None:
        return (kind,)
    return machine.status, machine.headers, body, machine.complete, machine.reusable


def _cut(wire: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(wire) + 1) for place in places), len(wire)]
    return [wire[start:end] for start, end in pairwise(edges)]


_places = st.lists(st.integers(0, 10_000), max_size=30)


@given(st.sampled_from(ALL), _places)
def test_any_reads_of_the_corpus_give_the_same_answer(case: Case, places: list[int]):
    whole = _run([case.wire], eof=case.eof, bare=case.bare)
    assert _run(_cut(case.wire, places), eof=case.eof, bare=case.bare) == whole


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=20), _places)
def test_any_chunks_in_any_reads_give_back_the_body(chunks: list[bytes], places: list[int]):
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire += b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    assert _run(_cut(wire, places), eof=False)[2:] == (b"".join(chunks), True, True)


@given(st.binary(max_size=400), _places)
def test_no_bytes_of_a_vendor_raise_or_pass_for_a_second_answer(noise: bytes, places: list[int]):
    machine = Machine()
    machine.begin(1000)
    for piece in _cut(noise, places):
        machine.feed(piece)
    machine.eof()
    assert machine.complete or machine.failure is not None

    machine = Machine()
    machine.begin(1000)
    for piece in _cut(_OK + noise, places):
        machine.feed(piece)
    assert (machine.status, machine.take(), machine.failure) == (200, b"ok", None)
    assert machine.complete


@given(st.sampled_from(ALL), st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_never_raises(case: Case, place: int, value: int):
    if not case.wire:
        return
    wire = bytearray(case.wire)
    wire[place % len(wire)] = value
    machine = Machine()
    machine.begin(1 << 20, bare=case.bare)
    machine.feed(bytes(wire))
    machine.eof()
    assert machine.complete or machine.failure is not None
