"""Reads an installation's books from outside, in SQL of its own, and checks what must always hold."""

import sqlite3
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nexhina.billing.calculation import recompute
from nexhina.domain.usage import ChargeLine

PATIENCE = 10.0  # seconds for the newest rows to be booked


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What these tests read of a log row."""

    id: str
    tenant_id: int
    token_id: int
    status: int
    error_code: str
    stream: int
    abandoned: int
    estimated: int
    attempts: int
    channel_name: str
    hold_nano: int
    charge_nano: int
    lines: str
    trace: str


class BooksFile:
    """The database of a data folder, opened for reading for each question."""

    def __init__(self, data: Path) -> None:
        self._path = data / "nexhina.db"

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        try:
            yield connection
        finally:
            connection.close()

    def rows(self) -> list[Row]:
        """All log rows, in the order of booking."""
        names = Row.__struct_fields__
        with self._open() as connection:
            found = connection.execute(f"SELECT {','.join(names)} FROM log ORDER BY number")
            return [Row(**dict(zip(names, values, strict=True))) for values in found]

    def find(self, call_id: str) -> Row | None:
        """The row of one call."""
        return next((row for row in self.rows() if row.id == call_id), None)

    def wait_for(self, call_id: str) -> Row:
        """The row of one call, once it is booked."""
        deadline = time.monotonic() + PATIENCE
        while (row := self.find(call_id)) is None:
            assert time.monotonic() < deadline, f"{call_id} has no row after {PATIENCE} s"
            time.sleep(0.02)  # another process writes it; there is no event to await
        return row

    def balance(self, account: str) -> int:
        """nano-USD on a ledger account."""
        with self._open() as connection:
            [(balance,)] = connection.execute("SELECT balance FROM account WHERE id = ?", [account])
            return balance

    def require_exact(self, grants: dict[str, int] | None = None) -> list[Row]:
        """All rows, after asserting that the ledger says the same as they do.

        Every posting sums to zero; every balance is the sum of its entries, every wallet's also
        minus the charges of its rows, every budget's its grant (`grants`) minus the charges of its
        token's rows; every charge can be recomputed; no call has two rows.
        """
        rows = self.rows()
        assert [name for name, count in Counter(row.id for row in rows).items() if count > 1] == []
        for row in rows:
            lines = msgspec.json.decode(row.lines, type=tuple[ChargeLine, ...])
            assert recompute(lines) == row.charge_nano
            assert not (row.abandoned and row.charge_nano)
        with self._open() as connection:
            unequal = connection.execute(
                "SELECT worker, epoch, seq, sum(amount) FROM entry GROUP BY 1, 2, 3"
                " HAVING sum(amount) <> 0"
            ).fetchall()
            accounts = dict(connection.execute("SELECT id, balance FROM account"))
            booked = dict(connection.execute("SELECT account, sum(amount) FROM entry GROUP BY 1"))
        assert unequal == []
        assert accounts == {name: booked.get(name, 0) for name in accounts}
        for name, balance in accounts.items():
            family, _, rest = name.partition("/")
            if family == "wallet":
                spent = sum(row.charge_nano for row in rows if row.tenant_id == int(rest))
                assert balance == -spent
            elif family == "budget":
                token = int(rest.partition("/")[0])
                spent = sum(row.charge_nano for row in rows if row.token_id == token)
                assert balance == (grants or {}).get(name, 0) - spent
        return rows
