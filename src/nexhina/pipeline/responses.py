"""The memory of Responses: what `previous_response_id` stands for, and what is kept of an answer.

A response that its vendor stores (`native`) can only be gone on from at that channel, with the key
that made it and under the vendor's id. All others are ours: their items are put before the
request's own, whichever channel serves it. The routes around stored ones are in `stored.py`, what
their vendors are asked in `vendor_store.py`.
"""

from typing import Any

import msgspec

from nexhina.dialects.dialect import StreamWatch
from nexhina.domain.identity import Principal
from nexhina.errors import InvalidRequestError, NoAvailableChannelError, NotFoundError
from nexhina.pipeline.life import Life
from nexhina.pipeline.plan import Candidate
from nexhina.pipeline.vendor_store import VendorStore
from nexhina.ports import ResponseStore, StoredResponse
from nexhina.providers.endpoint import mark_key

KEPT = 30 * 86_400.0  # seconds
NATIVE = frozenset({"openai_responses", "openai_compaction"})
"""What a vendor speaks whose ids stay its own."""

MOST_ITEMS = 1_000
MOST_BYTES = 8 * 1024 * 1024


class _Id(msgspec.Struct):
    id: str = ""
    object: str = ""
    store: Any = None  # false: the vendor did not keep it, whatever it was asked


class _Total(msgspec.Struct):
    total_tokens: int


class _Counted(msgspec.Struct):
    usage: _Total


_read_counted = msgspec.json.Decoder(_Counted).decode
_read_id = msgspec.json.Decoder(_Id).decode
_read_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Responses:
    """The pipeline's side of the store."""

    def __init__(self, store: ResponseStore, vendors: VendorStore) -> None:
        self.store = store
        self.vendors = vendors

    async def recall(self, life: Life) -> None:
        """Puts the earlier turns into the peek, or binds the plan to the channel that has them."""
        peek = life.peek
        assert peek is not None
        assert peek.previous_id is not None
        chain = await self.load_chain(life.principal, peek.previous_id)
        newest = chain[0]
        if newest.native:
            self._bind(life, newest)
            # The vendor reads the earlier turns again: as many tokens as it counted then, or, where
            # another model counts now, at most their bytes.
            total = read_total(newest) if newest.model == peek.model else None
            size = sum(len(row.answer) + len(row.items) for row in chain)
            peek.text_bytes += size if total is None else total + MOST_ITEMS
        else:
            from nexhina.dialects.openai_responses import add_earlier  # on first use

            add_earlier(peek, read_turns(chain))

    async def load_chain(self, principal: Principal, name: str) -> list[StoredResponse]:
        """The response and those before it, newest first.

        Raises NotFoundError when one is gone, InvalidRequestError when they are too many; neither
        where a vendor has them, of which our copies may be some.
        """
        chain = await self.store.find_chain(principal.tenant.id, name, MOST_ITEMS, MOST_BYTES)
        if not chain:
            raise not_found(name, "previous_response_id")
        _require_answer(chain[0])
        if chain[0].native or chain[0].previous_id is None:
            return chain
        size = sum(len(row.answer) + len(row.items) for row in chain)
        if len(chain) >= MOST_ITEMS or size > MOST_BYTES:
            raise _too_long()
        missing = chain[-1].previous_id
        if missing is not None:
            raise not_found(missing, "previous_response_id")
        return chain

    def _bind(self, life: Life, newest: StoredResponse) -> None:
        """Leaves only the channel and the key that gave the response; raises when there is none."""
        plan, peek = life.plan, life.peek
        assert plan is not None
        assert peek is not None
        tiers = tuple(
            tuple(_narrow(each, newest) for each in tier if _knows(each, newest))
            for tier in plan.tiers
        )
        tiers = tuple(tier for tier in tiers if tier)
        if tiers:
            life.plan = msgspec.structs.replace(plan, tiers=tiers)
            return
        name, instead = newest.id, "send the earlier turns in 'input' instead."
        param = "previous_response_id"
        channel = self.vendors.find_channel(newest)
        if any(_knows(each, newest) for each in plan.offer.candidates):
            raise InvalidRequestError(
                f"X-Channel names another channel than the one that keeps {name!r}, and only that "
                f"one can go on from it. Leave X-Channel away, or {instead}",
                param=param,
            )
        if channel is None:
            raise InvalidRequestError(
                f"The channel that kept the response {name!r} was removed, so nothing can go on "
                f"from it: {instead}",
                param=param,
            )
        if channel.status != "enabled":
            raise NoAvailableChannelError(
                f"Only the channel that keeps the response {name!r} can go on from it, and it is "
                f"switched off now. Try again later, or {instead}",
                param=param,
            )
        raise InvalidRequestError(
            f"Only the channel that keeps the response {name!r} can go on from it, and it does not "
            f"serve {peek.model} as responses. Use the model {newest.model}, or {instead}",
            param=param,
        )

    async def keep_streamed(self, life: Life) -> None:
        """Stores what a whole stream added up to, before its end goes out."""
        if life.watch is not None and life.watch.answer is not None:
            await self.keep(life, life.watch.answer)

    async def keep(self, life: Life, answer: bytes) -> None:
        """Stores a Response object before its last byte goes out; nothing with `store: false`.

        A compaction is not one: it is the caller's to keep.
        """
        from nexhina.dialects.openai_responses import is_stored  # on first use

        candidate, peek = life.served()
        found = _read_id(answer)
        name = found.id
        if not name or found.object != "response" or not is_stored(peek):
            return
        await self.save(
            life,
            name,
            answer,
            channel_id=candidate.channel.id,
            native=is_native(candidate) and found.store is not False,
            key_mark=mark_key(candidate.provider, life.target) if life.target is not None else "",
        )

    async def save(
        self,
        life: Life,
        name: str,
        answer: bytes,
        *,
        channel_id: int = 0,
        native: bool = False,
        key_mark: str = "",
    ) -> None:
        """Stores a Response object under this name; with channel 0 no vendor has to be asked about it."""
        from nexhina.dialects.responses_item import read_input_items  # on first use

        assert life.peek is not None
        now = life.row.created_at
        items = read_input_items(life.peek, life.call.body)
        row = StoredResponse(
            tenant_id=life.principal.tenant.id,
            id=name,
            channel_id=channel_id,
            native=native,
            model=life.peek.model,
            created_at=now,
            expires_at=now + KEPT,
            answer=answer,
            items=b"[" + b",".join(items) + b"]",
            previous_id=life.peek.previous_id,
            key_mark=key_mark,
        )
        await self.store.save(row)

    def number(self, event: bytes, watch: StreamWatch | None) -> bytes:
        """The event that ends a broken stream, with the number that comes next there."""
        from nexhina.dialects.openai_responses import number_stream_error  # on first use

        return number_stream_error(event, watch)


def is_native(candidate: Candidate) -> bool:
    """Whether the vendor speaks Responses itself, and keeps what it answers."""
    return candidate.provider.keeps and candidate.dialect.name in NATIVE


def _knows(candidate: Candidate, newest: StoredResponse) -> bool:
    """A vendor knows the ids that it gave, and no others."""
    return candidate.channel.id == newest.channel_id and is_native(candidate)


def _narrow(candidate: Candidate, newest: StoredResponse) -> Candidate:
    """The candidate with the one key that made the response; with all where that one is gone."""
    for target in candidate.targets:
        if len(candidate.targets) > 1 and mark_key(candidate.provider, target) == newest.key_mark:
            return msgspec.structs.replace(candidate, targets=(target,))
    return candidate


def read_turns(chain: list[StoredResponse]) -> tuple[bytes, ...]:
    """The items of a chain (newest first) as JSON, oldest first; InvalidRequestError: too many."""
    from nexhina.dialects.responses_item import read_output_items  # on first use

    items: list[bytes] = []
    for row in reversed(chain):
        items += map(bytes, _read_items(row.items))
        items += read_output_items(row.answer)
    if len(items) > MOST_ITEMS:
        raise _too_long()
    return tuple(items)


def read_total(row: StoredResponse) -> int | None:
    """All tokens that a response's vendor counted, the turns before it among them; None: it did not."""
    try:
        return _read_counted(row.answer).usage.total_tokens
    except msgspec.MsgspecError:
        return None


def not_found(name: str, param: str) -> NotFoundError:
    """The 404 of a response that is unknown, expired, deleted or another tenant's."""
    return NotFoundError(
        f"There is no response {name[:100]!r} here: it was never stored, was deleted, or is older "
        "than 30 days.",
        param=param,
    )


def _require_answer(row: StoredResponse) -> None:
    """Refuses to go on from what has no answer: a background response that runs, or never ended."""
    if b'"background":true' not in row.answer:
        return
    from nexhina.dialects.responses_background import UNANSWERED, read_state  # on first use

    status = read_state(row.answer).status
    if status in UNANSWERED:
        raise InvalidRequestError(
            f"The response {row.id!r} has no answer to go on from: it is {status}. Wait until it is "
            "completed, or go on from the one before it.",
            param="previous_response_id",
        )


def _too_long() -> InvalidRequestError:
    return InvalidRequestError(
        f"The turns before this one are more than {MOST_ITEMS} items or "
        f"{MOST_BYTES // 1024 // 1024} MiB; begin anew without previous_response_id.",
        param="previous_response_id",
    )
