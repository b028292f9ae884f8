"""The client's machine: every answer of the corpus, whole, at every split and in single bytes."""

import gzip

import pytest

from nexhina.upstream.decoding import STEP
from nexhina.upstream.machine import FIELD_COST, MAX_FIELD_BYTES, MAX_FRAMING_BYTES, Machine
from support.answer_corpus import ALL, BROKEN, SURPLUS, WHOLE, Case

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def run(case: Case, *pieces: bytes) -> Machine:
    machine = Machine()
    machine.begin(1 << 20, bare=case.bare)
    body = b""
    for piece in pieces:
        machine.feed(piece)
        body += machine.take()
    if case.eof:
        machine.eof()
        body += machine.take()
    machine.pieces.append(body)
    return machine


def judge(case: Case, machine: Machine) -> None:
    body = machine.take()
    if case.failure is not None:
        assert machine.failure is not None
        assert machine.failure.kind == case.failure
        assert not machine.reusable
        return
    assert machine.failure is None
    assert machine.complete
    assert (machine.status, body, machine.reusable) == (case.status, case.body, case.reusable)
    if case.header is not None:
        name, value = case.header
        assert machine.headers[name] == value


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_an_answer_in_one_read(case: Case):
    judge(case, run(case, case.wire))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_an_answer_split_anywhere_gives_the_same(case: Case):
    for split in range(1, len(case.wire)):
        judge(case, run(case, case.wire[:split], case.wire[split:]))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_an_answer_in_single_bytes_gives_the_same(case: Case):
    judge(case, run(case, *[case.wire[at : at + 1] for at in range(len(case.wire))]))


@pytest.mark.parametrize("case", [c for c in WHOLE if c.reusable], ids=lambda case: case.name)
def test_a_reusable_connection_brings_the_next_answer(case: Case):
    machine = run(case, case.wire)
    machine.begin(1 << 20)
    machine.feed(OK)
    assert (machine.complete, machine.take(), machine.reusable) == (True, b"ok", True)


@pytest.mark.parametrize("case", SURPLUS, ids=lambda case: case.name)
def test_bytes_after_the_end_belong_to_nobody(case: Case):
    machine = run(case, case.wire)
    assert b"evil" not in machine.take()
    assert machine.failure is None


def test_an_answer_that_was_not_asked_for_is_noted():
    machine = Machine()
    machine.feed(OK)
    assert machine.surplus
    assert machine.status == 0
    assert machine.take() == b""


def test_empty_lines_between_answers_are_no_answer():
    machine = Machine()
    machine.begin(100)
    machine.feed(OK)
    machine.take()
    machine.feed(b"\r\n")
    assert not machine.surplus


def test_a_failure_ends_the_reading():
    machine = Machine()
    machine.begin(100)
    machine.feed(b"nonsense")
    first = machine.failure
    machine.feed(OK)
    assert machine.failure is first
    assert not machine.complete


def test_the_body_of_an_encoded_answer_loses_its_coding_and_length_from_the_headers():
    case = next(case for case in WHOLE if case.name == "gzip with a length")
    machine = run(case, case.wire)
    assert b"content-encoding" not in machine.headers
    assert b"content-length" not in machine.headers


def test_what_unfolds_to_very_much_comes_out_in_parts():
    text = b"some text, again and again. " * 100_000
    data = gzip.compress(text)
    machine = Machine()
    machine.begin(10_000_000)
    machine.feed(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(data)
    )
    machine.feed(data)
    parts = [machine.take()]
    while machine.packed:
        assert not machine.complete
        machine.feed(b"")
        parts.append(machine.take())
    assert machine.complete
    assert machine.reusable
    assert machine.failure is None
    assert b"".join(parts) == text
    assert len(parts) >= 3
    assert max(map(len, parts)) <= STEP


def test_a_compressed_answer_that_is_cut_amid_its_parts_fails():
    data = gzip.compress(bytes(3_000_000))[:-4]
    machine = Machine()
    machine.begin(10_000_000)
    machine.feed(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(data)
    )
    machine.feed(data)
    while machine.packed:
        machine.feed(b"")
    assert machine.failure is not None
    assert "too early" in machine.failure.detail


def test_a_small_answer_that_unfolds_beyond_the_limit_fails():
    bomb = gzip.compress(bytes(10_000_000))
    machine = Machine()
    machine.begin(1_000_000)
    machine.feed(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    )
    machine.feed(bomb)
    assert machine.failure is not None
    assert "unfolds" in machine.failure.detail
    assert len(machine.take()) <= 1_000_001


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 200 OK\r\nX-A: ",
        b"HTTP/1.1 200 OK\r\nX",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ",
    ],
    ids=["reason", "value", "name", "chunk extension", "trailer"],
)
def test_framing_without_end_is_cut_off(start: bytes):
    machine = Machine()
    machine.begin(1 << 30)
    machine.feed(start)
    fed = 0
    while machine.failure is None and fed < 4 * MAX_FRAMING_BYTES:
        machine.feed(b"a" * 1024)
        fed += 1024
    assert machine.failure is not None
    assert fed <= MAX_FRAMING_BYTES + 1024


def test_one_huge_header_in_one_read_is_refused():
    machine = Machine()
    machine.begin(100)
    machine.feed(b"HTTP/1.1 200 OK\r\nX-A: %b\r\n\r\n" % (b"a" * (MAX_FIELD_BYTES + 1)))
    assert machine.failure is not None
    assert not machine.head_done


def test_a_slow_body_may_have_more_framing_than_the_limit():
    machine = Machine()
    machine.begin(1 << 30)
    machine.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(MAX_FRAMING_BYTES // 2):
        machine.feed(b"1\r\n")
        machine.feed(b"a\r\n")
        machine.take()
    assert machine.failure is None


@pytest.mark.parametrize("count", [127, 128])
def test_fields_are_counted_exactly_up_to_the_limit(count: int):
    size = MAX_FIELD_BYTES // 128 - FIELD_COST  # too large for 128 with their names
    for names in ([b"%03d" % n for n in range(count)], [b"X-A"] * count):
        machine = Machine()
        machine.begin(100)
        fields = b"".join(b"%b: %b\r\n" % (name, b"1" * size) for name in names)
        machine.feed(b"HTTP/1.1 204 No Content\r\n" + fields + b"\r\n")
        assert (machine.failure is not None) == (count == 128)
        if machine.failure is None:
            assert len(machine.headers) == len(set(names))
            assert machine.complete


def test_a_trailer_that_outgrows_the_budget_is_refused():
    machine = Machine()
    machine.begin(100)
    machine.feed(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    machine.feed(b"0\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n")
    assert machine.failure is not None
    assert not machine.reusable


def test_a_trailer_changes_no_field_of_the_head():
    machine = Machine()
    machine.begin(100)
    machine.feed(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
    machine.feed(b"0\r\nX-A: 2\r\nX-B: 3\r\n\r\n")
    assert machine.complete
    assert machine.headers == {b"x-a": b"1", b"transfer-encoding": b"chunked"}
    machine.begin(100)
    machine.feed(OK)
    assert machine.headers == {b"content-length": b"2"}


def test_interim_fields_are_not_the_answers():
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-A: 1\r\n\r\n"
    for wire in (early + OK, b"\r\n" + early + early + b"\r\n" + OK):
        for split in range(len(wire)):
            machine = Machine()
            machine.begin(100)
            machine.feed(wire[:split])
            machine.feed(wire[split:])
            assert (machine.headers, machine.take()) == ({b"content-length": b"2"}, b"ok")
            assert machine.started


def test_pieces_of_one_read_are_taken_as_one():
    machine = Machine()
    machine.begin(100)
    machine.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    machine.feed(b"1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n")
    assert machine.take() == b"abcd"
    assert machine.take() == b""
    assert not machine.complete


def test_a_broken_stream_still_hands_over_what_came_before():
    machine = Machine()
    machine.begin(100)
    machine.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n")
    assert machine.take() == b"ab"
    assert machine.failure is not None


def test_a_cut_after_the_end_is_no_failure():
    machine = Machine()
    machine.begin(100)
    machine.feed(OK)
    machine.eof()
    machine.cut("reset")
    assert machine.failure is None


def test_a_closed_machine_ignores_bytes():
    machine = Machine()
    machine.begin(100)
    machine.close()
    machine.feed(OK)
    assert not machine.started


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_no_failure_repeats_the_bytes_of_the_vendor(case: Case):
    machine = run(case, case.wire)
    assert machine.failure is not None
    for secret in ("html", "X-A", "evil", "gzip, gzip"):
        assert secret not in machine.failure.detail
