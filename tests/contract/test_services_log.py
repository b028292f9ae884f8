"""The log through the service: filters, following, and a charge done again by hand."""

import asyncio

import msgspec
import pytest

from nexhina.domain.log import LogRow
from nexhina.domain.usage import ChargeLine
from nexhina.errors import InvalidRequestError, NotFoundError
from nexhina.services.key import create_key
from nexhina.services.log import follow_logs, list_logs, show_log
from nexhina.services.shapes import CreateKey, ListLogs, ShowLog
from nexhina.storage.worker import book_free
from support.ledger_rows import ROW
from support.workspace import Bench, bench, stocked

__all__ = ["bench", "stocked"]

LINES = (
    ChargeLine("input", 1234, 7, 2_500_000_000, 1_000_000, 1_000_000),
    ChargeLine("output", 3, 8, 10_000_000_001, 1_000_000, 1_500_000),
)
# 1234 × 2500 + 3 × 10000.000001 × 1.5 = 3,085,000 + 45,000.0000045 → one more nano
CHARGE = 3_130_001
AT = "018bcfe5-6800-7000-8000-00000000000"  # how ids of 1,700,000,000 begin


def row(id_: str, **changes: object) -> LogRow:
    facts = msgspec.structs.replace(
        ROW,
        id=id_,
        request_id=id_,
        lane="splice",
        queue_us=150,
        first_byte_us=2500,
        total_us=12_345,
        hold_nano=5_000_000,
        charge_nano=CHARGE,
        lines=LINES,
        trace=("sandbox: 200",),
    )
    return msgspec.structs.replace(facts, **changes)


def write(bench: Bench, *rows: LogRow) -> None:
    with bench.workspace.database.write() as connection:
        book_free(connection, rows)


async def test_calls_are_listed_newest_first_and_each_filter_narrows(bench: Bench) -> None:
    await bench.install()
    key = await create_key(bench.workspace, CreateKey(name="app"))
    write(
        bench,
        row(AT + "a", created_at=1_700_000_001.0),
        row(AT + "b", created_at=1_700_000_002.0, model="o3", request_id="mine"),
        row(AT + "c", created_at=1_700_000_003.0, status=502, error_code="upstream_error"),
        row(AT + "d", created_at=1_700_000_004.0, token_id=key.id, token_name="app"),
        row(AT + "x", created_at=1_700_000_005.0, tenant_id=99),
    )

    async def ids(**filters: object) -> list[str]:
        found = await list_logs(bench.workspace, ListLogs(**filters))  # type: ignore[arg-type]
        return [view.id.removeprefix(AT) for view in found]

    assert await ids() == ["d", "c", "b", "a"]  # another tenant's row is nobody's business
    assert await ids(limit=2) == ["d", "c"]
    assert await ids(model="o3") == ["b"]
    assert await ids(status=502) == ["c"]
    assert await ids(key="app") == ["d"]
    assert await ids(key=str(key.id)) == ["d"]
    assert await ids(request_id="mine") == ["b"]
    assert await ids(request_id=AT + "a") == ["a"]
    assert await ids(since=1_700_000_003.0) == ["d", "c"]
    assert await ids(request_id="nope") == []


async def test_a_row_is_shown_in_words_and_milliseconds(bench: Bench) -> None:
    await bench.install()
    write(bench, row("a"))
    [view] = await list_logs(bench.workspace, ListLogs())
    assert (view.queue_ms, view.first_byte_ms, view.total_ms) == (0.15, 2.5, 12.345)
    assert view.usage == {"input": 1234, "output": 3}
    assert (view.cost_usd, view.charge_nano_usd) == ("0.003130001", CHARGE)


@pytest.mark.parametrize("status", [0, 99, 600])
async def test_a_status_that_is_none_is_refused(bench: Bench, status: int) -> None:
    with pytest.raises(InvalidRequestError, match=f"{status} must lie between 100 and 599"):
        await list_logs(bench.workspace, ListLogs(status=status))


@pytest.mark.parametrize("limit", [0, -1, 10_001])
async def test_a_limit_out_of_bounds_is_refused(bench: Bench, limit: int) -> None:
    await bench.install()
    with pytest.raises(InvalidRequestError, match=str(limit)):
        await list_logs(bench.workspace, ListLogs(limit=limit))


async def test_an_unknown_key_is_not_found_rather_than_an_empty_list(bench: Bench) -> None:
    await bench.install()
    with pytest.raises(NotFoundError, match="Did you mean owner"):
        await list_logs(bench.workspace, ListLogs(key="ownr"))


async def test_a_charge_is_done_again_from_the_row_and_agrees(bench: Bench) -> None:
    await bench.install()
    write(bench, row("a", request_id="mine"))
    for name in ("a", "mine"):
        detail = await show_log(bench.workspace, ShowLog(id=name))
        assert detail.recomputed_nano_usd == CHARGE
        assert detail.agrees
        assert [factor.quantity for factor in detail.factors] == [1234, 3]
        assert len(detail.calculation) == 3
        assert "1,234 × 2.5 USD per 1,000,000" in detail.calculation[0]
        assert detail.trace == ("sandbox: 200",)


CANDIDATES = "candidates by priority: sandbox > spare"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"trace": ()}, "sandbox: served at once, sent at +0.1 ms, took 2.4 ms"),
        ({"trace": (CANDIDATES,)}, "sandbox: served at once, sent at +0.1 ms, took 2.4 ms"),
        (
            {"trace": (), "status": 400, "error_code": "invalid_request_error"},
            "sandbox: refused the request, sent at +0.1 ms; the caller got 400 invalid_request_error",
        ),
        (
            {"trace": (), "attempts": 0, "status": 402, "error_code": "insufficient_quota"},
            "nothing was sent: 402 insufficient_quota",
        ),
        (
            {"trace": (), "status": 499, "error_code": "client_left"},
            "sandbox: was asked, sent at +0.1 ms; the caller left after 12.3 ms",
        ),
    ],
)
async def test_a_call_without_trouble_is_told_in_a_line(
    bench: Bench, changes: dict[str, object], told: str
) -> None:
    await bench.install()
    write(bench, row("a", **changes))
    detail = await show_log(bench.workspace, ShowLog(id="a"))
    assert detail.trace[0].startswith(told)
    assert detail.trace[1:] == changes["trace"]


async def test_a_row_whose_factors_do_not_give_its_charge_is_not_called_right(bench: Bench) -> None:
    await bench.install()
    write(bench, row("a", charge_nano=CHARGE - 1))
    detail = await show_log(bench.workspace, ShowLog(id="a"))
    assert not detail.agrees


async def test_a_call_of_another_tenant_is_not_found(bench: Bench) -> None:
    await bench.install()
    write(bench, row("x", tenant_id=99))
    with pytest.raises(NotFoundError, match="logs list"):
        await show_log(bench.workspace, ShowLog(id="x"))


async def test_following_yields_new_rows_once_also_of_calls_that_began_long_ago(
    bench: Bench,
) -> None:
    await bench.install()
    now = bench.clock.now()
    write(bench, row("first", created_at=now))
    rows = follow_logs(bench.workspace, ListLogs(since=now - 1000))
    assert (await anext(rows)).id == "first"
    write(bench, row("g slow", created_at=now - 900), row("h later", created_at=now + 1))
    assert [(await anext(rows)).id, (await anext(rows)).id] == ["g slow", "h later"]
    await rows.aclose()


async def test_following_without_a_time_passes_over_what_is_there(bench: Bench) -> None:
    await bench.install()
    now = bench.clock.now()
    write(bench, row("old", created_at=now - 5))
    rows = follow_logs(bench.workspace, ListLogs())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.2):  # two looks
            await anext(rows)
    await rows.aclose()


async def test_following_since_a_time_begins_with_what_is_there(bench: Bench) -> None:
    await bench.install()
    now = bench.clock.now()
    write(bench, row("a", created_at=now - 50), row("b", created_at=now - 10))
    rows = follow_logs(bench.workspace, ListLogs(since=now - 20))
    assert (await anext(rows)).id == "b"
    await rows.aclose()
