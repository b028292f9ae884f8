"""Failed attempts: how long a vendor wants to be left alone, and what the caller is told at last.

What a status means is the vendor's declaration (`providers.spec`); the loop is `pipeline.attempts`.
"""

from collections.abc import Sequence
from email.utils import mktime_tz, parsedate_tz
from math import ceil

import msgspec

from nexhina.errors import (
    NexhinaError,
    NoAvailableChannelError,
    RateLimitedError,
    UpstreamError,
    UpstreamTimeoutError,
)

LONGEST_COOLDOWN = 300.0
"""Seconds: a vendor that asks for more is tried again after this all the same."""


class Failure(msgspec.Struct, frozen=True):
    """One candidate that did not serve.

    `cause` is a FailureKind, "status", "answer", "skipped" or "unfit" (it can't carry the request).
    """

    cause: str
    status: int = 0
    retry_after: float | None = None  # seconds
    busy: bool = False
    refused: bool = False  # the vendor did not accept our key
    late: bool = False  # a stream broke after its first content, which counted as a success
    refusal: NexhinaError | None = None  # of an unfit candidate: what its caller would have to mend

    @property
    def skipped(self) -> bool:
        """Whether nothing was sent: its breaker was open, its keys rested, no retry was left."""
        return self.cause == "skipped"


def read_retry_after(value: bytes | None, now: float) -> float | None:
    """Seconds to wait from a Retry-After field: a number or an HTTP date; None when unreadable."""
    if not value:
        return None
    text = value.decode("latin-1").strip()
    try:
        seconds = float(text)
    except ValueError:
        parsed = parsedate_tz(text)
        if parsed is None:
            return None
        seconds = mktime_tz(parsed) - now
    if seconds != seconds or seconds < 0:  # noqa: PLR0124  (NaN)
        return 0.0
    return min(seconds, LONGEST_COOLDOWN)


def choose_final_error(failures: Sequence[Failure], model: str) -> NexhinaError:
    """The error of a call whose every candidate failed: its last cause (DESIGN §3).

    That a candidate is unfit is the caller's to mend only where none of the others could serve.
    """
    refusals = [failure.refusal for failure in failures if failure.refusal is not None]
    if refusals and len(refusals) == len(failures):
        return refusals[0]
    failures = [failure for failure in failures if failure.refusal is None]
    if all(failure.skipped or failure.busy for failure in failures) and not all(
        failure.busy for failure in failures
    ):
        waits = [f.retry_after for f in failures if f.retry_after is not None]
        seconds = max(1, ceil(min(waits))) if waits else 1
        return NoAvailableChannelError(
            f"No channel of {model} can be tried now: each has failed or was refused lately. "
            f"Try again in {seconds} s.",
            headers=[(b"retry-after", b"%d" % seconds)],
        )
    failures = [failure for failure in failures if not failure.skipped] or failures
    one = len(failures) == 1
    tried = f"{'the only channel' if one else f'{len(failures)} channels'} of {model}"
    if all(failure.busy for failure in failures):
        waits = [f.retry_after for f in failures if f.retry_after is not None]
        seconds = max(1, ceil(min(waits))) if waits else 1
        return RateLimitedError(
            f"{'The only channel' if one else f'All {len(failures)} channels'} of {model} "
            f"{'is' if one else 'are'} busy. Try again in {seconds} s.",
            headers=[(b"retry-after", b"%d" % seconds)],
        )
    if failures[-1].cause in {
        "connect_timeout",
        "first_byte_timeout",
        "idle_timeout",
        "total_timeout",
    }:
        return UpstreamTimeoutError(f"Tried {tried}; the last did not answer in time. Try again.")
    return UpstreamError(
        f"Tried {tried}; the last {_describe(failures[-1])}. Try again, or choose another model."
    )


def _describe(failure: Failure) -> str:
    if failure.cause == "status":
        return f"answered with status {failure.status}"
    return {
        "connect": "could not be reached",
        "closed": "closed the connection before its answer was whole",
        "protocol": "broke the protocol",
        "answer": "sent something that is not an answer",
    }.get(failure.cause, "failed")
