"""The log row: one per call, from which its charge can be recomputed by hand."""

import msgspec

from nexhina.domain.usage import ChargeLine


class LogRow(msgspec.Struct, array_like=True, kw_only=True, gc=False):
    """What is known of a call, filled in while it lives. Times in microseconds since its first byte.

    Field order is the order in the journal: append at the end only.
    """

    id: str  # x-nexhina-id, UUIDv7
    request_id: str  # x-request-id: the caller's, else the same as id
    created_at: float  # Unix seconds
    tenant_id: int
    user_id: int
    token_id: int
    token_name: str
    channel_id: int | None = None
    channel_name: str = ""
    operation: str
    model: str = ""  # as asked for
    upstream_model: str = ""
    dialect_in: str
    dialect_out: str = ""
    lane: str = ""  # verbatim | splice | translate | "" when nothing was tried
    attempts: int = 0
    status: int = 0  # HTTP status the caller saw; 499 when they left first
    error_code: str = ""
    stream: bool = False
    estimated: bool = False
    unpriced: bool = False
    abandoned: bool = False  # the process died before the end; booked at the next start
    queue_us: int = 0  # until the attempt that served was sent
    first_byte_us: int = 0
    total_us: int = 0
    hold_nano: int = 0
    charge_nano: int = 0
    lines: tuple[ChargeLine, ...] = ()
    trace: tuple[str, ...] = ()  # decision trace, one short sentence per step
