"""The log of calls: listed, followed, and one call with its calculation done again."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import msgspec

from nexhina.billing.calculation import explain, recompute
from nexhina.domain.log import LogRow
from nexhina.domain.money import format_usd
from nexhina.errors import InvalidRequestError, NotFoundError
from nexhina.pipeline.plan import CHOICES
from nexhina.services.key import require_token
from nexhina.services.shapes import Factor, ListLogs, LogDetail, LogView, ShowLog
from nexhina.services.workspace import Workspace, require_owner
from nexhina.storage import log as logs

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LONGEST_LIST = 10_000
_FOLLOW_EVERY_S = 0.5
_FOLLOW_AT_ONCE = 1000


async def list_logs(workspace: Workspace, arguments: ListLogs) -> tuple[LogView, ...]:
    """The newest calls that fit the filters, newest first."""
    if not 1 <= arguments.limit <= _LONGEST_LIST:
        raise InvalidRequestError(
            f"The limit {arguments.limit} must lie between 1 and {_LONGEST_LIST}."
        )
    query = await workspace.database.reading(_read_query, arguments)
    rows = await workspace.database.reading(logs.list_logs, query)
    return tuple(_view(row) for row in rows)


async def follow_logs(workspace: Workspace, arguments: ListLogs) -> AsyncGenerator[LogView]:
    """Calls as they end, oldest first, until the generator is closed; first those since `since`.

    A row carries the time at which its call began, and is written when it ends: so the window of
    the longest call is read again each time. Meant for eyes: of more than 1,000 calls that fit
    the filters in one window, the newest are seen.
    """
    query = await workspace.database.reading(_read_query, arguments)
    wanted = msgspec.structs.replace(query, limit=_FOLLOW_AT_ONCE)
    window = workspace.settings.total_timeout_s + 60
    seen: dict[str, float] = {}
    if arguments.since is None:
        seen = {
            row.id: row.created_at
            for row in await workspace.database.reading(logs.list_logs, wanted)
        }
    while True:
        now = workspace.clock.now()
        seen = {id_: at for id_, at in seen.items() if at > now - 2 * window}
        since = max(query.since or 0.0, now - window) if seen else query.since
        recent = msgspec.structs.replace(wanted, since=since)
        rows = await workspace.database.reading(logs.list_logs, recent)
        for row in reversed(rows):
            if row.id not in seen:
                seen[row.id] = row.created_at
                yield _view(row)
        await asyncio.sleep(_FOLLOW_EVERY_S)


async def show_log(workspace: Workspace, arguments: ShowLog) -> LogDetail:
    """One call by either of its ids, the newest when a caller used an id twice."""

    def load(connection: "Connection") -> LogRow | None:
        owner = require_owner(connection)
        query = logs.LogQuery(tenant_id=owner.id, request_id=arguments.id, limit=1)
        found = logs.list_logs(connection, query)
        return found[0] if found else None

    row = await workspace.database.reading(load)
    if row is None:
        raise NotFoundError(
            f"There is no call {arguments.id!r} in the log. `nexhina logs list` shows the newest; "
            "a call is written when it has ended."
        )
    again = recompute(row.lines)
    return LogDetail(
        **_fields(row),
        factors=tuple(
            Factor(
                kind=line.kind,
                quantity=line.quantity,
                price_id=line.price_id,
                nano=line.nano,
                per=line.per,
                multiplier_ppm=line.multiplier_ppm,
            )
            for line in row.lines
        ),
        calculation=tuple(explain(row.lines)),
        recomputed_nano_usd=again,
        agrees=again == row.charge_nano,
        trace=_tell_trace(row),
    )


def _tell_trace(row: LogRow) -> tuple[str, ...]:
    """The decision trace; the one step of a call without trouble is told from the row's own fields."""
    if not all(line.startswith(CHOICES) for line in row.trace):
        return row.trace
    error = f"{row.status} {row.error_code}".rstrip()
    if row.attempts == 0:
        return (f"nothing was sent: {error}", *row.trace)
    sent = f"sent at +{row.queue_us / 1000:.1f} ms"
    if row.status < 300:
        took = (row.first_byte_us - row.queue_us) / 1000
        step = f"served at once, {sent}, took {took:.1f} ms"
    elif row.error_code == "client_left":
        step = f"was asked, {sent}; the caller left after {row.total_us / 1000:.1f} ms"
    else:
        step = f"refused the request, {sent}; the caller got {error}"
    return (f"{row.channel_name}: {step}", *row.trace)


def _read_query(connection: "Connection", arguments: ListLogs) -> logs.LogQuery:
    if arguments.status is not None and not 100 <= arguments.status <= 599:
        raise InvalidRequestError(f"The status {arguments.status} must lie between 100 and 599.")
    owner = require_owner(connection)
    token_id = None
    if arguments.key is not None:
        token_id = require_token(connection, owner.id, arguments.key).id
    return logs.LogQuery(
        tenant_id=owner.id,
        request_id=arguments.request_id,
        token_id=token_id,
        model=arguments.model,
        status=arguments.status,
        since=arguments.since,
        limit=arguments.limit,
    )


def _view(row: LogRow) -> LogView:
    return LogView(**_fields(row))


def _fields(row: LogRow) -> dict[str, Any]:
    copied = (
        "id request_id created_at operation model upstream_model dialect_in dialect_out lane "
        "attempts status error_code stream estimated unpriced abandoned"
    )
    usage: dict[str, int] = {}
    for line in row.lines:
        usage[line.kind] = usage.get(line.kind, 0) + line.quantity
    fields: dict[str, Any] = {name: getattr(row, name) for name in copied.split()}
    return fields | {
        "key": row.token_name,
        "channel": row.channel_name,
        "queue_ms": row.queue_us / 1000,
        "first_byte_ms": row.first_byte_us / 1000,
        "total_ms": row.total_us / 1000,
        "cost_usd": format_usd(row.charge_nano),
        "charge_nano_usd": row.charge_nano,
        "hold_nano_usd": row.hold_nano,
        "usage": usage,
    }
