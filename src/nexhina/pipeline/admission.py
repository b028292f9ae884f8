"""Stages 4 and 7 of a call's money: the hold before, the usage after, the purse's move at the end.

The bound that is held is the dearest candidate's price for the most that the request can use
(DESIGN §6); the charge uses the tariff of the channel that served.
"""

from collections.abc import Callable, Iterable

from nexhina.billing.bound import estimate_images, fitting_max_tokens
from nexhina.billing.refusal import require_price, short_balance
from nexhina.domain.log import LogRow
from nexhina.domain.usage import Usage
from nexhina.errors import InsufficientQuotaError, OverloadedError
from nexhina.pipeline.bound import TEXT, bound_usage, estimate_usage
from nexhina.pipeline.life import Life
from nexhina.pipeline.plan import Candidate
from nexhina.pipeline.purse import Purse, ShortBalanceError


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
                if has_budget:
                    require_price(candidate.tariff, life.row.model, has_budget=True)
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
            return self.count_pictures(life, watch.usage) if watch.usage.image else watch.usage
        return self.estimate(life, watch.text_bytes) if watch.content else None

    def estimate(self, life: Life, relayed_text_bytes: int) -> Usage:
        """The usage of a call whose vendor did not tell it, never above what was held."""
        candidate, peek = life.served()
        text_bytes = candidate.dialect.prompt_bytes(peek, life.call.body)
        return estimate_usage(
            life.row.operation,
            candidate.tariff,
            peek,
            text_bytes,
            relayed_text_bytes,
            _bound_usage(life, candidate),
        )

    def count_pictures(self, life: Life, usage: Usage) -> Usage:
        """The usage of pictures; their tokens are estimated where the vendor counted none."""
        candidate, peek = life.served()
        text_bytes = candidate.dialect.prompt_bytes(peek, life.call.body)
        return estimate_images(candidate.tariff, usage, text_bytes, _bound_usage(life, candidate))

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
