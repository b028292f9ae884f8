"""Rows and people that the money tests are about."""

import itertools

import msgspec
from sqlalchemy import Connection, func, select

from nexhina.domain.channel import Channel
from nexhina.domain.identity import Tenant, Token, User
from nexhina.domain.log import LogRow
from nexhina.domain.secret import Secret
from nexhina.domain.usage import ChargeLine
from nexhina.ports import Closing, Opening
from nexhina.storage import tables, tenant, token, user
from nexhina.storage.vault import Vault
from nexhina.tasks import Wait, drive

_numbers = itertools.count(1)

ROW = LogRow(
    id="",
    request_id="",
    created_at=1_700_000_000.0,
    tenant_id=1,
    user_id=1,
    token_id=1,
    token_name="owner",
    channel_id=1,
    channel_name="sandbox",
    operation="chat",
    model="gpt-4o",
    upstream_model="sandbox-chat",
    dialect_in="openai_chat",
    dialect_out="openai_chat",
    lane="verbatim",
    attempts=1,
    status=200,
    error_code="",
    stream=True,
    estimated=False,
    unpriced=False,
    abandoned=False,
    queue_us=120,
    first_byte_us=20_000,
    total_us=30_000,
    hold_nano=1_000,
    charge_nano=0,
    lines=(ChargeLine("input", 100, 1, 2_500, 1_000_000, 1_000_000),),
    trace=("planned 1 of 1", "attempt 1 on sandbox: 200"),
)


class FixedClock:
    """A clock that a test sets."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


def a_row(name: str = "", **fields: object) -> LogRow:
    """A log row with an id of its own."""
    name = name or f"row-{next(_numbers):06d}"
    return msgspec.structs.replace(ROW, **{"id": name, "request_id": name, **fields})


def a_opening(row: LogRow, accounts: tuple[str, ...] = ("wallet/1",)) -> Opening:
    """The opening of the call whose end the row describes."""
    start = msgspec.structs.replace(row, charge_nano=0, lines=(), status=0, trace=())
    return Opening(row=start, accounts=accounts)


def a_closing(row: LogRow, accounts: tuple[str, ...] = ("wallet/1",)) -> Closing:
    """The end of a call."""
    return Closing(row=row, accounts=accounts)


def make_people(
    connection: Connection, *, postpaid: bool = True, budget_nano: int | None = None
) -> tuple[Tenant, User, Token]:
    """A tenant with a user and a token (ids 1, 1, 1 in a fresh database)."""
    number = next(_numbers)
    owner = tenant.save_tenant(
        connection, slug=f"owner{number}", name="Owner", postpaid=postpaid, now=1.0
    )
    person = user.save_user(
        connection, tenant_id=owner.id, email=None, password_hash=None, role="owner", now=1.0
    )
    key = token.save_token(
        connection,
        tenant_id=owner.id,
        user_id=person.id,
        name="owner",
        hint="sk-ab…yz",
        stored_digest=f"digest {number}".encode(),
        budget_nano=budget_nano,
        models=None,
        permissions=("channel:pin",),
        now=1.0,
    )
    return owner, person, key


def a_channel(owner: Tenant, name: str = "first", **fields: object) -> Channel:
    """A channel that was not saved yet."""
    plain = Channel(
        id=0,
        tenant_id=owner.id,
        name=name,
        provider="openai",
        public_name="openai",
        base_url="https://vendor.example/v1",
        key=Secret("sk-vendor"),
        models={"gpt-4o": "gpt-4o-2024"},
    )
    return msgspec.structs.replace(plain, **fields)


def a_vault(key: bytes = b"k" * 32) -> Vault:
    """A vault whose nonces are counted, so that a repeated one would be noticed."""
    return Vault({"1": key}, "1", lambda size: next(_numbers).to_bytes(size, "big"))


class Books:
    """Sums that must hold at any time."""

    def __init__(self, connection: Connection) -> None:
        entry, account, log = tables.entry, tables.account, tables.log
        run = connection.execute
        self.entries = int(run(select(func.coalesce(func.sum(entry.c.amount), 0))).scalar_one())
        self.charged = int(run(select(func.coalesce(func.sum(log.c.charge_nano), 0))).scalar_one())
        self.ids = list(run(select(log.c.id).order_by(log.c.number)).scalars())
        accounts = run(select(account.c.id, account.c.balance))
        self.balances = {row.id: int(row.balance) for row in accounts}
        sums = select(entry.c.account, func.sum(entry.c.amount)).group_by(entry.c.account)
        self.sums = {name: int(total) for name, total in run(sums)}

    def check(self) -> None:
        """Entries sum to zero, balances are the sums of their entries, each call is there once."""
        assert self.entries == 0
        assert {name: total for name, total in self.balances.items() if total} == {
            name: total for name, total in self.sums.items() if total
        }
        assert len(self.ids) == len(set(self.ids))


async def settled(wait: Wait[None]) -> None:
    """Returns when the journal has written what the wait stands for; raises what it raises."""

    async def step() -> None:
        await wait

    await drive(step())
