"""The scripted vendor: scripts in order, then by hand; what it notes. The contract is its twin's."""

import pytest

from nexhina.errors import FailureKind, UpstreamFailure
from nexhina.ports import Limits
from nexhina.upstream.call import MAX_UNCLAIMED
from nexhina.upstream.fake import FakeUpstream
from support.wire import Collector, make_target, take, take_failure

TARGET = make_target(1)


def send(vendor: FakeUpstream, body: bytes = b""):
    return vendor.send(TARGET, body, Limits())


async def test_scripts_are_played_in_order_then_the_test_plays_by_hand():
    vendor = FakeUpstream()
    vendor.answer(429, {b"retry-after": b"1"}, b"slow")
    vendor.stream(b"a", b"b")
    vendor.hold()
    first, second, third, fourth = (send(vendor, b"%d" % number) for number in range(4))
    assert (await take(first.reply)).headers == {b"retry-after": b"1"}
    sink = Collector()
    (await take(second.reply)).attach(sink)
    assert (sink.body, sink.whole) == (b"ab", True)
    assert not third.reply.done
    assert not fourth.reply.done
    assert [play.body for play in vendor.plays] == [b"0", b"1", b"2", b"3"]

    sink = Collector()
    vendor.plays[2].head(200, data=b"first ")
    (await take(third.reply)).attach(sink)
    vendor.plays[2].piece(b"second")
    assert sink.pieces == [b"first ", b"second"]
    vendor.plays[2].end(b" third")
    assert (sink.body, sink.whole) == (b"first second third", True)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("connect", False),
        ("connect_timeout", False),
        ("first_byte_timeout", True),
        ("idle_timeout", True),
        ("total_timeout", True),
        ("closed", True),
        ("protocol", True),
    ],
)
async def test_every_kind_of_failure_can_be_scripted(kind: FailureKind, sent: bool):
    vendor = FakeUpstream()
    vendor.fail(kind)
    failure = await take_failure(send(vendor).reply)
    assert (failure.kind, failure.sent) == (kind, sent)


async def test_a_stream_can_be_cut():
    vendor = FakeUpstream()
    vendor.stream(b"a", cut=True)
    sink = Collector()
    (await take(send(vendor).reply)).attach(sink)
    assert sink.body == b"a"
    assert isinstance(sink.failure, UpstreamFailure)
    assert sink.failure.kind == "closed"


async def test_pauses_and_cancels_are_noted_and_moves_after_a_cancel_go_nowhere():
    vendor = FakeUpstream()
    exchange = send(vendor)
    (play,) = vendor.plays
    play.head()
    reply = await take(exchange.reply)
    sink = Collector()
    reply.attach(sink)
    reply.pause()
    reply.pause()
    assert (play.paused, play.pauses) == (True, 1)
    reply.resume()
    assert not play.paused
    reply.cancel()
    assert play.cancelled
    play.piece(b"late")
    play.end()
    play.cut()
    assert (sink.pieces, sink.done.is_set()) == ([], False)


async def test_a_body_that_nobody_claims_pauses_the_vendor():
    vendor = FakeUpstream()
    exchange = send(vendor)
    (play,) = vendor.plays
    play.head(data=bytes(MAX_UNCLAIMED))
    assert not play.paused
    play.piece(b"x")
    assert play.paused
    reply = await take(exchange.reply)
    reply.pause()
    wait = reply.read()
    assert play.paused  # the caller's pause still holds
    reply.resume()
    assert not play.paused
    play.end()
    assert len(await take(wait)) == MAX_UNCLAIMED + 1
