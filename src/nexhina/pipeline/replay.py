"""Idempotency-Key: a call that was answered is answered again, and not charged twice."""

from hashlib import sha256

from nexhina.contract.header import IDEMPOTENCY_KEY
from nexhina.errors import HeaderList, InvalidRequestError
from nexhina.pipeline.life import Life
from nexhina.ports import Idempotency, StoredAnswer


class Replays:
    """The pipeline's side of the idempotency store."""

    def __init__(self, store: Idempotency) -> None:
        self._store = store

    async def find(self, life: Life) -> StoredAnswer | None:
        """The answer to give again; None: the call holds the key until `keep` or `forget`."""
        raw = life.call.headers[IDEMPOTENCY_KEY]
        if not 1 <= len(raw) <= 255 or not all(0x20 <= byte <= 0x7E for byte in raw):
            raise InvalidRequestError(
                f"Idempotency-Key must be 1 to 255 printable ASCII characters; this one has {len(raw)} bytes.",
                param="Idempotency-Key",
            )
        key = raw.decode("ascii")
        digest = sha256(life.call.path.encode() + b"\0" + life.call.body).digest()
        stored = await self._store.begin(life.row.token_id, key, digest)
        if stored is None:
            life.idempotency_key = key
            return None
        life.row.status = stored.status
        life.note("answered again for its Idempotency-Key, not charged")
        return stored

    async def keep(self, life: Life, status: int, headers: HeaderList, body: bytes) -> None:
        """Stores the answer before it is sent, so that a lost one can be had again."""
        if life.idempotency_key is not None:
            answer = StoredAnswer(status=status, headers=headers, body=body)
            await self._store.finish(life.row.token_id, life.idempotency_key, answer)
            life.idempotency_key = None

    async def forget(self, life: Life) -> None:
        """A call that failed costs nothing and may be tried again under the same key."""
        if life.idempotency_key is not None:
            await self._store.forget(life.row.token_id, life.idempotency_key)
            life.idempotency_key = None
