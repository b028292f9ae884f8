"""Ledger accounts and their double-entry postings.

Each account that can be spent from has a contra account, so that every posting sums to zero and
no row is shared between tenants:

    wallet/T      charge: wallet − a, revenue/T + a        grant: wallet + g, funding/T − g
    budget/K/P    charge: budget − a, allowance/K/P + a    grant: budget + g, allowance/K/P − g
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from nexhina.ports import AccountState
from nexhina.storage import meta
from nexhina.storage.row import read_fields
from nexhina.storage.tables import account, earmark, entry

DESK = "desk"
"""The `worker` of postings that management makes; real workers may not have this name."""

JOBS = "jobs"
"""The `worker` of postings of jobs, whose `seq` is the job's number: no job is charged twice."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a posting."""

    worker: str
    epoch: int
    seq: int
    account: str
    tenant_id: int
    amount: int
    kind: str
    note: str
    created_at: float


def contra_account(account_id: str, kind: str = "charge") -> str:
    """The account on the other side of a posting of this kind."""
    family, _, rest = account_id.partition("/")
    if family == "wallet":
        return f"{'revenue' if kind == 'charge' else 'funding'}/{rest}"
    if family == "budget":
        return f"allowance/{rest}"
    raise ValueError(f"{account_id!r} is not an account to spend from (wallet/… or budget/…)")


def create_account(
    connection: Connection,
    account_id: str,
    *,
    tenant_id: int,
    floor: int | None,
    grant_nano: int,
    now: float,
) -> None:
    """Makes the account with its contra accounts and books the grant."""
    others = {contra_account(account_id), contra_account(account_id, "grant")}
    rows = [
        {"id": account_id, "floor": floor},
        *({"id": other, "floor": None} for other in sorted(others)),
    ]
    shared = {"tenant_id": tenant_id, "balance": 0, "created_at": now}
    connection.execute(insert(account), [row | shared for row in rows])
    if grant_nano:
        grant(connection, account_id, grant_nano, now, "at creation")


def grant(connection: Connection, account_id: str, nano: int, now: float, note: str) -> None:
    """Books a sum onto the account (a negative one takes it off); KeyError: no such account."""
    seq = meta.next_number(connection, "desk_seq")
    other = contra_account(account_id, "grant")
    post(
        connection,
        (DESK, 0, seq),
        {account_id: nano, other: -nano},
        kind="grant",
        now=now,
        note=note,
    )


def book_charges(
    connection: Connection,
    key: tuple[str, int, int],
    totals: Mapping[str, int],
    now: float,
) -> None:
    """Draws each total from its account, all under one key (worker, epoch, seq)."""
    amounts: dict[str, int] = {}
    for account_id, total in totals.items():
        if total:
            amounts[account_id] = -total
            amounts[contra_account(account_id)] = total
    if amounts:
        post(connection, key, amounts, kind="charge", now=now, note="")


def post(
    connection: Connection,
    key: tuple[str, int, int],
    amounts: Mapping[str, int],
    *,
    kind: str,
    now: float,
    note: str,
) -> None:
    """Books one posting; the amounts must sum to zero. KeyError: an account does not exist."""
    if sum(amounts.values()) != 0:
        raise ValueError(f"a posting must sum to zero: {dict(amounts)}")
    names = sorted(amounts)  # one order for all: two writers never lock each other
    owners = {row.id: row.tenant_id for row in connection.execute(_OWNERS, {"ids": names})}
    for name in names:
        if name not in owners:
            raise KeyError(name)
    worker, epoch, seq = key
    connection.execute(_ADD, [{"account_id": name, "amount": amounts[name]} for name in names])
    connection.execute(
        insert(entry),
        [
            {
                "worker": worker,
                "epoch": epoch,
                "seq": seq,
                "account": name,
                "tenant_id": owners[name],
                "amount": amounts[name],
                "kind": kind,
                "note": note,
                "created_at": now,
            }
            for name in names
        ],
    )


def load_accounts(connection: Connection, ids: Sequence[str]) -> tuple[AccountState, ...]:
    """Their booked state in the order asked for; KeyError: no such account."""
    wanted = {"ids": list(ids)}
    found = {row.id: row for row in connection.execute(_STATES, wanted)}
    marked = {row.account: int(row.total) for row in connection.execute(_EARMARKED, wanted)}
    return tuple(
        AccountState(
            id=name,
            balance=found[name].balance,
            floor=found[name].floor,
            earmarked=marked.get(name, 0),
        )
        for name in ids
    )


def list_entries(connection: Connection, account_id: str) -> list[Entry]:
    """The account's entries, oldest first."""
    order = (entry.c.created_at, entry.c.worker, entry.c.epoch, entry.c.seq)
    rows = connection.execute(select(entry).where(entry.c.account == account_id).order_by(*order))
    return [Entry(**read_fields(row)) for row in rows]


_OWNERS = select(account.c.id, account.c.tenant_id).where(
    account.c.id.in_(bindparam("ids", expanding=True))
)
_STATES = select(account.c.id, account.c.balance, account.c.floor).where(
    account.c.id.in_(bindparam("ids", expanding=True))
)
_EARMARKED = (
    select(earmark.c.account, func.sum(earmark.c.amount).label("total"))
    .where(earmark.c.account.in_(bindparam("ids", expanding=True)))
    .group_by(earmark.c.account)
)
_ADD = (
    update(account)
    .where(account.c.id == bindparam("account_id"))
    .values(balance=account.c.balance + bindparam("amount"))
)
