"""Keys and configuration in memory: `ports.Directory` on the database.

A key is looked up under SHA-256 of its text and read from the database once, whoever and however
many ask. When the first unknown one comes, `key_index` learns which there may be: from then on
guessing keys costs no SQL. What it can't rule out and is unknown is remembered, bounded.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from nexhina.domain.identity import Principal
from nexhina.domain.snapshot import Snapshot
from nexhina.identity.key import stored_digest
from nexhina.ports import MISS, Clock, Miss
from nexhina.storage import meta
from nexhina.storage.channel import list_channels
from nexhina.storage.database import Database
from nexhina.storage.model import list_models
from nexhina.storage.price import list_prices
from nexhina.storage.token import find_principal
from nexhina.storage.vault import Vault

if TYPE_CHECKING:
    from nexhina.storage.key_index import KeyIndex

V = TypeVar("V")

_TRUSTED = 1.0
"""Seconds that the index is believed where others may make keys too: then it is caught up."""

_EMPTY = Snapshot(version=0, models=(), channels=(), prices=())


class StoredDirectory:
    """Used from the event loop's thread. `refresh` once at start and after every change.

    `peppers` are those that stored digests may have been made with, the newest first.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        peppers: Sequence[bytes],
        clock: Clock,
        *,
        known: int = 100_000,
        unknown: int = 10_000,
    ) -> None:
        self._database = database
        self._vault = vault
        self._peppers = tuple(peppers)
        self._clock = clock
        self._known_limit = known
        self._unknown_limit = unknown
        self._known: dict[bytes, Principal] = {}
        self._unknown: dict[bytes, None] = {}
        self._loading: dict[bytes, asyncio.Future[Principal | None]] = {}
        self._index: KeyIndex | None = None  # until the first unknown key
        self._caught_up = 0.0  # monotonic
        self._generation = 0
        self._snapshot = _EMPTY

    def find(self, digest: bytes) -> Principal | Miss | None:
        """The principal of SHA-256(key); None: no such key (any more); MISS: ask `load`."""
        principal = self._known.get(digest)
        if principal is not None:
            expires_at = principal.token.expires_at
            if expires_at is None or expires_at > self._clock.now():
                return principal
            return None
        if digest in self._unknown or self._rules_out(self._store(digest)):
            return None
        return MISS

    def _store(self, digest: bytes) -> list[bytes]:
        return [stored_digest(pepper, digest) for pepper in self._peppers]

    def _rules_out(self, stored: Sequence[bytes]) -> bool:
        """Whether there is surely no such key; the cost of a key that nobody made."""
        index = self._index
        if index is None or not index.ready:
            return False
        if not self._database.is_sqlite and self._clock.monotonic() - self._caught_up >= _TRUSTED:
            return False
        return index.rules_out(stored)

    async def load(self, digest: bytes) -> Principal | None:
        """Asks the database once for all that wait and remembers the answer."""
        waiting = self._loading.get(digest)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._loading[digest] = waiting
            try:
                await self._load(digest)
            except BaseException as error:
                waiting.set_exception(error)
                waiting.exception()  # there may be nobody else to take it
                raise
            else:
                waiting.set_result(None)
            finally:
                del self._loading[digest]
        else:
            await asyncio.shield(waiting)
        found = self.find(digest)
        return found if isinstance(found, Principal) else None

    async def _load(self, digest: bytes) -> None:
        stored = self._store(digest)
        if self._index is not None and not self._database.is_sqlite:
            await self._catch_up(self._index)
            if self._rules_out(stored):
                return
        while True:
            generation = self._generation
            principal = await self._database.reading(find_principal, stored)
            if generation == self._generation:  # else it may have been revoked meanwhile
                break
        if principal is None:
            _remember(self._unknown, digest, None, self._unknown_limit)
            await self._learn_keys()
        else:
            _remember(self._known, digest, principal, self._known_limit)

    async def _learn_keys(self) -> None:
        """Somebody has a key that is none: there may be more of them."""
        if self._index is None:
            from nexhina.storage.key_index import KeyIndex  # on first use

            self._index = KeyIndex(self._database)
        if not self._index.ready:
            self._caught_up = self._clock.monotonic()
            await self._index.build()

    async def _catch_up(self, index: "KeyIndex") -> None:
        """Takes in the keys that were made since, once for all that ask at a time."""
        now = self._clock.monotonic()
        if now - self._caught_up >= _TRUSTED:
            self._caught_up = now
            await index.catch_up()

    def snapshot(self) -> Snapshot:
        """The newest models, channels and prices."""
        return self._snapshot

    async def refresh(self) -> Snapshot:
        """The configuration as it is now; every key will be read again.

        ValueError: a channel's key does not open with this secret.
        """
        self._forget()
        snapshot = await self._database.reading(load_snapshot, self._vault)
        if snapshot.version >= self._snapshot.version:
            self._snapshot = snapshot
        if self._index is not None:
            await self._index.catch_up()
        self._forget()
        return self._snapshot

    async def refresh_if_changed(self) -> bool:
        """Whether another process had changed the configuration."""
        if await self._database.reading(meta.load_version) == self._snapshot.version:
            return False
        await self.refresh()
        return True

    def _forget(self) -> None:
        self._generation += 1
        self._known.clear()
        self._unknown.clear()


def load_snapshot(connection: Connection, vault: Vault) -> Snapshot:
    """Models, channels and prices of one moment."""
    return Snapshot(
        version=meta.load_version(connection),
        models=tuple(list_models(connection)),
        channels=tuple(list_channels(connection, vault)),
        prices=tuple(list_prices(connection)),
    )


def _remember(memory: dict[bytes, V], digest: bytes, value: V, limit: int) -> None:
    """Adds to the memory; what has been there longest leaves when it is full."""
    if len(memory) >= limit:
        del memory[next(iter(memory))]
    memory[digest] = value
