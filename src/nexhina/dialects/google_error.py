"""Errors in Google's shape: a number, a word of its own list, and our code among the details."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from nexhina.errors import HeaderList, NexhinaError

STATUSES: Mapping[int, str] = MappingProxyType(
    {
        401: "UNAUTHENTICATED",
        402: "RESOURCE_EXHAUSTED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        405: "UNIMPLEMENTED",
        408: "DEADLINE_EXCEEDED",
        409: "ABORTED",
        412: "FAILED_PRECONDITION",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        501: "UNIMPLEMENTED",
        502: "UNAVAILABLE",
        503: "UNAVAILABLE",
        504: "DEADLINE_EXCEEDED",
        505: "UNIMPLEMENTED",
    }
)
"""The word by HTTP status; the other statuses are refusals of what was sent: INVALID_ARGUMENT."""

_DOMAIN = "nexhina"
_TYPE = "type.googleapis.com/google.rpc."


def write_error(error: NexhinaError) -> tuple[int, HeaderList, bytes]:
    """Status, headers and body."""
    details: list[dict[str, Any]] = [
        {"@type": f"{_TYPE}ErrorInfo", "reason": error.code.upper(), "domain": _DOMAIN}
    ]
    if error.param:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    wait = next((value for name, value in error.headers if name == b"retry-after"), b"")
    if wait.isdigit():
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{wait.decode()}s"})
    written = {
        "code": error.status,
        "message": error.message,
        "status": STATUSES.get(error.status, "INVALID_ARGUMENT"),
        "details": details,
    }
    headers: HeaderList = [(b"content-type", b"application/json"), *error.headers]
    return error.status, headers, msgspec.json.encode({"error": written})
