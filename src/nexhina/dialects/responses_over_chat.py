"""Responses for callers of a vendor that speaks chat only: joins the translation's parts.

State is the gateway's: earlier turns come in with the peek, the finished response goes out as
`answer` of the watch or from `write_answer`.
"""

import re
from typing import Any, cast

import msgspec

from nexhina.dialects.dialect import Answer, Outgoing, Peek, VendorError
from nexhina.dialects.envelope import read_envelope
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.responses_events import TranslatedWatch
from nexhina.dialects.responses_frame import make_frame, read_ending, write_response
from nexhina.dialects.responses_item import Item
from nexhina.dialects.responses_output import Output
from nexhina.dialects.responses_request import write_chat_request
from nexhina.errors import HeaderList, NexhinaError
from nexhina.ports import Headers, Inbound

_CHAT = OpenAIChat()
_RESPONSES = OpenAIResponses()
_ROOT = re.compile(r"[.\[]")
_NAMES = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
    "reasoning_effort": "reasoning.effort",
    "logprobs": "include",
    "tools": "tools",
}
"""What the caller calls the vendor's parameters; places inside of them differ, and are left out."""
_TOKENS = frozenset(("max_tokens", "max_completion_tokens"))


class ResponsesOverChat:
    """A `Dialect`: Responses towards the caller, chat towards the vendor."""

    name = "openai_chat"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        return _RESPONSES.peek(call)

    def prompt_bytes(self, peek: Peek, body: bytes | bytearray) -> int:
        """UTF-8 bytes of the strings in input, instructions, tools and earlier items."""
        return _RESPONSES.prompt_bytes(peek, body)

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The chat request; raises InvalidRequestError for what can't be served over chat."""
        asked = write_chat_request(peek, body)
        chat_body = msgspec.json.encode(asked.body)
        chat_peek = Peek(model=peek.model, envelope=read_envelope(chat_body), stream=peek.stream)
        written = _CHAT.write_same(chat_peek, chat_body, upstream_model, quirks)
        dropped = {*asked.dropped, *written.dropped}
        if dropped & _TOKENS:
            dropped = dropped - _TOKENS | {"max_output_tokens"}
        return Outgoing("translate", written.body, tuple(sorted(dropped)))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it is not a chat completion with a message."""
        answer = _CHAT.read_answer(peek, headers, body)
        if answer is None or _read_choice(msgspec.json.decode(body)) is None:
            return None
        return answer

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The Response object made of a chat completion that `read_answer` took."""
        found: Item = msgspec.json.decode(body)
        choice = _read_choice(found) or {}
        frame = make_frame(peek, public)
        output = Output(frame, silent=True)
        output.add(cast("Item", choice.get("message") or {}), choice.get("logprobs"))
        reason = choice.get("finish_reason")
        ending = read_ending(reason if isinstance(reason, str) else None)
        output.finish(ending)
        created = found.get("created")
        response = write_response(
            frame,
            output.items,
            created=int(created) if isinstance(created, int | float) else 0,
            ending=ending,
            usage=found.get("usage"),
            tier=found.get("service_tier"),
        )
        return msgspec.json.encode(response)

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 to `stream: true` begins a stream."""
        return _CHAT.is_stream_head(headers)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> TranslatedWatch:  # noqa: ARG002
        """A watch that turns one chat stream into Responses events."""
        return TranslatedWatch(make_frame(peek, public_model))

    def write_error(self, error: NexhinaError) -> tuple[int, HeaderList, bytes]:
        """The answer for an error before a stream began."""
        return _RESPONSES.write_error(error)

    def write_stream_error(self, error: NexhinaError) -> bytes:
        """The event for an error inside a stream."""
        return _RESPONSES.write_stream_error(error)

    def write_ping(self) -> bytes:
        """A comment that keeps the connection open."""
        return _RESPONSES.write_ping()

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What a vendor's error answer says, with the parameter by the caller's name."""
        error = _CHAT.read_error(status, headers, body)
        if error.param is None:
            return error
        root = _ROOT.split(error.param, 1)[0]
        return msgspec.structs.replace(error, param=_NAMES.get(root, error.param))


def _read_choice(found: Any) -> Item | None:
    """The first choice of a completion, when it is an object with a message."""
    choices = cast("Item", found).get("choices")
    first = cast("list[Any]", choices)[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        return None
    choice = cast("Item", first)
    return choice if isinstance(choice.get("message"), dict) else None
