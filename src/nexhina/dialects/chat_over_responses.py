"""Chat for callers of a vendor that speaks Responses only: joins the translation's parts.

Each call carries its whole conversation, as chat does, and the vendor is asked to keep nothing.
"""

from typing import Any

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import Answer, Outgoing, Peek, StreamWatch, VendorError
from nexhina.dialects.envelope import read_envelope
from nexhina.dialects.openai import read_json_answer, tell_unsure
from nexhina.dialects.openai_chat import OpenAIChat, require_documented
from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.openai_usage import read_usage_object
from nexhina.dialects.quirk import Quirks
from nexhina.errors import HeaderList, NexhinaError
from nexhina.ports import Headers, Inbound

_CHAT = OpenAIChat()
_RESPONSES = OpenAIResponses()
_ENDS = frozenset(("completed", "incomplete", None))
_NAMES = {
    "input": "messages",
    "text": "response_format",
    "text.format": "response_format",
    "text.verbosity": "verbosity",
    "reasoning": "reasoning_effort",
    "reasoning.effort": "reasoning_effort",
}
"""What the caller calls the vendor's parameters."""


class _Response(Struct):
    object: str
    output: list[dict[str, Any]]
    status: str | None = None
    model: str | None = None
    usage: Any = None


_response = msgspec.json.Decoder(_Response)


class ChatOverResponses:
    """A `Dialect`: chat towards the caller, Responses towards the vendor."""

    name = "openai_responses"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        return _CHAT.peek(call)

    def prompt_bytes(self, peek: Peek, body: bytes | bytearray) -> int:
        """UTF-8 bytes of all strings in messages and tools."""
        return _CHAT.prompt_bytes(peek, body)

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The Responses request; raises InvalidRequestError for what can't be served so."""
        from nexhina.dialects.chat_request import write_responses_request

        require_documented(peek)
        asked = write_responses_request(peek.model, body)
        whole = msgspec.json.encode(asked.body)
        inner = Peek(
            model=peek.model, envelope=read_envelope(whole), stream=peek.stream, include_usage=True
        )
        written = _RESPONSES.write_same(inner, whole, upstream_model, quirks)
        names = {_rename(peek, name) for name in written.dropped}
        return Outgoing("translate", written.body, tuple(sorted({*asked.dropped, *names})))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:  # noqa: ARG002  (other operations compare with it)
        """What a 200 says; None when it is no response that came to an end."""
        from nexhina.dialects.chat_completion import count_answer

        found = read_json_answer(headers, body, _response)
        if found is None or found.object != "response" or found.status not in _ENDS:
            return None
        usage = read_usage_object(found.usage)
        if usage is not None and usage.output:
            return Answer(usage=usage, text_bytes=0, model=found.model)
        return tell_unsure(usage, count_answer(found.output), found.model)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The chat completion made of a Response that `read_answer` took."""
        from nexhina.dialects.chat_completion import write_completion
        from nexhina.dialects.chat_frame import read_wish

        completion = write_completion(msgspec.json.decode(body), read_wish(peek, public))
        return msgspec.json.encode(completion)

    def is_stream_head(self, headers: Headers) -> bool:
        """Whether a 200 to `stream: true` begins a stream."""
        return _RESPONSES.is_stream_head(headers)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> StreamWatch:  # noqa: ARG002
        """A watch that turns one stream of Responses events into chat chunks."""
        from nexhina.dialects.chat_events import ChatOverResponsesWatch
        from nexhina.dialects.chat_frame import read_wish

        return ChatOverResponsesWatch(read_wish(peek, public_model))

    def write_error(self, error: NexhinaError) -> tuple[int, HeaderList, bytes]:
        """The answer for an error before a stream began."""
        return _CHAT.write_error(error)

    def write_stream_error(self, error: NexhinaError) -> bytes:
        """The event for an error inside a stream."""
        return _CHAT.write_stream_error(error)

    def write_ping(self) -> bytes:
        """A comment that keeps the connection open."""
        return _CHAT.write_ping()

    def read_error(self, status: int, headers: Headers, body: bytes) -> VendorError:
        """What a vendor's error answer says, with the parameter by the caller's name."""
        error = _RESPONSES.read_error(status, headers, body)
        param = error.param
        if param is None:
            return error
        if param == "max_output_tokens":
            param = "max_completion_tokens"
        return msgspec.structs.replace(error, param=_NAMES.get(param, param))


def _rename(peek: Peek, name: str) -> str:
    """The caller's name of a parameter that the vendor's quirks concern."""
    if name == "max_output_tokens":
        newer = "max_completion_tokens"
        return newer if newer in peek.envelope.members else "max_tokens"
    return _NAMES.get(name, name)
