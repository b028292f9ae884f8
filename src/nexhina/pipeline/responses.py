"""The memory of Responses: what `previous_response_id` stands for, and what is kept of an answer.

A response that its vendor stores (`native`) can only be gone on from at that channel, under the
vendor's id. All others are ours: their items are put before the request's own. The routes that
read and delete stored ones are in `stored.py`.
"""

import msgspec

from nexhina.dialects.openai_responses import (
    OpenAIResponses,
    is_stored,
)
from nexhina.dialects.responses_item import read_input_items, read_output_items
from nexhina.domain.identity import Principal
from nexhina.errors import InvalidRequestError, NoAvailableChannelError, NotFoundError
from nexhina.pipeline.life import Life
from nexhina.pipeline.plan import Candidate
from nexhina.ports import ResponseStore, StoredResponse

KEPT = 30 * 86_400.0  # seconds
MOST_ITEMS = 1_000
MOST_BYTES = 8 * 1024 * 1024


class _Id(msgspec.Struct):
    id: str = ""


_read_id = msgspec.json.Decoder(_Id).decode
_read_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Responses:
    """The pipeline's side of the store."""

    def __init__(self, store: ResponseStore) -> None:
        self.store = store

    async def recall(self, life: Life) -> None:
        """Puts the earlier turns into the peek, or binds the plan to the channel that has them."""
        peek, plan = life.peek, life.plan
        assert peek is not None
        assert plan is not None
        assert peek.previous_id is not None
        chain = await self.load_chain(life.principal, peek.previous_id)
        newest = chain[0]
        if not newest.native:
            peek.earlier = read_turns(chain)
            peek.text_bytes += sum(map(len, peek.earlier))
        tiers = tuple(
            tuple(candidate for candidate in tier if _may_go_on(candidate, newest))
            for tier in plan.tiers
        )
        tiers = tuple(tier for tier in tiers if tier)
        if not tiers:
            raise NoAvailableChannelError(
                f"No channel of {peek.model} can go on from the response {peek.previous_id!r} now. "
                "Send the earlier turns in 'input' instead.",
                param="previous_response_id",
            )
        life.plan = msgspec.structs.replace(plan, tiers=tiers)

    async def load_chain(self, principal: Principal, name: str) -> list[StoredResponse]:
        """The response and, unless its vendor has them, those before it, newest first.

        Raises NotFoundError when one is gone, InvalidRequestError when they are too many.
        """
        chain = await self.store.find_chain(principal.tenant.id, name, MOST_ITEMS, MOST_BYTES)
        if not chain:
            raise not_found(name, "previous_response_id")
        if chain[0].native or chain[0].previous_id is None:
            return chain[:1]
        size = sum(len(row.answer) + len(row.items) for row in chain)
        if len(chain) >= MOST_ITEMS or size > MOST_BYTES:
            raise _too_long()
        missing = chain[-1].previous_id
        if missing is not None:
            raise not_found(missing, "previous_response_id")
        return chain

    async def keep_streamed(self, life: Life) -> None:
        """Stores what a whole stream added up to, before its end goes out."""
        if life.watch is not None and life.watch.answer is not None:
            await self.keep(life, life.watch.answer)

    async def keep(self, life: Life, answer: bytes) -> None:
        """Stores a Response object before its last byte goes out; nothing with `store: false`."""
        candidate, peek = life.served()
        name = _read_id(answer).id
        if not name or not is_stored(peek):
            return
        now = life.row.created_at
        items = read_input_items(peek, life.call.body)
        response = StoredResponse(
            tenant_id=life.principal.tenant.id,
            id=name,
            channel_id=candidate.channel.id,
            native=is_native(candidate.dialect),
            model=peek.model,
            created_at=now,
            expires_at=now + KEPT,
            answer=answer,
            items=b"[" + b",".join(items) + b"]",
            previous_id=peek.previous_id,
        )
        await self.store.save(response)


def is_native(dialect: object) -> bool:
    """Whether the vendor speaks Responses itself, and so keeps what it answers."""
    return isinstance(dialect, OpenAIResponses)


def _may_go_on(candidate: Candidate, newest: StoredResponse) -> bool:
    """A vendor knows the ids that it gave, and no others."""
    if is_native(candidate.dialect):
        return newest.native and candidate.channel.id == newest.channel_id
    return not newest.native


def read_turns(chain: list[StoredResponse]) -> tuple[bytes, ...]:
    """The items of a chain (newest first) as JSON, oldest first; InvalidRequestError: too many."""
    items: list[bytes] = []
    for row in reversed(chain):
        items += map(bytes, _read_items(row.items))
        items += read_output_items(row.answer)
    if len(items) > MOST_ITEMS:
        raise _too_long()
    return tuple(items)


def not_found(name: str, param: str) -> NotFoundError:
    """The 404 of a response that is unknown, expired, deleted or another tenant's."""
    return NotFoundError(
        f"There is no response {name[:100]!r} here: it was never stored, was deleted, or is older "
        "than 30 days.",
        param=param,
    )


def _too_long() -> InvalidRequestError:
    return InvalidRequestError(
        f"The turns before this one are more than {MOST_ITEMS} items or "
        f"{MOST_BYTES // 1024 // 1024} MiB; begin anew without previous_response_id.",
        param="previous_response_id",
    )
