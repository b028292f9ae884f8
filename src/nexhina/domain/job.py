"""A durable job: work at a vendor that outlives the request that asked for it."""

from typing import Literal

import msgspec

JobState = Literal["submitting", "queued", "in_progress", "completed", "failed", "cancelled"]
OPEN: tuple[JobState, ...] = ("submitting", "queued", "in_progress")
"""States of jobs that go on. `submitting`: it may have been sent, and no vendor's id is known."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job. Times in Unix seconds, amounts in nano-USD."""

    number: int = 0  # the database's, in the order of creation
    id: str  # "video_…"
    tenant_id: int
    token_id: int
    operation: str
    model: str  # as asked for
    channel_id: int | None = None  # who was asked last
    upstream_model: str = ""
    vendor_id: str = ""  # the vendor's name for it; "" until it was taken
    key_mark: str = ""  # which of the channel's keys it was sent with
    state: JobState
    percent: int = 0
    request: bytes  # the parameters as JSON, without pictures
    source_id: str | None = None  # the job that this one makes anew
    files: dict[str, str] = {}  # names of stored files by variant
    ms: int | None = None  # milliseconds of film: asked for, at last made
    size: str | None = None  # "1280x720": asked for, at last made
    error_code: str = ""
    error_text: str = ""
    created_at: float
    taken_at: float | None = None  # when the vendor took it
    ended_at: float | None = None
    expires_at: float | None = None  # when its files go
    deadline_at: float  # when it is given up
    poll_at: float | None = (
        None  # when its vendor is asked next; None: it has ended or was not sent
    )
    polls: int = 0
    failures: int = 0  # polls and fetches that failed, one after the other
    worker: str  # whose life sends it, while it is `submitting`
    epoch: int
    key: str | None = None  # Idempotency-Key
    body_hash: bytes = b""  # of the request that came with it
    accounts: tuple[str, ...]  # what it is charged to
    held: int  # set aside on each of them
    row: bytes  # the log row's facts so far, as msgpack

    @property
    def ended(self) -> bool:
        """Whether it does not change any more."""
        return self.state not in OPEN
