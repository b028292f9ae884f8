"""POST /v1/responses/compact: a long conversation becomes one item that stands for it.

A vendor that has the route makes and seals the item itself. Others are asked for a summary, over
chat or Responses; the item then holds that summary, readable by this product only and secret from
nobody who sent the conversation. Where such an item comes back as input is in `responses_item` and `responses_message`.
"""

from typing import Any, Never, cast

import msgspec
from msgspec import Struct

from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.envelope import read_envelope
from nexhina.dialects.openai import read_json_answer, refuse_stream, tell_unsure
from nexhina.dialects.openai_chat import OpenAIChat
from nexhina.dialects.openai_responses import OpenAIResponses, count_output
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.responses_frame import write_usage
from nexhina.dialects.responses_item import Item, list_items, make_hex, write_compaction
from nexhina.dialects.responses_over_chat import ResponsesOverChat
from nexhina.dialects.responses_request import write_chat_request
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound

ROUTE = "/v1/responses/compact"
ORDER = (
    "The conversation has grown too long and goes on without its messages: what you write now is "
    "all that will be known of it. Summarize it for the assistant that takes over. Keep the user's "
    "wishes and limits in their own words, what was decided and why, names, numbers, paths and code "
    "that are needed again, what the tools told, what is done and what is still to do. Write the "
    "summary only, in the language of the conversation; neither answer it nor call a tool."
)
_OF_AN_ANSWER = frozenset(
    ("stream", "response_format", "tool_choice", "parallel_tool_calls", "logprobs", "top_logprobs")
)
"""Parameters of chat that say what an answer would be like, which nobody gets here."""
_OF_A_RESPONSE = frozenset(("stream", "text", "tool_choice", "parallel_tool_calls", "include"))
_CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
NO_RESULT = "(no result yet)"


class _Compacted(Struct):
    object: str
    output: list[Any]
    usage: UsageBody | None = None


_compacted = msgspec.json.Decoder(_Compacted)


class ResponsesCompaction(OpenAIResponses):
    """A `Dialect`, for vendors that have the route; it never streams."""

    name = "openai_compaction"
    streams = False

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        peek = super().peek(call)
        refuse_stream(peek.envelope.members.get("stream"), ROUTE)
        if peek.detached:
            raise InvalidRequestError(
                f"{ROUTE} does not work in the background; leave 'background' out.",
                param="background",
            )
        peek.text_bytes += len(ORDER)
        return peek

    def read_answer(
        self,
        peek: Peek,  # noqa: ARG002  (other operations compare with it)
        headers: Headers,
        body: bytes,
    ) -> Answer | None:
        """What a 200 says; None when it is no compaction."""
        found = read_json_answer(headers, body, _compacted)
        if found is None or found.object != "response.compaction" or not found.output:
            return None
        usage = read_usage(found.usage)
        if usage is not None and usage.output:
            return Answer(usage=usage, text_bytes=0, model=None)
        return tell_unsure(usage, count_output(found.output), None)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The answer as it came: it names no model."""
        return body


_COMPACTION = ResponsesCompaction()
_CHAT = OpenAIChat()


class CompactionOverChat(ResponsesOverChat):
    """A `Dialect`: a compaction towards the caller, chat towards the vendor."""

    streams = False

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        return _COMPACTION.peek(call)

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The chat request for a summary; raises InvalidRequestError for what can't be served."""
        asked = write_chat_request(peek, body)
        messages = _answer_calls(asked.body["messages"])
        chat = {name: value for name, value in asked.body.items() if name not in _OF_AN_ANSWER}
        chat["messages"] = [*messages, {"role": "user", "content": ORDER}]
        if "tools" in chat:  # vendors refuse earlier calls of tools that they don't know
            chat["tool_choice"] = "none"
        chat_body = msgspec.json.encode(chat)
        chat_peek = Peek(model=peek.model, envelope=read_envelope(chat_body))
        written = _CHAT.write_same(chat_peek, chat_body, upstream_model, quirks)
        dropped = tuple(sorted({*asked.dropped, *written.dropped}))
        return Outgoing("translate", written.body, dropped)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it has no summary."""
        answer = super().read_answer(peek, headers, body)
        return answer if answer is not None and _read_summary(body) else None

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The compaction made of a chat completion that `read_answer` took."""
        found: Item = msgspec.json.decode(body)
        usage = write_usage(found.get("usage") or {})
        return _write_answer(peek, _read_summary(body), found.get("created"), usage)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> Never:
        """Nothing streams here."""
        raise NotImplementedError(f"{ROUTE} does not stream")


class CompactionOverResponses(OpenAIResponses):
    """A `Dialect`: a compaction towards the caller, a plain response towards the vendor."""

    streams = False

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        return _COMPACTION.peek(call)

    def write_same(
        self, peek: Peek, body: bytes | bytearray, upstream_model: str, quirks: Quirks | None
    ) -> Outgoing:
        """The request for a summary, which the vendor need not keep."""
        asked: Item = msgspec.json.decode(body)
        items = _answer_items(list_items(asked.get("input")))
        asked = {name: value for name, value in asked.items() if name not in _OF_A_RESPONSE}
        asked["input"] = [*items, {"type": "message", "role": "user", "content": ORDER}]
        asked["store"] = False
        if asked.get("tools"):
            asked["tool_choice"] = "none"
        whole = msgspec.json.encode(asked)
        inner = msgspec.structs.replace(peek, envelope=read_envelope(whole))
        written = super().write_same(inner, whole, upstream_model, quirks)
        return Outgoing("translate", written.body, written.dropped)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it has no summary."""
        answer = super().read_answer(peek, headers, body)
        return answer if answer is not None and _read_output(body) else None

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """The compaction made of a response that `read_answer` took."""
        found: Item = msgspec.json.decode(body)
        usage = found.get("usage") or write_usage({})
        return _write_answer(peek, _read_output(body), found.get("created_at"), usage)


class _Message(Struct):
    content: str | list[Any] | None = None


class _Choice(Struct):
    message: _Message


class _Completion(Struct):
    choices: list[_Choice]


_completion = msgspec.json.Decoder(_Completion)


def _read_summary(body: bytes) -> str:
    """The text of a chat completion; "" when it has none."""
    try:
        choices = _completion.decode(body).choices
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    content = choices[0].message.content if choices else None
    if isinstance(content, list):
        texts = [cast("Item", part).get("text") for part in content if isinstance(part, dict)]
        content = "".join(text for text in texts if isinstance(text, str))
    return (content or "").strip()


def _answer_items(items: list[Item]) -> list[Item]:
    """The items with a word for each call that has no result yet: vendors want one."""
    told = {str(item.get("call_id")) for item in items if item["type"] in _CALLS.values()}
    whole: list[Item] = []
    for item in items:
        whole.append(item)
        output = _CALLS.get(str(item["type"]))
        if output is not None and str(item.get("call_id")) not in told:
            whole.append({"type": output, "call_id": item.get("call_id"), "output": NO_RESULT})
    return whole


def _answer_calls(messages: list[Item]) -> list[Item]:
    """The messages with a word for each call that has no result yet: vendors want one."""
    told = {message.get("tool_call_id") for message in messages if message["role"] == "tool"}
    whole: list[Item] = []
    for message in messages:
        whole.append(message)
        calls: list[Item] = message.get("tool_calls") or []
        whole += [
            {"role": "tool", "tool_call_id": call["id"], "content": NO_RESULT}
            for call in calls
            if call["id"] not in told
        ]
    return whole


class _Part(Struct):
    type: str = ""
    text: str = ""


class _OutputItem(Struct):
    type: str = ""
    content: list[_Part] | None = None


class _Response(Struct):
    output: list[_OutputItem]


_response = msgspec.json.Decoder(_Response)


def _read_output(body: bytes) -> str:
    """The text of a Response; "" when it has none."""
    try:
        items = _response.decode(body).output
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    parts = [part for item in items if item.type == "message" for part in item.content or ()]
    return "".join(part.text for part in parts if part.type == "output_text").strip()


def _write_answer(peek: Peek, summary: str, created: Any, usage: Any) -> bytes:
    """The compaction of this call."""
    mark = make_hex(peek.call_id)
    return msgspec.json.encode(
        {
            "id": f"resp_{mark}",
            "object": "response.compaction",
            "created_at": int(created) if isinstance(created, int | float) else 0,
            "output": [write_compaction(f"cmp_{mark}", summary)],
            "usage": usage,
        }
    )
