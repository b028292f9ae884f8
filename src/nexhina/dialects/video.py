"""What a vendor of films owes the rest: a film is asked for, followed, fetched and given up.

A film is a job, not an answer: it is sent once, asked after until it has ended, and then fetched.
`VideoVendor` is the vendor's side of that, pure and without state. What callers send and get is read
and written in `openai_videos.py` and `video_generations.py`; both make the same `VideoRequest`.
Sending, waiting and storing are the pipeline's.
"""

from typing import Literal, Protocol

from msgspec import Raw, Struct

from nexhina.dialects.dialect import Outgoing, VendorError
from nexhina.dialects.quirk import Quirks
from nexhina.ports import Headers

State = Literal["queued", "in_progress", "completed", "failed", "cancelled"]
ENDED = frozenset({"completed", "failed", "cancelled"})

Variant = Literal["video", "thumbnail", "spritesheet"]


class Picture(Struct, frozen=True, kw_only=True):
    """A picture that the film begins with or follows: the bytes, or where they are."""

    data: bytes = b""
    content_type: str = ""  # told from the bytes
    url: str | None = None  # http(s) or a data: URL, as the caller gave it; then `data` is empty
    file_id: str | None = None  # a file that lies at the vendor


class VideoRequest(Struct, frozen=True, kw_only=True):
    """A film to be made, whatever route it was asked for by."""

    prompt: str
    size: str | None = None  # "1280x720", or a vendor's own word ("720p"); None: the vendor's usual
    ms: int | None = None  # milliseconds; None: the vendor's usual length
    fps: int | None = None
    seed: int | None = None
    pictures: tuple[Picture, ...] = ()
    source: str | None = None  # the vendor's id of the film that is to be made anew: a remix
    extra: dict[str, Raw] = {}  # the caller's other parameters, as JSON


class Ask(Struct, frozen=True, kw_only=True):
    """One request to a vendor.

    `path` begins with "./": below the operation's own path ("./video_1", or "." for itself);
    "/": below the channel's base URL; "~/": below the vendor's root (see `Provider.root`).
    Parts that come from a vendor are quoted already. `outgoing` None: no body.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    outgoing: Outgoing | None = None
    head: bytes = b""  # more header lines, each ended by CRLF


class Film(Struct, frozen=True, kw_only=True):
    """Where a film is: at the vendor's API (asked for with the channel's key), or behind a link."""

    ask: Ask | None = None
    url: str | None = None  # fetched without any key, by the fetcher that trusts nobody


class Progress(Struct, frozen=True, kw_only=True):
    """What a vendor says of a job."""

    state: State
    percent: int | None = None  # 0–100
    film: Film | None = None  # of a completed one, always
    ms: int | None = None  # milliseconds of film, where the vendor says so
    size: str | None = None  # "1280x720", where the vendor says so
    error: VendorError | None = None  # of a failed one, always
    charged: bool = False  # the vendor charges a job that failed or was cancelled all the same


class Submitted(Struct, frozen=True, kw_only=True):
    """A job that the vendor took."""

    id: str  # the vendor's; never empty, at most 500 visible ASCII characters
    progress: Progress


class VideoVendor(Protocol):
    """The vendor's side of films. Implementations hold no state."""

    name: str
    remixes: bool  # whether a film can be made anew from an earlier one (`VideoRequest.source`)
    variants: tuple[Variant, ...]  # what can be fetched of a film beside itself

    def write_submit(
        self, request: VideoRequest, upstream_model: str, quirks: Quirks | None
    ) -> Ask:
        """The submission, with a body; raises InvalidRequestError for what the vendor can't do.

        What it could not carry is in `outgoing.dropped`.
        """
        ...

    def read_submit(self, headers: Headers, body: bytes) -> Submitted | None:
        """What a 2xx to a submission says; None when it is none: then nobody knows."""
        ...

    def write_poll(self, vendor_id: str) -> Ask:
        """The question how far the job is."""
        ...

    def read_poll(self, vendor_id: str, headers: Headers, body: bytes) -> Progress | None:
        """What a 2xx to it says; None when it is no answer: it is asked again later."""
        ...

    def write_cancel(self, vendor_id: str) -> Ask | None:
        """The request to give a running job up, None where the vendor has none. A 2xx: it did."""
        ...

    def write_delete(self, vendor_id: str) -> Ask | None:
        """The request to remove a job that has ended with its film, None where the vendor has none."""
        ...

    def write_content(self, vendor_id: str, variant: Variant) -> Ask | None:
        """The request for something of a completed film beside itself; None: the vendor has none."""
        ...

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What the vendor's error answer says, whatever its shape."""
        ...
