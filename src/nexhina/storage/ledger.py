"""The ledger that the purse reads: accounts as they are booked. Charges reach it by the writer."""

from collections.abc import Sequence

from nexhina.ports import AccountState
from nexhina.storage import account
from nexhina.storage.database import Database


class SqlLedger:
    """`ports.Ledger` on the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_accounts(self, ids: Sequence[str]) -> tuple[AccountState, ...]:
        """Their booked state, read in one transaction; an unknown id raises KeyError."""
        return await self._database.reading(account.load_accounts, ids)
