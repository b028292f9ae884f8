"""The memory twin of the directory: principals and a snapshot that are handed in."""

from nexhina.domain.identity import Principal
from nexhina.domain.snapshot import Snapshot
from nexhina.ports import MISS, Miss


class MemoryDirectory:
    """ports.Directory without a database. `slow` digests are known only after `load`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
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
        return self._known.get(digest, MISS)

    async def load(self, digest: bytes) -> Principal | None:
        """See ports.Directory."""
        principal = self._slow.get(digest)
        if principal is None:
            self._unknown.add(digest)
        else:
            self._known[digest] = principal
        return principal

    def snapshot(self) -> Snapshot:
        """See ports.Directory."""
        return self._snapshot
