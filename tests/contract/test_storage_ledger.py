"""Accounts and postings. The SQL ledger and its memory twin pass one suite, on both databases."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from nexhina.ports import AccountState, Ledger
from nexhina.storage import account
from nexhina.storage.database import Database
from nexhina.storage.folder import DataFolder
from nexhina.storage.ledger import SqlLedger
from nexhina.storage.memory_ledger import MemoryLedger
from support.databases import BOTH, fresh_database
from support.ledger_rows import Books, make_people


class Sql:
    """The SQL ledger under the hands of the suite."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seq = 0
        self.ledger: Ledger = SqlLedger(database)
        with database.write() as connection:
            self._tenant = make_people(connection)[0].id

    def create(self, name: str, floor: int | None, grant_nano: int) -> None:
        with self._database.write() as connection:
            account.create_account(
                connection,
                name,
                tenant_id=self._tenant,
                floor=floor,
                grant_nano=grant_nano,
                now=1.0,
            )

    def grant(self, name: str, nano: int) -> None:
        with self._database.write() as connection:
            account.grant(connection, name, nano, 2.0, "top-up")

    def charge(self, totals: Mapping[str, int]) -> None:
        self._seq += 1
        with self._database.write() as connection:
            account.book_charges(connection, ("main", 1, self._seq), totals, 3.0)

    def total(self) -> int:
        with self._database.read() as connection:
            books = Books(connection)
        books.check()
        return sum(books.balances.values())


class Memory:
    """The twin under the same hands."""

    def __init__(self) -> None:
        self.ledger: Ledger
        self.ledger = twin = MemoryLedger()
        self.create, self.grant = twin.create, twin.grant
        self.charge, self.total = twin.charge, twin.total


@pytest.fixture(params=["memory", *BOTH])
def side(request: pytest.FixtureRequest, folder: DataFolder) -> Iterator[Any]:
    if request.param == "memory":
        yield Memory()
        return
    with fresh_database(request, request.param, folder) as opened:
        yield Sql(opened)


async def test_an_account_begins_with_its_grant(side: Any) -> None:
    side.create("wallet/71", 0, 500)
    side.create("wallet/72", None, 0)
    assert await side.ledger.load_accounts(["wallet/72", "wallet/71"]) == (
        AccountState(id="wallet/72", balance=0, floor=None),
        AccountState(id="wallet/71", balance=500, floor=0),
    )
    assert side.total() == 0


async def test_a_charge_is_drawn_from_wallet_and_budget_together(side: Any) -> None:
    side.create("wallet/71", 0, 500)
    side.create("budget/8/0", 0, 300)
    side.charge({"wallet/71": 120, "budget/8/0": 120})
    wallet, budget = await side.ledger.load_accounts(["wallet/71", "budget/8/0"])
    assert (wallet.balance, budget.balance) == (380, 180)
    assert side.total() == 0


async def test_a_charge_on_a_missing_account_is_booked_on_none(side: Any) -> None:
    side.create("wallet/71", 0, 500)
    with pytest.raises(KeyError):
        side.charge({"wallet/71": 120, "budget/9/0": 120})
    (wallet,) = await side.ledger.load_accounts(["wallet/71"])
    assert wallet.balance == 500
    assert side.total() == 0


async def test_a_top_up_and_a_booked_overrun_are_just_sums(side: Any) -> None:
    side.create("wallet/71", 0, 100)
    side.charge({"wallet/71": 170})
    side.grant("wallet/71", 30)
    (wallet,) = await side.ledger.load_accounts(["wallet/71"])
    assert wallet.balance == -40
    assert side.total() == 0


async def test_an_unknown_account_is_a_key_error(side: Any) -> None:
    with pytest.raises(KeyError):
        await side.ledger.load_accounts(["wallet/404"])
    with pytest.raises(KeyError):
        side.grant("wallet/404", 1)


async def test_money_is_spent_from_wallets_and_budgets_only(side: Any) -> None:
    with pytest.raises(ValueError, match="not an account to spend from"):
        side.create("revenue/71", 0, 0)


def test_a_posting_key_exists_once(database: Database) -> None:
    with database.write() as connection:
        make_people(connection)
        account.book_charges(connection, ("main", 1, 7), {"wallet/1": 5}, 1.0)
    with pytest.raises(IntegrityError), database.write() as connection:
        account.book_charges(connection, ("main", 1, 7), {"wallet/1": 5}, 1.0)
    with database.read() as connection:
        books = Books(connection)
        books.check()
        assert books.balances["wallet/1"] == -5
        assert books.balances["revenue/1"] == 5


def test_a_posting_that_does_not_sum_to_zero_is_refused(sqlite: Database) -> None:
    with sqlite.write() as connection, pytest.raises(ValueError, match="sum to zero"):
        account.post(connection, ("x", 0, 1), {"wallet/1": 5}, kind="grant", now=1.0, note="")


def test_entries_tell_where_money_went(database: Database) -> None:
    with database.write() as connection:
        make_people(connection, postpaid=False)
        account.grant(connection, "wallet/1", 1_000, 5.0, "redemption 3")
        account.book_charges(connection, ("main", 4, 9), {"wallet/1": 40, "budget/1/0": 0}, 6.0)
        entries = account.list_entries(connection, "wallet/1")
    told = [(item.amount, item.kind, item.note, item.worker, item.seq) for item in entries]
    assert told == [
        (1_000, "grant", "redemption 3", "desk", 1),
        (-40, "charge", "", "main", 9),
    ]
