"""The scheme of a channel's origin decides which transport carries it."""

import pytest

from nexhina.ports import Limits
from nexhina.upstream.fake import FakeUpstream
from nexhina.upstream.transports import Transports
from support.wire import make_target, take_failure

LIMITS = Limits()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_wire_goes_to_the_pool(scheme: str):
    pool, sandbox = FakeUpstream(), FakeUpstream()
    exchange = Transports(pool, sandbox).send(
        make_target(1, scheme=scheme), b"b", LIMITS, extra=b"X: 1\r\n"
    )
    (play,) = pool.plays
    assert exchange is play.exchange
    assert (play.body, play.extra, play.limits) == (b"b", b"X: 1\r\n", LIMITS)
    assert sandbox.plays == []


def test_the_sandbox_stays_in_the_process():
    pool, sandbox = FakeUpstream(), FakeUpstream()
    Transports(pool, sandbox).send(make_target(1, scheme="sandbox"), b"", LIMITS)
    assert (len(pool.plays), len(sandbox.plays)) == (0, 1)


@pytest.mark.parametrize("scheme", ["sandbox", "ftp"])
async def test_without_a_transport_nothing_is_sent(scheme: str):
    exchange = Transports(FakeUpstream()).send(make_target(1, scheme=scheme), b"", LIMITS)
    failure = await take_failure(exchange.reply)
    assert (failure.kind, failure.sent) == ("connect", False)
    assert scheme in failure.detail
