"""Requests that must not arrive twice: on a connection of their own, and never tried again."""

import pytest

from nexhina.ports import Limits
from nexhina.upstream.pool import Pool
from support.scripted_upstream import Cut, ScriptedUpstream, json_answer
from support.wire import Wire, make_target, take, take_failure

ONCE = Limits(once=True)


@pytest.mark.parametrize(("limits", "arrived"), [(ONCE, 2), (Limits(), 3)])
def test_a_connection_that_dies_under_it_is_the_end(
    wire: Wire, vendor: ScriptedUpstream, limits: Limits, arrived: int
):
    vendor.play(json_answer({}))
    vendor.play(Cut())
    failed: list[bool] = []

    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port)
        reply = await take(pool.send(target, b"{}", Limits()).reply)
        await take(reply.read())
        exchange = pool.send(target, b"{}", limits)
        if limits.once:
            failed.append((await take_failure(exchange.reply)).sent)
        else:  # the kept connection was dead, as far as anybody can tell
            await take(exchange.reply)

    wire.run(steps)
    assert len(vendor.received) == arrived
    assert failed == ([True] if limits.once else [])


def test_it_leaves_kept_connections_alone(wire: Wire, vendor: ScriptedUpstream):
    async def steps(pool: Pool) -> None:
        target = make_target(vendor.port)
        for limits in (Limits(), ONCE, ONCE):
            reply = await take(pool.send(target, b"{}", limits).reply)
            await take(reply.read())

    wire.run(steps)
    assert vendor.accepted == 3
