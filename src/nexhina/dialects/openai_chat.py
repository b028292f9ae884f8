"""Chat completions in OpenAI's format: what a request asks for, what an answer used.

Message content is the vendor's to judge; here messages must be a list of objects, and parts are
only counted. Streams are watched in `openai_stream`.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from nexhina.contract.schema.chat import AT_LEAST_ONE_MESSAGE, ChatCompletionRequest
from nexhina.contract.schema.parameter import (
    Count,
    Flag,
    ModelName,
    Penalty,
    Probability,
    Seed,
    Stop,
    StreamWish,
    Temperature,
    Text,
    Tokens,
    TopLogprobs,
)
from nexhina.dialects.chat_memo import recall, remember
from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.envelope import Envelope, has_few_values, locate, locate_value, read_envelope
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_json,
    count_strings,
    count_text,
    is_json_head,
    read_head,
    tell_unsure,
)
from nexhina.dialects.openai_stream import ChatWatch
from nexhina.dialects.openai_usage import UsageBody, read_usage, read_usage_object
from nexhina.dialects.parameter import require_json
from nexhina.ports import Headers, Inbound

_LONG = 4096
"""Texts above this many bytes are worth a look before their messages are parsed once more."""
_FEW_MESSAGES = 8
_COUNTED_FROM = 4 * 1024 * 1024  # bytes of choices that may hold too many values to be walked
_LARGEST_USAGE = 64 * 1024
_SOME_CHOICE = re.compile(rb"\[[ \t\n\r]*\{")
_MOST_MEASURED = 10_000  # media parts
_TEXT_PARTS = frozenset(("text", "refusal", "thinking", "reasoning", "input_text", "output_text"))
_IMAGE_PARTS = frozenset(("image_url", "image", "input_image"))
_PAYLOAD = re.compile(
    rb'"(?:(?:url|image_url)"[ \t\n\r]*:[ \t\n\r]*"data:|(?:data|file_data)"[ \t\n\r]*:[ \t\n\r]*")'
)


class _Object(Struct, gc=False):
    """Any object."""


class _MessageHead(Struct, gc=False):
    content: Raw = Raw()


class _PartHead(Struct, gc=False):
    type: str = ""


class _ChatHead(Struct):
    """The parameters that are checked; the rest of the body is skipped."""

    model: ModelName
    messages: Annotated[list[_MessageHead], AT_LEAST_ONE_MESSAGE]
    stream: Flag | None = None
    stream_options: StreamWish | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    n: Count | None = None
    temperature: Temperature | None = None
    top_p: Probability | None = None
    stop: Stop | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    seed: Seed | None = None
    logprobs: Flag | None = None
    top_logprobs: TopLogprobs | None = None
    tools: Annotated[list[_Object], Meta(description="a list of objects")] | None = None
    user: Text | None = None


class _TextHead(_ChatHead):
    """The same for messages whose content nobody needs to look into."""

    messages: Annotated[list[_Object], AT_LEAST_ONE_MESSAGE]  # pyright: ignore[reportIncompatibleVariableOverride]  (read by nobody)


class _Function(Struct, gc=False):
    arguments: str | None = None


class _ToolCall(Struct, gc=False):
    function: _Function | None = None


class _Message(Struct, gc=False):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct, gc=False):
    message: _Message | None = None


class _Completion(Struct, gc=False):
    choices: Annotated[list[_Choice], Meta(min_length=1)]
    model: str | None = None
    usage: UsageBody | None = None


class _LooseCompletion(Struct):
    """For answers whose message fields have types of the vendor's own."""

    choices: Raw
    model: str | None = None
    usage: Raw = Raw(b"null")


_head = msgspec.json.Decoder(_ChatHead)
_documented = msgspec.json.Decoder(ChatCompletionRequest)
_parts = msgspec.json.Decoder(list[_PartHead])
_text_head: msgspec.json.Decoder[_ChatHead] = msgspec.json.Decoder(_TextHead)
_completion = msgspec.json.Decoder(_Completion)
_loose_completion = msgspec.json.Decoder(_LooseCompletion)
_loose_choices = msgspec.json.Decoder(list[dict[str, Any]])


class OpenAIChat(OpenAIDialect):
    """POST /v1/chat/completions."""

    name = "openai_chat"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        kind = call.headers.get(b"content-type")
        if kind is not None and kind != b"application/json":
            require_json(call.headers)
        body = call.body
        known = recall(body)
        if known is not None:
            return known
        envelope = read_envelope(body)
        text = envelope.text
        # With one bracket in it, no content is a list of parts, and nobody needs to look.
        lists = text.find(b"[", text.find(b"[") + 1) >= 0
        if len(text) > _LONG:
            text = _without_messages(envelope)
        try:
            head = (_head if lists else _text_head).decode(text)
        except (msgspec.DecodeError, RecursionError):
            head = read_head(envelope, _head, _ChatHead)  # says why
        options = head.stream_options
        peek = Peek(
            model=head.model,
            envelope=envelope,
            stream=head.stream is True,
            text_bytes=len(envelope.text),
            max_tokens=head.max_completion_tokens or head.max_tokens,
            n=head.n or 1,
            include_usage=options is not None and options.include_usage is True,
        )
        if lists:
            _count_media(peek, head.messages)
        else:
            remember(body, peek)
        if envelope.holes and not peek.media_parts:
            peek.text_bytes = len(body)
        return peek

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of all strings in messages and tools but media payloads and field names."""
        members = peek.envelope.members
        total = 0
        for name in ("messages", "tools", "functions", "response_format"):
            if name in members:
                total += count_json(members[name])
        return min(total, peek.text_bytes)

    def read_answer(
        self,
        peek: Peek,  # noqa: ARG002  (other operations compare with it)
        headers: Headers,
        body: bytes,
    ) -> Answer | None:
        """What a 200 says; None when it is not a chat completion."""
        if headers.get(b"content-type") != b"application/json" and not is_json_head(headers):
            return None
        try:
            found = _completion.decode(body)
        except msgspec.ValidationError:
            return _read_loosely(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        usage = read_usage(found.usage)
        if usage is not None and usage.output:
            return Answer(usage=usage, text_bytes=0, model=found.model)
        return tell_unsure(usage, _count_choices(found.choices), found.model)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> ChatWatch:
        """A watch for one stream."""
        return ChatWatch(upstream_model, public_model, include_usage=peek.include_usage)


def require_documented(peek: Peek) -> None:
    """Raises InvalidRequestError for what the contract does not allow in a request that stays here.

    Of one that is passed on as it is, that is the vendor's to judge.
    """
    read_head(peek.envelope, _documented, ChatCompletionRequest)


def _count_choices(choices: list[_Choice]) -> int:
    """UTF-8 bytes of what the choices say."""
    total = 0
    for choice in choices:
        message = choice.message
        if message is None:
            continue
        reasoning = message.reasoning_content or message.reasoning
        for part in (message.content, message.refusal, reasoning):
            if part:
                total += count_text(part)
        for call in message.tool_calls or ():
            if call.function is not None and call.function.arguments:
                total += count_text(call.function.arguments)
    return total


def _read_loosely(body: bytes) -> Answer | None:
    """The same where vendors have types of their own; what is large is walked only if it must be."""
    try:
        found = _loose_completion.decode(body)
        if not _SOME_CHOICE.match(found.choices):
            return None
        told = msgspec.json.decode(found.usage) if len(found.usage) <= _LARGEST_USAGE else None
        usage = read_usage_object(told)
        if usage is not None and usage.output:
            return Answer(usage=usage, text_bytes=0, model=found.model)
        return tell_unsure(usage, _count_loosely(found.choices), found.model)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _count_loosely(choices: Raw) -> int:
    """UTF-8 bytes of what they say; of very many values those of the JSON, as `count_json`."""
    if len(choices) > _COUNTED_FROM and not has_few_values(bytes(choices)):
        return count_json(choices)
    return sum(count_strings(choice.get("message")) for choice in _loose_choices.decode(choices))


def _without_messages(envelope: Envelope) -> bytes | bytearray:
    """The text with one empty message, when all messages are objects and no content is a list.

    Spares a second pass over long messages. With a single bracket nothing inside is a list; where
    every closing brace is followed by a comma and an opening one, every element is an object.
    """
    text = envelope.text
    if "messages" not in envelope.members:
        return text
    start, end = locate_value(envelope, "messages")
    if not text.startswith(b"[{", start) or text.find(b"[", start + 1, end) >= 0:
        return text
    position = start
    for _ in range(_FEW_MESSAGES):
        position = text.find(b"}", position, end) + 1
        if position == end - 1:  # where the list closes
            return text[:start] + b"[{}]" + text[end:]
        if not text.startswith((b",{", b", {"), position):
            break
    return text


def _count_media(peek: Peek, messages: list[_MessageHead]) -> None:
    """Counts the parts that are not text, and takes their payloads out of the text."""
    count = files = 0
    for message in messages:
        view = memoryview(message.content)
        if view and view[0] == 0x5B:
            try:
                parts = _parts.decode(message.content)
            except msgspec.ValidationError:  # parts of a shape that only the vendor knows
                continue
            for part in parts:
                if part.type not in _TEXT_PARTS:
                    count += 1
                    files += part.type not in _IMAGE_PARTS
    if not count:
        return
    peek.media_parts, peek.file_parts = count, files
    discount_payloads(peek, "messages", count)


def discount_payloads(peek: Peek, name: str, count: int) -> None:
    """Takes the payloads of `count` media parts inside this member out of `peek.text_bytes`."""
    envelope = peek.envelope
    if count > _MOST_MEASURED:  # nobody means so many: then all is counted as text
        peek.text_bytes = len(envelope.text) + sum(hole.end - hole.start for hole in envelope.holes)
        return
    payloads, inside = measure_payloads(bytes(envelope.members[name]))
    # A media part has one payload; with more of them than parts, some are text in disguise.
    if payloads > count:
        peek.text_bytes = len(envelope.text) + sum(hole.end - hole.start for hole in envelope.holes)
        return
    peek.text_bytes -= inside
    if envelope.holes:
        start, end = locate(envelope)[name][1:]
        peek.text_bytes += sum(
            hole.end - hole.start for hole in envelope.holes if not start < hole.at < end
        )


def measure_payloads(text: bytes) -> tuple[int, int]:
    """Number and bytes of the strings under media keys that are data, not addresses."""
    count = total = position = 0
    while (found := _PAYLOAD.search(text, position)) is not None:
        position = found.end()
        if text[found.start() - 1 : found.start()] == b"\\":
            continue
        end = text.index(b'"', position)
        count += 1
        total += end - position
        position = end
    return count, total
