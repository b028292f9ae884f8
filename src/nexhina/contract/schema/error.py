"""The body of every error: in OpenAI's dialects, and in Google's."""

from typing import Any

from msgspec import Struct


class ErrorDetail(Struct, kw_only=True, omit_defaults=True):
    """What went wrong."""

    message: str
    type: str
    code: str | None
    param: str | None = None


class Error(Struct, kw_only=True):
    """The shape of every error."""

    error: ErrorDetail


class GoogleErrorDetail(Struct, kw_only=True):
    """What went wrong, in Google's shape."""

    code: int
    message: str
    status: str
    details: list[dict[str, Any]]


class GoogleError(Struct, kw_only=True):
    """The shape of every error below /v1beta."""

    error: GoogleErrorDetail
