"""The ledger's twin in memory, for tests of what stands above it. Same contract, no durability."""

from collections.abc import Mapping, Sequence

from nexhina.ports import AccountState
from nexhina.storage.account import contra_account


class MemoryLedger:
    """`ports.Ledger` on dictionaries; every posting sums to zero here too."""

    def __init__(self) -> None:
        self._floors: dict[str, int | None] = {}
        self._balances: dict[str, int] = {}

    def create(self, account_id: str, floor: int | None, grant_nano: int = 0) -> None:
        """Makes the account and its contra accounts, and books the grant."""
        for name in (account_id, contra_account(account_id), contra_account(account_id, "grant")):
            self._balances.setdefault(name, 0)
            self._floors.setdefault(name, None)
        self._floors[account_id] = floor
        self.grant(account_id, grant_nano)

    def grant(self, account_id: str, nano: int) -> None:
        """Books a sum onto the account; KeyError: no such account."""
        self._move(account_id, contra_account(account_id, "grant"), -nano)

    def charge(self, totals: Mapping[str, int]) -> None:
        """Draws each total from its account: all or, with a KeyError, none."""
        for name in totals:
            if name not in self._balances:
                raise KeyError(name)
        for name, total in totals.items():
            self._move(name, contra_account(name), total)

    def total(self) -> int:
        """The sum of all balances: zero, always."""
        return sum(self._balances.values())

    async def load_accounts(self, ids: Sequence[str]) -> tuple[AccountState, ...]:
        """Their booked state; an unknown id raises KeyError."""
        return tuple(
            AccountState(id=name, balance=self._balances[name], floor=self._floors[name])
            for name in ids
        )

    def _move(self, source: str, target: str, nano: int) -> None:
        self._balances[source] -= nano
        self._balances[target] += nano
