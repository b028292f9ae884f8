"""What OpenAI's JSON formats share: splicing a request, renaming an answer's model, errors.

One class per operation builds on it; the formats differ in what they peek and what they count.
"""

from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects import openai_error
from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch, VendorError
from nexhina.dialects.envelope import Edit, Envelope, read_envelope, splice, splice_value
from nexhina.dialects.parameter import refuse_parameters, require_json
from nexhina.dialects.quirk import Quirks, plan_changes
from nexhina.domain.usage import Usage
from nexhina.errors import HeaderList, InvalidRequestError, NexhinaError
from nexhina.ports import Headers, Inbound

Head = TypeVar("Head", bound=Struct)


_INCLUDE_USAGE = b'"stream_options":{"include_usage":true}'
_JSON_TYPES = (b"application/json", b"application/json; charset=utf-8")
_NOT_TEXT = frozenset(("role", "type", "id", "index", "tool_call_id", "input_audio", "file_data"))
_SHORT_REST = 1024
_LONGEST_WALKED = 256 * 1024
_ESCAPED = 3  # bytes that \uXXXX is longer than the character in UTF-8, mostly
_members = msgspec.json.Decoder(dict[str, Raw])
_NUMBER = msgspec.json.Decoder(float | None)


class OpenAIDialect:
    """The parts of `Dialect` that are the same for every operation in OpenAI's format."""

    name = ""
    streams = False

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The request for a vendor of the same dialect; raises InvalidRequestError by a quirk.

        A format may let its callers leave the model out; vendors get one in any case.
        """
        envelope = peek.envelope
        edits: dict[str, Edit] = {}
        dropped: tuple[str, ...] = ()
        added = b""
        if quirks is not None:
            dropped = plan_quirks(peek, quirks, edits)
        if peek.stream and not (
            peek.include_usage or (quirks is not None and quirks.no_stream_options)
        ):
            options = envelope.members.get("stream_options")
            if options is None:
                added = _INCLUDE_USAGE
            else:
                edits["stream_options"] = Edit(value=_ask_for_usage(options))
        given = envelope.members.get("model")
        model = b""  # to be put in the place of the given one
        if given is None:
            named = b'"model":' + msgspec.json.encode(upstream_model)
            added = b"%b,%b" % (added, named) if added else named
        elif upstream_model != peek.model or bytes(given) == b"null":
            model = msgspec.json.encode(upstream_model)
        if edits:
            if model:
                edits["model"] = Edit(value=model)
            return Outgoing("splice", splice(envelope, body, edits, added), dropped)
        if model:
            sent = splice_value(envelope, body, "model", model, added)
        elif added:
            sent = splice_value(envelope, body, None, b"", added)
        else:
            return Outgoing("verbatim", body, dropped)
        return Outgoing("splice", sent, dropped)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002  (bridges need it)
        """The answer under the public name; `body` itself when its model is not `upstream`."""
        if upstream == public:
            return body
        return rename_member(body, upstream, public)

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 to `stream: true` begins a stream."""
        return headers.get(b"content-type", b"")[:17].lower() == b"text/event-stream"

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:
        """Nothing streams here, unless a subclass says otherwise."""
        raise NotImplementedError(f"{self.name} does not stream")

    def write_error(self, error: NexhinaError) -> tuple[int, HeaderList, bytes]:
        """The answer for an error before a stream began."""
        return openai_error.write_error(error)

    def write_stream_error(self, error: NexhinaError) -> bytes:
        """The event for an error inside a stream."""
        return openai_error.write_stream_error(error)

    def write_ping(self) -> bytes:
        """A comment that keeps the connection open."""
        return openai_error.write_ping()

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What a vendor's error answer says, whatever its shape."""
        return openai_error.read_error(status, headers, body)


def open_request(call: Inbound, *, form: bool = False) -> Envelope:
    """The top level of a JSON request; raises InvalidRequestError, UnsupportedMediaTypeError.

    `form`: the route takes forms too, which the refusal tells.
    """
    require_json(call.headers, form=form)
    return read_envelope(call.body)


def read_head(
    envelope: Envelope, decoder: msgspec.json.Decoder[Head], schema: type[Struct]
) -> Head:
    """The typed parameters; raises InvalidRequestError that names the one that does not fit."""
    try:
        return decoder.decode(envelope.text)
    except msgspec.ValidationError as failure:
        refuse_parameters(envelope.members, schema, failure)
    except (msgspec.DecodeError, RecursionError) as failure:
        raise InvalidRequestError(f"The request body is not valid JSON: {failure}.") from None


def refuse_stream(raw: Raw | None, route: str) -> None:
    """Raises InvalidRequestError for `stream: true` where nothing streams."""
    if raw is not None and bytes(raw) not in (b"false", b"null"):
        raise InvalidRequestError(
            f"'stream' must be false on {route}, which does not stream; leave it out.",
            param="stream",
        )


def is_json_head(headers: Headers) -> bool:
    """Whether an answer says that it is JSON, or says nothing."""
    kind = headers.get(b"content-type")
    if kind is None or kind in _JSON_TYPES:
        return True
    kind = kind.partition(b";")[0].strip().lower()
    return kind in (b"application/json", b"text/json", b"") or kind.endswith(b"+json")


def read_json_answer(
    headers: Headers, body: bytes, decoder: msgspec.json.Decoder[Head]
) -> Head | None:
    """The typed answer; None when it says that it is no JSON, is none, or has another shape."""
    if not is_json_head(headers):
        return None
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def is_top_level(text: bytes, at: int) -> bool:
    """Whether a key that begins at `at` is certainly one of the object's own; False = look closer.

    A quote behind `,` or `{` opens a string when a key's text and `":` follow, so only the depth is
    open: nothing was opened before it but the object itself.
    """
    return (
        text[at - 1 : at] in (b",", b"{")
        and text.count(b"{", 0, at) == 1
        and text.find(b"[", 0, at) < 0
    )


def _is_last_level(body: bytes, at: int, name: bytes) -> bool:
    """Whether `at`, behind a comma, begins the last members of the object, with this "model".

    What follows is then the rest of the object with its own end; a quote behind a comma opens a key
    where `"model":` follows.
    """
    if len(body) - at > _SHORT_REST or body[at - 1] != 0x2C:
        return False
    try:
        return bytes(_members.decode(b"{" + body[at:]).get("model", b"")) == name
    except (msgspec.DecodeError, RecursionError):
        return False


def rename_member(body: bytes, upstream: str, public: str) -> bytes:
    """The object with its own "model" named `public`; `body` itself unless that is `upstream`."""
    name = msgspec.json.encode(upstream)
    old = b'"model":' + name
    at = body.find(old)
    if at > 0 and (
        is_top_level(body, at) or (body.rfind(old) == at and _is_last_level(body, at, name))
    ):
        return body[: at + 8] + msgspec.json.encode(public) + body[at + len(old) :]
    try:
        envelope = read_envelope(body)
        model = envelope.members.get("model")
        if model is None or msgspec.json.decode(model) != upstream:
            return body
    except (InvalidRequestError, msgspec.DecodeError):
        return body
    return splice_value(envelope, body, "model", msgspec.json.encode(public))


def plan_quirks(peek: Peek, quirks: Quirks, edits: dict[str, Edit]) -> tuple[str, ...]:
    """Adds the edits that the quirks ask for; the names to report. Raises InvalidRequestError."""
    members = peek.envelope.members
    changes = plan_changes(
        quirks,
        peek.model,
        members.keys(),
        lambda name: bytes(members[name]) != b"null",
        lambda name: _read_number(members[name]),
    )
    for name in changes.removed:
        edits[name] = Edit(remove=True)
    for name, new in changes.renamed.items():
        edits[name] = Edit(name=new)
    for name, bound in changes.moved.items():
        edits[name] = edits.get(name, Edit())._replace(value=msgspec.json.encode(bound))
    return changes.dropped


def _read_number(raw: Raw) -> float | None:
    """The number, None when it is none."""
    try:
        return _NUMBER.decode(raw)
    except msgspec.ValidationError:
        return None


def _ask_for_usage(options: Raw) -> bytes:
    """The caller's stream options with `include_usage: true`."""
    text = bytes(options)
    if text == b"null":
        return b'{"include_usage":true}'
    envelope = read_envelope(text)
    if not envelope.members:
        return b'{"include_usage":true}'
    if "include_usage" in envelope.members:
        return splice(envelope, text, {"include_usage": Edit(value=b"true")})
    return splice(envelope, text, {}, b'"include_usage":true')


def count_text(text: str) -> int:
    """Its length in UTF-8 bytes."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def tell_unsure(usage: Usage | None, text_bytes: int, model: str | None) -> Answer:
    """The facts of an answer whose vendor counted no output: with a text, that can't be all."""
    if usage is None or text_bytes:
        return Answer(usage=None, counted=usage, text_bytes=text_bytes, model=model)
    return Answer(usage=usage, text_bytes=0, model=model)


def count_json(raw: bytes | Raw) -> int:
    """As `count_strings` of this JSON; of a long one its bytes, since to walk it takes too long."""
    if len(raw) <= _LONGEST_WALKED:
        return count_strings(msgspec.json.decode(raw))
    return len(raw) - _ESCAPED * bytes(raw).count(b"\\u")


def count_strings(value: Any) -> int:
    """UTF-8 bytes of the strings inside, without keys, words of the format, and payloads."""
    total = 0
    pending: list[Any] = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            total += count_text(each)
        elif isinstance(each, list):
            pending.extend(cast("list[Any]", each))
        elif isinstance(each, dict):
            pending.extend(
                entry
                for key, entry in cast("dict[str, Any]", each).items()
                if key not in _NOT_TEXT
                and not (
                    key in ("url", "image_url")
                    and isinstance(entry, str)
                    and entry.startswith("data:")
                )
            )
    return total
