"""The body of every error in OpenAI's dialects."""

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
