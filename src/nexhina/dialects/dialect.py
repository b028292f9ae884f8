"""What a wire format owes the rest.

A *bridge* is a dialect too: its caller's side (peek, answers, events, errors) is one format, its
vendor's side (requests, replies) another. So the pipeline knows no difference between the lanes.
"""

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from nexhina.dialects.envelope import Envelope
from nexhina.dialects.quirk import Quirks
from nexhina.domain.usage import Usage
from nexhina.errors import HeaderList, NexhinaError
from nexhina.ports import Body, Headers, Inbound

if TYPE_CHECKING:
    from nexhina.dialects.multipart import Form

Lane = Literal["verbatim", "splice", "translate"]


class Peek(Struct, kw_only=True, gc=False):
    """What the plan, the hold and the lanes need of a request, without a full parse.

    `text_bytes` is an upper bound of the prompt text: the whole body but media payloads.
    """

    model: str
    envelope: Envelope
    stream: bool = False
    text_bytes: int = 0
    media_parts: int = 0  # image, audio and file parts, inline or by URL
    file_parts: int = 0  # … of these, what is no image
    max_tokens: int | None = None
    n: int = 1
    include_usage: bool = False  # the caller asked for the usage chunk
    inputs: int = 1  # texts to embed
    dimensions: int | None = None
    encoding_format: str | None = None
    size: str | None = None
    quality: str | None = None
    response_format: str | None = None  # of images: url | b64_json
    output_format: str | None = None
    background: str | None = None
    partial_images: int = 0  # unfinished pictures that a stream shall bring before the whole one
    call_id: str = ""  # x-nexhina-id, where ids of the answer are made from it
    previous_id: str | None = None  # previous_response_id
    detached: bool = False  # the caller does not wait for the answer: a background response
    earlier: tuple[bytes, ...] = ()  # JSON items of the turns before this one, oldest first
    raw: bool = False  # the stream is bytes, not events: no pings, no error event
    characters: int = 0  # of a text to be spoken, or of an image's prompt
    speed: float | None = None
    sound_ms: int = 0  # of sound to be heard, as its container says
    sound_most_ms: int = 0  # … and at most, whatever it says
    video_ms: int = 0  # of one film to be made
    form: "Form | None" = None  # of a multipart request; then `envelope` is an empty one


class Outgoing(Struct, frozen=True, gc=False):
    """A request body for the vendor; `dropped` names parameters that it could not carry."""

    lane: Lane
    body: Body
    dropped: tuple[str, ...]
    kind: bytes | None = None  # content type of the body; None: the target's own, JSON


class Answer(Struct, frozen=True, kw_only=True, gc=False):
    """What a whole answer says. `text_bytes`: output text, for estimates; 0 beside a usage."""

    usage: Usage | None
    text_bytes: int
    model: str | None
    kind: bytes | None = None  # content type for the caller; None: the vendor's
    counted: Usage | None = None  # beside no usage: a count that knows of no output


class VendorError(Struct, frozen=True, kw_only=True):
    """A vendor's error, freed of keys and addresses; `message` is never empty."""

    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None


class StreamWatch(Protocol):
    """Looks at a stream on its way to the caller. Only whole events pass, and at once."""

    events: bool  # False: bytes, and `write_head` says of what kind
    content: bool  # something of the answer itself was seen
    usage: Usage | None
    text_bytes: int  # relayed text, for estimates
    counted_bytes: int | None  # … of it when `usage` came, where that may be amid the text
    ended: bool  # the end mark was seen, or `finish` took the clean end for one
    tail: bytes  # the held-back piece with the end mark: written after the journal has the record
    error: VendorError | None  # the vendor's error event, or bytes that are no events
    answer: bytes | None  # of formats whose answers can be kept: the whole one, once `ended`

    def write_head(self, headers: Headers) -> HeaderList:
        """The head of the caller's answer where it is no event stream; `headers`: the vendor's."""
        ...

    def feed(self, data: bytes) -> bytes:
        """The whole events that may go to the caller now; nothing once it `ended` or has `error`."""
        ...

    def finish(self, *, clean: bool) -> bytes:
        """The tail to write at the end of the body; `clean`: the framing said that it is whole."""
        ...


class Dialect(Protocol):
    """A wire format. Implementations hold no state: one instance serves every request."""

    name: str
    streams: bool  # whether `stream: true` means something here

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        ...

    def prompt_bytes(self, peek: Peek, body: bytes | bytearray) -> int:
        """UTF-8 bytes of the prompt's text, at most `peek.text_bytes`: a full parse, for estimates."""
        ...

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The request for a vendor of the same dialect; raises InvalidRequestError by a quirk."""
        ...

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is not an answer to this request (a failed attempt)."""
        ...

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 to `stream: true` begins a stream; False is a failed attempt."""
        ...

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:
        """The caller's answer, under the public model name; `body` itself when nothing changes."""
        ...

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:
        """A watch for one stream; raises NotImplementedError where `streams` is False."""
        ...

    def write_error(self, error: NexhinaError) -> tuple[int, HeaderList, bytes]:
        """The answer for an error before a stream began."""
        ...

    def write_stream_error(self, error: NexhinaError) -> bytes:
        """The event for an error inside a stream."""
        ...

    def write_ping(self) -> bytes:
        """An event that says nothing, to keep a waiting caller's connection open."""
        ...

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What a vendor's error answer says, whatever its shape."""
        ...
