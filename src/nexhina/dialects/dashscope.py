"""What DashScope's own formats share: the envelope of its answers, its errors, its words for OpenAI's.

An answer is `{"request_id", "output", "usage"}`, a refusal `{"code", "message", "request_id"}`; a
task tells its end in `output.task_status`, and its failure beside it.
"""

from collections.abc import Iterable, Mapping

from msgspec import Raw, Struct

from nexhina.dialects.openai_error import clean_text
from nexhina.errors import InvalidRequestError

POLICY_CODES = frozenset(
    {"DataInspectionFailed", "data_inspection_failed", "IPInfringementSuspect"}
)
"""By these the vendor means the caller's content."""

CALLER_CODES = frozenset({"InvalidParameter", "InvalidURL", "InvalidParameter.DataInspection"})
"""By these, inside a task that failed, the caller's parameters."""


class Failure(Struct):
    """What went wrong, where something did."""

    code: str | None = None
    message: str | None = None


def require_served(failure: Failure) -> None:
    """Raises InvalidRequestError where a task failed by the caller's fault."""
    code = failure.code or ""
    if code in POLICY_CODES:
        raise InvalidRequestError(_write(failure), code="content_policy_violation")
    if code in CALLER_CODES:
        raise InvalidRequestError(_write(failure))


def write_size(size: str) -> str:
    """The size in the vendor's way: 1024*1024 for 1024x1024."""
    return size.replace("x", "*")


def read_made_at(call_id: str) -> int:
    """Unix seconds of a call, from its id (UUIDv7): when the answer says nothing."""
    try:
        return int(call_id.replace("-", "")[:12], 16) // 1000
    except ValueError:
        return 0


def list_given(members: Mapping[str, Raw], names: Iterable[str]) -> list[str]:
    """Those of the names that were given and are not null."""
    return sorted(name for name in names if bytes(members.get(name, b"null")) != b"null")


def _write(failure: Failure) -> str:
    return clean_text(failure.message or "") or "The provider refused this request."
