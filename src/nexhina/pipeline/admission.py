"""Stages 4 and 7 of a call's money: the hold before, the usage after, the purse's move at the end.

The bound that is held is the dearest candidate's price for the most that the request can use
(DESIGN §6); the charge uses the tariff of the channel that served.
"""

from collections.abc import Callable, Iterable

from nexhina.billing.bound import estimate_hearing, estimate_images, fitting_max_tokens
from nexhina.billing.refusal import refuse_unpriced, short_balance
from nexhina.domain.log import LogRow
from nexhina.domain.usage import Usage
from nexhina.errors import InsufficientQuotaError, OverloadedError
from nexhina.pipeline.bound import HEARING, IMAGES, TEXT, bound_usage, estimate_usage
from nexhina.pipeline.life import Life
from nexhina.pipeline.plan import Candidate
from nexhina.pipeline.purse import Purse, ShortBalanceError

_HEARD = ("input", "audio_input", "output")
"""Tokens of sound that is written down."""


class Admission:
    """Opens, closes and explains holds."""

    def __init__(
        self,
        purse: Purse,
        is_overloaded: Callable[[], bool],
        list_open: Callable[[], Iterable[LogRow]],
    ) -> None:
        """`is_overloaded`: the books are too far behind to take more calls. `list_open`: the rows of
        calls that were opened and have not ended.
        """
        self.purse = purse
        self._is_overloaded = is_overloaded
        self._list_open = list_open
        self.held_by_jobs: Callable[[int], int] = lambda _: 0
        """nano-USD set aside for jobs of a token."""

    def admit(self, life: Life) -> bool:
        """Holds the bound on all accounts of the caller; raises InsufficientQuotaError, OverloadedError.

        False: memory does not have the accounts yet; `load` them and ask again.
        """
        if self._is_overloaded():
            raise OverloadedError(
                "The server can't write its books now and takes no more calls. Try again later."
            )
        accounts = self.purse.find(life.principal.accounts)
        if accounts is None:
            return False
        bound = self._bound(life)
        try:
            life.hold = self.purse.hold(accounts, bound)
        except ShortBalanceError as short:
            raise self._refusal(life, short, bound) from None
        life.row.hold_nano = bound
        return True

    async def load(self, life: Life) -> None:
        """Reads the caller's accounts into memory."""
        await self.purse.load(life.principal.accounts)

    def _bound(self, life: Life) -> int:
        """nano-USD: the dearest candidate's price of the most that the call can use."""
        assert life.plan is not None
        assert life.peek is not None
        has_budget = life.principal.token.budget_nano is not None
        dearest = 0
        for tier in life.plan.tiers:
            for candidate in tier:
                if has_budget and not candidate.priced:
                    raise refuse_unpriced(life.row.model)
                nano = candidate.bound(life.peek)
                dearest = max(dearest, nano)
        return dearest

    def _refusal(self, life: Life, short: ShortBalanceError, bound: int) -> InsufficientQuotaError:
        assert life.plan is not None
        assert life.peek is not None
        fitting: int | None = None
        if life.row.operation in TEXT:
            fits = [
                fitting_max_tokens(c.tariff, short.available, _bound_usage(life, c), life.peek.n)
                for c in life.plan.offer.candidates
            ]
            fitting = min((fit for fit in fits if fit is not None), default=None)
        return short_balance(bound, short.available, fitting)

    def usage_so_far(self, life: Life) -> Usage | None:
        """What a stream used up to now: the vendor's word, else the estimate; None before content."""
        watch = life.watch
        if watch is None:
            return None
        if watch.usage is not None:
            before = watch.text_bytes if watch.usage.output else 0  # of what it counted, at most
            if (
                watch.counted_bytes is not None
                and min(watch.counted_bytes, before) < watch.text_bytes
            ):
                return self.estimate(life, watch.text_bytes, watch.usage)
            return self.complete(life, watch.usage, watch.text_bytes)
        return self.estimate(life, watch.text_bytes) if watch.content else None

    def estimate(self, life: Life, relayed_text_bytes: int, counted: Usage | None = None) -> Usage:
        """The usage of a call whose vendor did not tell it, never above what was held.

        `counted`: what it told before the answer's end.
        """
        candidate, peek = life.served()
        text_bytes = candidate.dialect.prompt_bytes(peek, life.call.body)
        return estimate_usage(
            life.row.operation,
            candidate.tariff,
            peek,
            text_bytes,
            relayed_text_bytes,
            _bound_usage(life, candidate),
            counted=counted,
        )

    def complete(self, life: Life, usage: Usage, relayed_text_bytes: int) -> Usage:
        """The vendor's count, with tokens where they are what has a price and it told none.

        So it is with some models of pictures, and with sound whose vendor told the time.
        """
        operation = life.row.operation
        if operation not in IMAGES and operation not in HEARING:
            return usage
        candidate, peek = life.served()
        tariff, hold = candidate.tariff, _bound_usage(life, candidate)
        text_bytes = candidate.dialect.prompt_bytes(peek, life.call.body)
        if operation in IMAGES:
            return estimate_images(tariff, usage, text_bytes, hold)
        told = usage.input or usage.audio_input or usage.output
        if told or tariff.prices_kind("audio") or not any(map(tariff.prices_kind, _HEARD)):
            return usage
        return estimate_hearing(tariff, usage.audio, text_bytes, relayed_text_bytes, hold)

    def settle(self, life: Life, charge: int) -> None:
        """Turns the hold into a charge; a call that was never admitted has none."""
        if life.hold is not None:
            self.purse.settle(life.hold, charge)
            life.hold = None

    def held_by_token(self, token_id: int, /) -> int:
        """nano-USD of the open holds of calls and jobs made with this token."""
        held = sum(row.hold_nano for row in self._list_open() if row.token_id == token_id)
        return held + self.held_by_jobs(token_id)

    def open_holds(self) -> int:
        """nano-USD that is held now, over all accounts."""
        return self.purse.open_holds()

    def overrun(self) -> int:
        """nano-USD that vendors reported above the bounds and that no balance covered."""
        return self.purse.overrun


def _bound_usage(life: Life, candidate: Candidate) -> Usage:
    """The most that this call can use on this candidate."""
    assert life.peek is not None
    assert life.plan is not None
    return bound_usage(life.row.operation, life.plan.offer.model, candidate.tariff, life.peek)
