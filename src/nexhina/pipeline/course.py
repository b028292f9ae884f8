"""What all calls of one key to one model in one format have in common, worked out once.

A course is charted at the first call and thrown away with the configuration it was made from.
Where calls differ in more than their text there is none: pipeline.py serves them.
"""

from collections.abc import Callable
from typing import cast

import msgspec

from nexhina.contract import header
from nexhina.contract.route import Route
from nexhina.dialects.dialect import Outgoing, Peek
from nexhina.domain.identity import CHANNEL_SEE, Principal
from nexhina.domain.log import LogRow
from nexhina.errors import NexhinaError
from nexhina.pipeline.plan import SANDBOX, Candidate, Plan, Planner
from nexhina.pipeline.purse import Account, Purse
from nexhina.ports import Metrics, Target

MOST_COURSES = 4096

_VERBATIM = Outgoing("verbatim", b"", ())
_LINES = b"%b: %%b\r\n%b: 1\r\n" % (header.CHANNEL, header.ATTEMPTS)


class Leg(msgspec.Struct, frozen=True, eq=False):
    """One candidate of a course's first tier, and what a call that it serves will be."""

    candidate: Candidate
    target: Target
    outgoing: Outgoing | None  # bodies go out as they came; None: they are written anew
    new_row: Callable[[], LogRow]  # a row of a call that this candidate served at once
    count: Callable[[LogRow], None]  # of the metrics, for such rows
    lines: bytes  # the header lines that never change; with `outgoing` the lane too


class Course(msgspec.Struct, frozen=True, eq=False):
    """Everything that is decided before a call comes. Without legs pipeline.py serves."""

    principal: Principal
    plan: Plan
    accounts: tuple[Account, ...]
    legs: tuple[Leg, ...]
    weights: tuple[int, ...]
    bounds: tuple[Callable[[Peek], int], ...]  # of all candidates: the dearest is held


class Courses:
    """The courses of one route."""

    def __init__(self, route: Route, planner: Planner, purse: Purse, metrics: Metrics) -> None:
        self._metrics = metrics
        self._route = route
        self._planner = planner
        self._purse = purse
        self._version = -1
        self._known: dict[tuple[int, str], Course] = {}

    def find(self, principal: Principal, peek: Peek, now: float) -> Course | None:
        """The course of this call at `now` (Unix seconds), None where it has none."""
        planner = self._planner
        if planner.version != self._version or now >= planner.stale_at:
            self._known.clear()  # with it the principals go that nothing else holds
            self._version = planner.version
        # A course holds its principal, so that no other can have this identity.
        key = (id(principal), peek.model)
        return self._known.get(key) or self._chart(principal, peek, now)

    def _chart(self, principal: Principal, peek: Peek, now: float) -> Course | None:
        try:
            plan = self._planner.plan(principal, self._route, peek, None, now)
            for candidate in plan.offer.candidates:
                if principal.token.budget_nano is not None and not candidate.priced:
                    return None
        except NexhinaError:
            return None  # and says why to whoever asks again
        accounts = self._purse.find(principal.accounts)
        if accounts is None or plan.offer.name != peek.model:
            return None
        if len(self._known) >= MOST_COURSES:
            self._known.clear()
        self._version = self._planner.version
        may = principal.token.status == "enabled" and all(map(is_plain, plan.tiers[0]))
        first = plan.tiers[0] if may else ()
        course = self._known[id(principal), peek.model] = Course(
            principal,
            plan,
            accounts,
            tuple(self._make_leg(principal, each, plan) for each in first),
            tuple(each.weight for each in first),
            tuple(each.bound for each in plan.offer.candidates),
        )
        return course

    def _make_leg(self, principal: Principal, candidate: Candidate, plan: Plan) -> Leg:
        channel, token = candidate.channel, principal.token
        row = LogRow(
            id="",
            request_id="",
            created_at=0.0,
            tenant_id=principal.tenant.id,
            user_id=token.user_id,
            token_id=token.id,
            token_name=token.name,
            channel_id=channel.id,
            channel_name=channel.name,
            operation=self._route.operation,
            model=plan.offer.name,
            upstream_model=candidate.upstream_model,
            dialect_in=self._route.dialect,
            dialect_out=candidate.dialect.name,
            lane="verbatim",
            attempts=1,
            unpriced=not candidate.priced,
            trace=plan.told,
        )
        label = candidate.label if CHANNEL_SEE in token.permissions else candidate.public_label
        same = candidate.quirks is None and not candidate.rewrites
        return Leg(
            candidate,
            candidate.targets[0],
            _VERBATIM if same else None,
            cast("Callable[[], LogRow]", row.__copy__),  # pyright: ignore[reportAttributeAccessIssue]  (every Struct has it)
            self._metrics.alike(msgspec.structs.replace(row, status=200)),
            _LINES % label + (write_lane("verbatim") if same else b""),
        )


def write_lane(lane: str) -> bytes:
    """The header line of the lane."""
    return b"%b: %b\r\n" % (header.LANE, lane.encode())


def is_plain(candidate: Candidate) -> bool:
    """Whether an attempt needs no choice of a key and leaves the process, and what it costs is clear."""
    clear = candidate.priced or not candidate.tariff.priced
    return clear and len(candidate.targets) == 1 and candidate.provider.scheme != SANDBOX
