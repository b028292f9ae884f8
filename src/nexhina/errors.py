"""Every error that a caller or an operator can meet.

An error is one class with a status, a code, a sentence and a fix. The docstring is the default
message. Rendering belongs to the dialects (`write_error`), raising to whoever knows the cause.

    NexhinaError                        status  code
    ├── InvalidRequestError             400     invalid_request_error
    │   ├── UnsupportedMediaTypeError   415     unsupported_media_type
    │   ├── BodyTooLargeError           413     body_too_large
    │   ├── UrlTooLongError             414     url_too_long
    │   ├── HeadersTooLargeError        431     headers_too_large
    │   ├── RequestTimeoutError         408     request_timeout
    │   ├── ConflictError               409     conflict
    │   ├── UpgradeRequiredError        426     upgrade_required
    │   └── VersionNotSupportedError    505     http_version_not_supported
    ├── InvalidApiKeyError              401     invalid_api_key
    ├── InsufficientQuotaError          402     insufficient_quota
    ├── PermissionDeniedError           403     permission_denied
    ├── NotFoundError                   404     not_found
    │   └── ModelNotFoundError          404     model_not_found
    ├── MethodNotAllowedError           405     method_not_allowed
    ├── RateLimitedError                429     rate_limit_exceeded
    ├── InternalError                   500     internal_error
    ├── NotBuiltError                   501     not_implemented
    ├── UpstreamError                   502     upstream_error
    │   ├── UpstreamTimeoutError        504     upstream_timeout
    │   └── SubmissionLostError         502     submission_lost
    └── NoAvailableChannelError         503     no_available_channel
        └── OverloadedError             503     overloaded

    UpstreamFailure   one attempt failed (never shown to a caller as it is)
    FetchError        an address that a caller or a vendor gave could not be read
    JournalError      the journal could not be written: the call is neither charged nor answered
    ClientGone        the caller hung up (thrown into a running pipeline)
    StartError        the process can't start or a command can't run: one line, an exit code
"""

import os
from typing import ClassVar, Literal

HeaderList = list[tuple[bytes, bytes]]


class NexhinaError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: str = "internal_error"
    type: ClassVar[str] = "server_error"

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: HeaderList | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.param = param
        self.headers: HeaderList = headers or []
        if code is not None:
            self.code = code
        super().__init__(self.message)


class InvalidRequestError(NexhinaError):
    """The request can't be understood."""

    status = 400
    code = "invalid_request_error"
    type = "invalid_request_error"


class UnsupportedMediaTypeError(InvalidRequestError):
    """The content type is not one that this route takes."""

    status = 415
    code = "unsupported_media_type"


class BodyTooLargeError(InvalidRequestError):
    """The request body is larger than this route takes."""

    status = 413
    code = "body_too_large"


class UrlTooLongError(InvalidRequestError):
    """The request's URL is too long."""

    status = 414
    code = "url_too_long"


class HeadersTooLargeError(InvalidRequestError):
    """The request has too many headers, or they are too long: at most 100 headers and 64 KiB."""

    status = 431
    code = "headers_too_large"


class RequestTimeoutError(InvalidRequestError):
    """The request did not arrive in time."""

    status = 408
    code = "request_timeout"


class ConflictError(InvalidRequestError):
    """The request contradicts an earlier one."""

    status = 409
    code = "conflict"


class UpgradeRequiredError(InvalidRequestError):
    """This route does not speak WebSocket; use POST."""

    status = 426
    code = "upgrade_required"


class VersionNotSupportedError(InvalidRequestError):
    """Only HTTP/1.0 and HTTP/1.1 are spoken here."""

    status = 505
    code = "http_version_not_supported"


class InvalidApiKeyError(NexhinaError):
    """Incorrect API key provided"""  # noqa: D415  (the site's text, to the letter)

    status = 401
    code = "invalid_api_key"
    type = "invalid_request_error"


class InsufficientQuotaError(NexhinaError):
    """The balance does not cover this request."""

    status = 402
    code = "insufficient_quota"
    type = "insufficient_quota"


class PermissionDeniedError(NexhinaError):
    """This API key may not do that."""

    status = 403
    code = "permission_denied"
    type = "permission_error"


class NotFoundError(NexhinaError):
    """There is nothing at this address."""

    status = 404
    code = "not_found"
    type = "invalid_request_error"


class ModelNotFoundError(NotFoundError):
    """This model does not exist here."""

    code = "model_not_found"


class MethodNotAllowedError(NexhinaError):
    """This route does not take that method."""

    status = 405
    code = "method_not_allowed"
    type = "invalid_request_error"


class RateLimitedError(NexhinaError):
    """Too many requests; try again later."""

    status = 429
    code = "rate_limit_exceeded"
    type = "rate_limit_exceeded"


class InternalError(NexhinaError):
    """The server met an error of its own; the operator finds it in the log under this request's id."""


class NotBuiltError(NexhinaError):
    """This installation can't do that."""

    status = 501
    code = "not_implemented"


class UpstreamError(NexhinaError):
    """Every channel of this model failed."""

    status = 502
    code = "upstream_error"
    type = "upstream_error"


class UpstreamTimeoutError(UpstreamError):
    """The channels of this model did not answer in time."""

    status = 504
    code = "upstream_timeout"


class SubmissionLostError(UpstreamError):
    """The job was lost at submission: whether the vendor took it is not known. Nothing is charged."""

    code = "submission_lost"


class NoAvailableChannelError(NexhinaError):
    """The channels of this model can't be tried now."""

    status = 503
    code = "no_available_channel"


class OverloadedError(NoAvailableChannelError):
    """The server is at its limit or about to stop; try again."""

    code = "overloaded"


FailureKind = Literal[
    "connect",  # refused, unreachable, name not found, TLS or proxy handshake failed
    "connect_timeout",
    "first_byte_timeout",
    "idle_timeout",
    "total_timeout",
    "closed",  # the connection ended before the answer was whole
    "protocol",  # bytes that are not HTTP, lengths that lie, an answer over the cap
]


class UpstreamFailure(Exception):  # noqa: N818  (a failed attempt is an outcome, not an error shown to anyone)
    """One attempt at an upstream failed below the level of HTTP statuses.

    `sent` tells whether the vendor may have seen the request (false: nothing left this machine).
    """

    def __init__(self, kind: FailureKind, detail: str, *, sent: bool = True) -> None:
        self.kind: FailureKind = kind
        self.detail = detail
        self.sent = sent
        super().__init__(f"{kind}: {detail}")


FetchKind = Literal[
    "refused",  # not an address that we read: scheme, form, a private network, a bad redirect
    "failed",  # no connection, no answer, an answer that is not 200
    "too_large",
    "too_slow",
]


class FetchError(Exception):
    """An address that a caller or a vendor gave could not be read.

    `detail` ends a sentence that begins with what was to be read; it names no inner address.
    """

    def __init__(self, kind: FetchKind, detail: str) -> None:
        self.kind: FetchKind = kind
        self.detail = detail
        super().__init__(f"{kind}: {detail}")


class ClientGone(Exception):  # noqa: N818
    """The caller closed the connection before the answer was whole."""


class JournalError(OSError):
    """The journal could not be written: what it was given does not count."""


def forget_frames(error: BaseException) -> None:
    """Takes the frames off an error that was dealt with, and off those that led to it.

    Frames lead back to the error that passed through them, and to all that was read for the call:
    a body of megabytes would wait for the cycle collector.
    """
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__context__


def explain_os_error(error: Exception) -> str:
    """What went wrong with a file or socket, without Python's numbers and tuples."""
    if isinstance(error, UnicodeError):
        return "it is not plain text"
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    if type(error) is type(OSError(error.errno, "")):
        return os.strerror(error.errno)
    return error.strerror or str(error)  # OpenSSL and the resolver count in numbers of their own


EXIT_USAGE, EXIT_NOT_FOUND, EXIT_CONFLICT = 2, 3, 4
"""Exit codes that a StartError may carry: a wrong setting, nothing there, taken; else it is 1."""


class StartError(Exception):
    """The process can't start, or a command can't run. Shown as one line on stderr."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        self.exit_code = exit_code
        super().__init__(message)
