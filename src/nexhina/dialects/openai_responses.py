"""Responses in OpenAI's format, to a vendor that speaks them: what a request asks, an answer used.

Items are the vendor's to judge; here `input` must be text or a list. Streams are watched in
`responses_stream`; a vendor that speaks chat only is served by `responses_over_chat`.
"""

import re
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Raw, Struct

from nexhina.contract.schema.parameter import (
    Flag,
    ModelName,
    Options,
    Probability,
    Temperature,
    Text,
    Tokens,
    Tools,
    TopLogprobs,
)
from nexhina.contract.schema.response import ResponseRequest
from nexhina.dialects import openai_error
from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch
from nexhina.dialects.envelope import read_envelope
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_json,
    count_strings,
    open_request,
    read_head,
    read_json_answer,
    tell_unsure,
)
from nexhina.dialects.openai_chat import discount_payloads, measure_payloads
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.responses_item import SEAL_MARK, write_input
from nexhina.dialects.responses_stream import ResponsesWatch
from nexhina.errors import NexhinaError
from nexhina.ports import Headers, Inbound

_MEDIA = re.compile(
    rb'"type"[ \t\n\r]*:[ \t\n\r]*"(input_image|input_file|input_audio|computer_screenshot)"'
)
_FILES = frozenset((b"input_file", b"input_audio"))
_OPTIONS = "background_options"
_WORDS = ("instructions", "input", "tools", "text", "prompt")


class _ResponsesHead(Struct):
    """The parameters that are checked; the rest of the body is skipped."""

    model: ModelName
    input: (
        Annotated[str | list[Any], Meta(description="a string or a list of item objects")] | None
    ) = None
    instructions: Text | None = None
    stream: Flag | None = None
    background: Flag | None = None
    store: Flag | None = None
    parallel_tool_calls: Flag | None = None
    previous_response_id: Text | None = None
    max_output_tokens: Tokens | None = None
    temperature: Temperature | None = None
    top_p: Probability | None = None
    top_logprobs: TopLogprobs | None = None
    metadata: Options | None = None
    tools: Tools | None = None
    user: Text | None = None


class _Response(Struct):
    object: str
    output: list[Any]
    status: str | None = None
    model: str | None = None
    usage: UsageBody | None = None


_head = msgspec.json.Decoder(_ResponsesHead)
_documented = msgspec.json.Decoder(ResponseRequest)
_response = msgspec.json.Decoder(_Response)
_members = msgspec.json.Decoder(dict[str, Raw])


class OpenAIResponses(OpenAIDialect):
    """POST /v1/responses."""

    name = "openai_responses"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        envelope = open_request(call)
        head = read_head(envelope, _head, _ResponsesHead)
        peek = Peek(
            model=head.model,
            envelope=envelope,
            stream=head.stream is True,
            text_bytes=len(envelope.text),
            max_tokens=head.max_output_tokens,
            include_usage=True,  # the last event of this format always has it
            call_id=call.id,
            previous_id=head.previous_response_id,
            detached=head.background is True,
        )
        if isinstance(head.input, list):
            found = _MEDIA.findall(envelope.members["input"])
            if found:
                peek.media_parts, peek.file_parts = len(found), sum(map(_FILES.__contains__, found))
                discount_payloads(peek, "input", len(found))
        if envelope.holes and not peek.media_parts:
            peek.text_bytes = len(call.body)
        return peek

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of the strings in input, instructions, tools and earlier items."""
        members = peek.envelope.members
        total = sum(count_json(members[name]) for name in _WORDS if name in members)
        for item in peek.earlier:
            found: dict[str, Any] = msgspec.json.decode(item)
            total += count_strings({name: found[name] for name in found if name != "status"})
        return min(total, peek.text_bytes + sum(map(len, peek.earlier)))

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The vendor's request; what only we have or can read goes in `input` as it is.

        One in the background is asked for in the foreground, and is not the vendor's to keep.
        """
        ours = bool(peek.earlier) or SEAL_MARK in body
        if not ours and not peek.detached:
            return super().write_same(peek, body, upstream_model, quirks)
        members = _members.decode(body)
        if peek.earlier:
            members.pop("previous_response_id", None)
        if ours:
            members["input"] = Raw(write_input(peek.earlier, members.get("input")))
        dropped: tuple[str, ...] = ()
        if peek.detached:
            members.pop("background", None)
            if members.pop(_OPTIONS, None) is not None:
                dropped = (_OPTIONS,)
            members["store"] = Raw(b"false")
        whole = msgspec.json.encode(members)
        inner = msgspec.structs.replace(peek, envelope=read_envelope(whole), earlier=())
        written = super().write_same(inner, whole, upstream_model, quirks)
        return Outgoing("splice", written.body, written.dropped + dropped)

    def read_answer(
        self,
        peek: Peek,  # noqa: ARG002  (other operations compare with it)
        headers: Headers,
        body: bytes,
    ) -> Answer | None:
        """What a 200 says; None when it is no response, or one that failed."""
        found = read_json_answer(headers, body, _response)
        if found is None:
            return None
        if found.object != "response" or found.status == "failed":
            return None
        usage = read_usage(found.usage)
        if usage is not None and usage.output:
            return Answer(usage=usage, text_bytes=0, model=found.model)
        return tell_unsure(usage, count_output(found.output), found.model)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> ResponsesWatch:  # noqa: ARG002
        """A watch for one stream."""
        return ResponsesWatch(upstream_model, public_model)

    def write_stream_error(self, error: NexhinaError) -> bytes:
        """The event that ends a broken stream: with `error` for SDKs that look for nothing else."""
        data = openai_error.write_stream_error(error)
        inner: dict[str, Any] = msgspec.json.decode(data[6:])["error"]
        event = {
            "type": "error",
            "code": inner["code"],
            "message": inner["message"],
            "param": inner.get("param"),
            "sequence_number": 0,
            "error": inner,
        }
        return b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n"


def count_output(output: list[Any]) -> int:
    """UTF-8 bytes of what output items say; an empty one still says how it ended."""
    hollow = [
        {name: value for name, value in cast("dict[str, Any]", item).items() if name != "status"}
        if isinstance(item, dict)
        else item
        for item in output
    ]
    return count_strings(hollow)


def add_earlier(peek: Peek, items: tuple[bytes, ...]) -> None:
    """Puts the items of earlier turns into the peek; their pictures and files count as parts."""
    peek.earlier = items
    for item in items:
        found = _MEDIA.findall(item)
        parts = len(found)
        payloads, inside = measure_payloads(item) if parts else (0, 0)
        peek.media_parts += parts
        peek.file_parts += sum(map(_FILES.__contains__, found))
        # With more payloads than parts, some are text in disguise.
        peek.text_bytes += len(item) - (inside if payloads <= parts else 0)


def number_stream_error(event: bytes, watch: StreamWatch | None) -> bytes:
    """The event of `write_stream_error` with the number that comes next in the watched stream."""
    number = getattr(watch, "sequence", 0)
    return event.replace(b'"sequence_number":0', b'"sequence_number":%d' % number, 1)


def require_documented(peek: Peek) -> None:
    """Raises InvalidRequestError for what the contract does not allow in a request that stays here.

    Of one that is passed on as it is, that is the vendor's to judge.
    """
    read_head(peek.envelope, _documented, ResponseRequest)


def is_stored(peek: Peek) -> bool:
    """Whether the caller wants the response kept: `store` is true unless it says otherwise."""
    raw: Raw | None = peek.envelope.members.get("store")
    return raw is None or bytes(raw) != b"false"
