"""What vendors of films have in common who make a film from a prompt, and nothing of an earlier one."""

from nexhina.dialects import openai_error
from nexhina.dialects.dialect import VendorError
from nexhina.dialects.video import Ask, Picture, Variant, VideoRequest
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers


class PlainVideos:
    """The parts of a `VideoVendor` without remixes, without pictures of a film, without a way to stop."""

    name = ""
    remixes = False
    variants: tuple[Variant, ...] = ()

    def write_cancel(self, vendor_id: str) -> Ask | None:  # noqa: ARG002  (the protocol's)
        """Not to be had."""
        return None

    def write_delete(self, vendor_id: str) -> Ask | None:  # noqa: ARG002  (the protocol's)
        """Not to be had: the vendor's copy goes by itself."""
        return None

    def write_content(self, vendor_id: str, variant: Variant) -> Ask | None:  # noqa: ARG002  (the protocol's)
        """Nothing but the film."""
        return None

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What the vendor's error answer says."""
        return openai_error.read_error(status, headers, body)


def refuse_remix(request: VideoRequest) -> None:
    """Raises InvalidRequestError for a film that is to be made anew from an earlier one."""
    if request.source is not None:
        raise InvalidRequestError("The provider of this model does not remix; ask for a new film.")


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
