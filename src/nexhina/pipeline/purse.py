"""The money in this process's memory: balances and the holds that are open on them.

Loaded from the ledger when an account is first met; from then on this is the truth of the running
process, and the journal carries every charge to the books behind it. Leases, which let several
processes share an account, come with several workers (MONEY.md).
"""

from collections.abc import Sequence

import msgspec

from nexhina.ports import Ledger


class Account:
    """One ledger account here, in nano-USD. `floor` None: postpaid, may go below any sum."""

    __slots__ = ("balance", "floor", "held", "id")

    def __init__(self, id: str, balance: int, floor: int | None, held: int = 0) -> None:  # noqa: A002
        self.id = id
        self.balance = balance
        self.floor = floor
        self.held = held

    @property
    def available(self) -> int | None:
        """What a new hold may take; None without a floor."""
        return None if self.floor is None else self.balance - self.held - self.floor


class Hold(msgspec.Struct, eq=False, gc=False):
    """Money set aside on a set of accounts until `settle` or `release`, exactly one of them, once."""

    accounts: tuple[Account, ...]
    amount: int  # nano-USD
    open: bool = True


class ShortBalanceError(Exception):
    """An account does not cover the bound. Carries which one and what is there."""

    def __init__(self, account: Account, available: int) -> None:
        self.account = account
        self.available = available
        super().__init__(account.id)


class Purse:
    """Accounts and holds. No I/O but `load`, which asks the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._accounts: dict[str, Account] = {}
        self.overrun = 0
        """nano-USD that vendors reported above the bounds and that no balance covered."""

    def find(self, ids: Sequence[str]) -> tuple[Account, ...] | None:
        """The accounts, None when one is not in memory yet: `load` them."""
        accounts = self._accounts
        try:
            if len(ids) == 1:
                return (accounts[ids[0]],)
            return tuple([accounts[id_] for id_ in ids])
        except KeyError:
            return None

    async def load(self, ids: Sequence[str]) -> tuple[Account, ...]:
        """The accounts, read from the ledger where memory does not have them."""
        missing = [id_ for id_ in ids if id_ not in self._accounts]
        for state in await self._ledger.load_accounts(missing):
            # Another call may have loaded it while this one waited; the first one holds money.
            account = Account(state.id, state.balance, state.floor, state.earmarked)
            self._accounts.setdefault(state.id, account)
        return tuple(self._accounts[id_] for id_ in ids)

    def hold(self, accounts: tuple[Account, ...], amount: int) -> Hold:
        """A hold of `amount` on every account, or ShortBalanceError and no hold on any."""
        self.take(accounts, amount)
        return Hold(accounts, amount)

    def take(self, accounts: tuple[Account, ...], amount: int) -> None:
        """`hold` for whoever keeps accounts and amount, and closes it once: by `close` or a Hold."""
        for account in accounts:
            floor = account.floor
            if floor is not None:
                available = account.balance - account.held - floor
                if available < amount:
                    raise ShortBalanceError(account, available)
        for account in accounts:
            account.held += amount

    def settle(self, hold: Hold, charge: int) -> None:
        """Closes the hold and takes `charge` (≥ 0) from every account of it."""
        if not hold.open:
            raise RuntimeError("a hold was closed twice")
        hold.open = False
        self.close(hold.accounts, hold.amount, charge)

    def close(self, accounts: tuple[Account, ...], amount: int, charge: int) -> None:
        """Gives what was taken back, and takes `charge` (≥ 0) from every account."""
        for account in accounts:
            account.held -= amount
            account.balance -= charge
            if charge > amount and account.floor is not None:
                below = account.floor - (account.balance - account.held)
                if below > 0:
                    self.overrun += min(below, charge - amount)

    def release(self, hold: Hold) -> None:
        """Closes the hold and takes nothing."""
        self.settle(hold, 0)

    def open_holds(self) -> int:
        """nano-USD of all open holds on all accounts; 0 at rest."""
        return sum(account.held for account in self._accounts.values())
