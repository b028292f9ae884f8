"""Workers and the one place where closed calls become rows: `book`, used by writer and replay.

`flushed_seq` is the watermark that makes booking exactly-once: it moves in the same transaction
as the rows, and nothing at or below it is booked again.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter

import msgspec
from sqlalchemy import (
    BindParameter,
    Connection,
    Double,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from nexhina.domain.log import LogRow
from nexhina.ports import Closing
from nexhina.storage import account
from nexhina.storage.database import Database
from nexhina.storage.log_insert import insert_logs
from nexhina.storage.row import read_fields
from nexhina.storage.tables import account as account_table
from nexhina.storage.tables import token, worker

_logger = logging.getLogger("nexhina.storage")

RUNNING = "running"
STOPPED = "stopped"


class Fenced(Exception):  # noqa: N818  (an outcome that its one caller handles)
    """This worker's epoch was ended by somebody else; it must book no more."""


class WorkerState(msgspec.Struct, frozen=True, kw_only=True):
    """One life of a worker."""

    id: str
    epoch: int
    state: str
    heartbeat_at: float
    flushed_seq: int


def start_worker(connection: Connection, worker_id: str, *, now: float, above: int = 0) -> int:
    """The number of the worker's new life: higher than all before, and than `above`."""
    if worker_id in {account.DESK, account.JOBS}:
        raise ValueError(f"{worker_id!r} is not a name for a worker")
    last = connection.execute(
        select(func.max(worker.c.epoch)).where(worker.c.id == worker_id)
    ).scalar()
    epoch = max(last or 0, above) + 1
    add_worker(connection, worker_id, epoch, now)
    return epoch


def add_worker(connection: Connection, worker_id: str, epoch: int, now: float) -> None:
    """Notes a life that begins, or one of which only a journal is known."""
    values = {"id": worker_id, "epoch": epoch, "state": RUNNING, "heartbeat_at": now}
    connection.execute(insert(worker).values(flushed_seq=0, **values))


def load_worker(connection: Connection, worker_id: str, epoch: int) -> WorkerState | None:
    """What is known of one life of a worker."""
    mine = (worker.c.id == worker_id) & (worker.c.epoch == epoch)
    row = connection.execute(select(worker).where(mine)).one_or_none()
    return None if row is None else WorkerState(**read_fields(row))


def list_running(
    connection: Connection, worker_id: str, silent_since: float | None = None
) -> list[int]:
    """The epochs of a worker that have not ended, or only those that gave no sign of life since."""
    mine = (worker.c.id == worker_id) & (worker.c.state == RUNNING)
    if silent_since is not None:
        mine &= worker.c.heartbeat_at < silent_since
    return list(connection.execute(select(worker.c.epoch).where(mine)).scalars())


def stop_worker(connection: Connection, worker_id: str, epoch: int) -> None:
    """Ends a life: nothing can be booked for it any more."""
    mine = (worker.c.id == worker_id) & (worker.c.epoch == epoch)
    connection.execute(update(worker).where(mine).values(state=STOPPED))


def book(  # noqa: PLR0913  (what a booking is)
    connection: Connection,
    worker_id: str,
    epoch: int,
    closings: Sequence[tuple[int, Closing]],
    now: float,
    *,
    careful: bool = True,
    late: bool = False,
) -> int:
    """How many of the (seq, closing), in rising order, were new; their rows and entries are in.

    Renews the heartbeat. Raises Fenced when the epoch has ended, unless it is `late`: read from the
    journal of a writer that is surely gone. A call that the database can
    never take (a row with this id is there already) is left out, loudly, and charges nothing;
    not `careful`: it raises, and the transaction must be rolled back (see `book_in`).
    """
    mine = {"worker_id": worker_id, "its_epoch": epoch}
    found = connection.execute(_LOCK, mine).one_or_none()
    if found is None or (found.state != RUNNING and not late):
        raise Fenced(f"worker {worker_id}, epoch {epoch}")
    done = found.flushed_seq
    fresh = [closing for seq, closing in closings if seq > done]
    last = max(closings[-1][0], done) if closings else done
    if fresh:
        _book_all(connection, (worker_id, epoch, last), fresh, now, careful=careful)
    connection.execute(_ADVANCE, mine | {"seq": last, "now": now})
    return len(fresh)


def book_in(
    database: Database,
    key: tuple[str, int],
    closings: Sequence[tuple[int, Closing]],
    now: float,
    *,
    durable: bool = False,
    late: bool = False,
) -> int:
    """What `book` returns, in a transaction of its own: quick, and only if need be carefully."""
    try:
        with database.write(durable=durable) as connection:
            return book(connection, *key, closings, now, careful=False, late=late)
    except _REJECTED:
        with database.write(durable=durable) as connection:
            return book(connection, *key, closings, now, late=late)


def book_job(connection: Connection, number: int, closing: Closing, now: float) -> None:
    """Writes the row of a job that ends in this transaction, and its entries under its number."""
    _book_all(connection, (account.JOBS, 0, number), [closing], now, careful=True)


def book_free(connection: Connection, rows: Sequence[LogRow]) -> None:
    """Writes rows that charge nothing, and counts them on their tokens."""
    ids = _insert(connection, rows)
    _count(connection, [row for row in rows if row.id in ids])


def _insert(connection: Connection, rows: Sequence[LogRow]) -> set[str]:
    """The ids of the rows that the database took: all, but in the strangest cases."""
    try:
        with connection.begin_nested():
            insert_logs(connection, rows)
    except _REJECTED:
        return {row.id for row in rows if _is_taken(connection, row)}
    return {row.id for row in rows}


def _book_all(
    connection: Connection,
    key: tuple[str, int, int],
    closings: Sequence[Closing],
    now: float,
    *,
    careful: bool,
) -> None:
    rows = [closing.row for closing in closings]
    if careful:
        ids = _insert(connection, rows)
        closings = [closing for closing in closings if closing.row.id in ids]
        rows = [closing.row for closing in closings]
    else:
        insert_logs(connection, rows)
    _charge(connection, key, closings, now)
    _count(connection, rows)


def _charge(
    connection: Connection, key: tuple[str, int, int], closings: Sequence[Closing], now: float
) -> None:
    alike: defaultdict[tuple[str, ...], list[LogRow]] = defaultdict(list)
    for closing in closings:
        alike[closing.accounts].append(closing.row)
    totals: defaultdict[str, int] = defaultdict(int)
    for names, rows in alike.items():
        nano = sum(map(_charge_nano, rows))
        for name in names:
            totals[name] += nano
    try:
        account.book_charges(connection, key, totals, now)
    except KeyError:
        owners = {
            name: closing.row.tenant_id
            for closing in closings
            if closing.row.charge_nano
            for name in closing.accounts
        }
        _require_accounts(connection, owners, now)
        account.book_charges(connection, key, totals, now)


def _is_taken(connection: Connection, row: LogRow) -> bool:
    try:
        with connection.begin_nested():
            insert_logs(connection, [row])
    except _REJECTED as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        _logger.error("call %s can't be booked and charges nothing: %s", row.id, cause)  # noqa: TRY400  (the cause is in the line)
        return False
    return True


def _require_accounts(connection: Connection, owners: dict[str, int], now: float) -> None:
    """A charge is booked even if its account was never made: money that was spent is not lost."""
    known = select(account_table.c.id).where(account_table.c.id.in_(list(owners)))
    missing = set(owners) - set(connection.execute(known).scalars())
    for name in sorted(missing):
        _logger.error("account %s did not exist; made to book a charge", name)
        account.create_account(
            connection, name, tenant_id=owners[name], floor=None, grant_nano=0, now=now
        )


def _count(connection: Connection, rows: Iterable[LogRow]) -> None:
    """Adds the rows to the counters of their tokens."""
    uses: defaultdict[int, list[LogRow]] = defaultdict(list)
    for row in rows:
        uses[row.token_id].append(row)
    if uses:
        connection.execute(
            _COUNT,
            [
                {
                    "its_id": name,
                    "nano": sum(map(_charge_nano, mine)),
                    "calls_more": len(mine),
                    "last": max(map(_created_at, mine)),
                }
                for name, mine in sorted(uses.items())
            ],
        )


_charge_nano = attrgetter("charge_nano")
_created_at = attrgetter("created_at")

_REJECTED = (IntegrityError, DataError, ProgrammingError, OverflowError)
_MINE = (worker.c.id == bindparam("worker_id")) & (worker.c.epoch == bindparam("its_epoch"))
_LOCK = select(worker.c.state, worker.c.flushed_seq).where(_MINE).with_for_update()
_ADVANCE = (
    update(worker).where(_MINE).values(flushed_seq=bindparam("seq"), heartbeat_at=bindparam("now"))
)
_LAST: BindParameter[float] = bindparam("last", type_=Double())
_COUNT = (
    update(token)
    .where(token.c.id == bindparam("its_id"))
    .values(
        spent_nano=token.c.spent_nano + bindparam("nano"),
        calls=token.c.calls + bindparam("calls_more"),
        last_used_at=case(
            (token.c.last_used_at > _LAST, token.c.last_used_at),
            else_=_LAST,
        ),
    )
)
