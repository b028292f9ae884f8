"""The memory twin of the directory: principals and a snapshot that are handed in."""

from nexhina.domain.identity import Principal
from nexhina.domain.snapshot import Snapshot
from nexhina.ports import MISS, Clock, Miss


class MemoryDirectory:
    """ports.Directory without a database. `slow` digests are known only after `load`."""

    def __init__(self, snapshot: Snapshot, clock: Clock) -> None:
        self._snapshot = snapshot
        self._clock = clock
        self._known: dict[bytes, Principal] = {}
        self._slow: dict[bytes, Principal] = {}
        self._unknown: set[bytes] = set()

    def add(self, digest: bytes, principal: Principal, *, slow: bool = False) -> None:
        """Makes the key of this digest known."""
        (self._slow if slow else self._known)[digest] = principal

    def change(self, snapshot: Snapshot) -> None:
        """Replaces the configuration."""
        self._snapshot = snapshot

    def find(self, digest: bytes) -> Principal | Miss | None:
        """See ports.Directory."""
        if digest in self._unknown:
            return None
        return self._live(self._known[digest]) if digest in self._known else MISS

    async def load(self, digest: bytes) -> Principal | None:
        """See ports.Directory."""
        principal = self._slow.get(digest)
        if principal is None:
            self._unknown.add(digest)
        else:
            self._known[digest] = principal
        return principal and self._live(principal)

    def _live(self, principal: Principal) -> Principal | None:
        expires_at = principal.token.expires_at
        return principal if expires_at is None or expires_at > self._clock.now() else None

    def snapshot(self) -> Snapshot:
        """See ports.Directory."""
        return self._snapshot
