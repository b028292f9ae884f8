"""Idempotency-Key: a call that was answered is answered again, and not charged twice."""

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from nexhina.contract.header import read_idempotency_key
from nexhina.errors import HeaderList
from nexhina.pipeline.life import Life
from nexhina.ports import Idempotency, StoredAnswer

if TYPE_CHECKING:
    from nexhina.dialects.multipart import Form
    from nexhina.pipeline.kept_stream import KeptStream
    from nexhina.ports import Client

MOST_KEPT = 32 * 1024 * 1024
"""Bytes of the largest answer that is kept for its key."""


class Replays:
    """The pipeline's side of the idempotency store."""

    def __init__(self, store: Idempotency) -> None:
        self._store = store

    async def find(self, life: Life) -> StoredAnswer | None:
        """The answer to give again; None: the call holds the key until `keep` or `forget`."""
        key = read_idempotency_key(life.call.headers)
        if key is None:
            return None
        digest = await _digest(life)
        stored = await self._store.begin(life.row.token_id, key, digest)
        if stored is None:
            life.idempotency_key = key
            return None
        life.row.status = stored.status
        life.note("answered again for its Idempotency-Key, not charged")
        return stored

    async def keep(self, life: Life, status: int, headers: HeaderList, body: bytes) -> None:
        """Stores the answer before it is sent, so that a lost one can be had again.

        One above MOST_KEPT is not kept: its key may be used again, and the call is made anew.
        """
        if len(body) > MOST_KEPT:
            await self.forget(life)
        if life.idempotency_key is not None:
            answer = StoredAnswer(status=status, headers=headers, body=body)
            await self._store.finish(life.row.token_id, life.idempotency_key, answer)
            life.kept_key, life.idempotency_key = life.idempotency_key, None

    def record(self, life: Life) -> "KeptStream | None":
        """From now on what the caller of this stream gets is remembered; None: it sent no key."""
        if life.idempotency_key is None:
            return None
        from nexhina.pipeline.kept_stream import KeptStream  # on first use

        kept = KeptStream(life.client, MOST_KEPT)
        life.client = cast("Client", kept)
        return kept

    async def keep_stream(self, life: Life, kept: "KeptStream", end: bytes) -> None:
        """Stores a stream that is whole, before its last piece is sent."""
        body = kept.read_all(end)
        if body is not None:
            await self.keep(life, 200, kept.head, body)

    async def forget(self, life: Life) -> None:
        """A call that failed costs nothing and may be tried again under the same key."""
        if life.idempotency_key is not None:
            await self._store.forget(life.row.token_id, life.idempotency_key)
            life.idempotency_key = None

    async def revoke(self, life: Life) -> None:
        """Takes back the answer of a call that does not count, which was kept a moment before."""
        if life.kept_key is not None:
            await self._store.revoke(life.row.token_id, life.kept_key)
            life.kept_key = None


async def _digest(life: Life) -> bytes:
    """What tells a repeated request from another one under the same key.

    Of a form it is the content: clients that try again write it with a new boundary.
    """
    call, peek = life.call, life.peek
    path = call.path.encode() + b"\0"
    form = None if peek is None else peek.form
    if form is None:
        return sha256(path + call.body).digest()
    if call.upload is None:
        return _digest_form(path, form)
    return await asyncio.get_running_loop().run_in_executor(None, _digest_form, path, form)


def _digest_form(path: bytes, form: "Form") -> bytes:
    digest = sha256(path)
    for piece in form.read_pieces():
        digest.update(piece)
    return digest.digest()
