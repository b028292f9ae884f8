"""What vendors of films ask of a request before they are sent it."""

from nexhina.dialects.video import Picture, VideoRequest
from nexhina.errors import InvalidRequestError


def require_one_picture(request: VideoRequest) -> Picture | None:
    """The picture that the film begins with, if any; raises InvalidRequestError for more than one."""
    pictures = request.pictures
    if len(pictures) > 1:
        raise InvalidRequestError(
            f"{len(pictures)} pictures were given; this model takes one to begin with.",
            param="input_reference",
        )
    return pictures[0] if pictures else None


def require_seconds(ms: int) -> int:
    """Whole seconds; raises InvalidRequestError for parts of one."""
    if ms % 1000:
        raise InvalidRequestError(
            f"'seconds' is {ms / 1000:g}; the provider of this model counts whole seconds.",
            param="seconds",
        )
    return ms // 1000
