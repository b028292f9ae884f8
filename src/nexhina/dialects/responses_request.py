"""A Responses request as a chat request: each parameter is mapped, dropped and named, or refused.

Vendors' own wishes (quirks) come after this, on the chat request.
"""

from typing import Any, NamedTuple, cast

import msgspec

from nexhina.dialects.dialect import Peek
from nexhina.dialects.dropped import write_names
from nexhina.dialects.openai_responses import require_documented
from nexhina.dialects.responses_item import Item, list_items
from nexhina.dialects.responses_message import MessageList
from nexhina.dialects.responses_tool import ToolBook, write_name
from nexhina.errors import InvalidRequestError

_SAME = (
    "temperature",
    "top_p",
    "user",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
)
"""Chat has these under the same name and with the same meaning."""
_HANDLED = frozenset(
    (*_SAME, "model", "input", "instructions", "stream", "stream_options", "max_output_tokens")
) | frozenset(
    ("text", "reasoning", "tools", "tool_choice", "parallel_tool_calls", "top_logprobs", "include")
)
_OURS = frozenset(("metadata", "store", "previous_response_id", "background"))
"""What the gateway itself does."""
_DEFAULTS: dict[str, Any] = {"truncation": "disabled"}
_REFUSED = {
    "conversation": "Conversations need a provider that keeps them; use 'previous_response_id' or send the items.",
    "prompt": "Prompt templates live with the provider that keeps them; send 'instructions' and 'input'.",
}
_SCHEMA = ("name", "description", "schema", "strict")
_LOGPROBS = "message.output_text.logprobs"
_SATISFIED = frozenset((_LOGPROBS, "message.input_image.image_url", "reasoning.encrypted_content"))


class ChatRequest(NamedTuple):
    """The body for the vendor, and the parameters it could not carry."""

    body: dict[str, Any]
    dropped: tuple[str, ...]


def write_chat_request(peek: Peek, body: bytes | bytearray) -> ChatRequest:
    """The chat request for `peek.model`; raises InvalidRequestError for what can't be served."""
    try:
        found: Item = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as failure:
        raise InvalidRequestError(f"The request body is not valid JSON: {failure}.") from None
    require_documented(peek)
    asked = {name: value for name, value in found.items() if value is not None}
    dropped = _refuse_or_drop(asked)
    earlier: list[Item] = [msgspec.json.decode(item) for item in peek.earlier]
    items = list_items(asked.get("input"))
    book = read_tools(asked, earlier + items)
    chat: dict[str, Any] = {"model": peek.model}
    chat["messages"] = _write_messages(asked, earlier, items, dropped)
    chat |= {name: asked[name] for name in _SAME if name in asked}
    if "max_output_tokens" in asked:
        chat["max_tokens"] = asked["max_output_tokens"]
    if asked.get("stream") is True:
        chat["stream"] = True
    _write_text(asked, chat, dropped)
    _write_reasoning(asked, chat, dropped)
    _write_logprobs(asked, chat, dropped)
    _write_choice(asked, book, chat, dropped)
    return ChatRequest(chat, write_names(dropped + book.dropped))


def read_tools(asked: Item, items: list[Item]) -> ToolBook:
    """The request's tools, with those that its items bring."""
    book = ToolBook()
    if asked.get("tools") is not None:
        book.add(asked["tools"], "tools")
    for at, item in enumerate(items):
        if item.get("type") == "additional_tools":
            book.add(item.get("tools") or [], f"input[{at}].tools")
    return book


def _refuse_or_drop(asked: Item) -> list[str]:
    dropped: list[str] = []
    for name, value in asked.items():
        if name in _HANDLED or name in _OURS or (name in _DEFAULTS and value == _DEFAULTS[name]):
            continue
        if name in _REFUSED:
            raise InvalidRequestError(
                f"'{name}' can't be served for this model. {_REFUSED[name]}", param=name
            )
        dropped.append(name)
    options = asked.get("stream_options")
    if isinstance(options, dict):
        for key, value in cast("Item", options).items():
            if key != "include_obfuscation" or value is True:
                dropped.append(f"stream_options.{key}")
    return dropped


def _write_messages(
    asked: Item, earlier: list[Item], items: list[Item], dropped: list[str]
) -> list[dict[str, Any]]:
    collected = MessageList()
    for item in earlier:
        collected.add(item, "previous_response_id")
    for at, item in enumerate(items):
        collected.add(item, f"input[{at}]")
    messages = collected.finish()
    if not messages:
        raise InvalidRequestError(
            "'input' is missing: it must be a string or a list of items.", param="input"
        )
    dropped += collected.dropped
    if asked.get("instructions"):
        messages.insert(0, {"role": "system", "content": asked["instructions"]})
    return messages


def _write_text(asked: Item, chat: dict[str, Any], dropped: list[str]) -> None:
    text = _read_object(asked, "text")
    dropped += [f"text.{key}" for key in text if key not in ("format", "verbosity")]
    if text.get("verbosity") is not None:
        chat["verbosity"] = text["verbosity"]
    form = text.get("format")
    if form is None:
        return
    rules = cast("Item", form) if isinstance(form, dict) else {}
    match rules.get("type"):
        case "text":
            pass
        case "json_object":
            chat["response_format"] = {"type": "json_object"}
        case "json_schema":
            schema = {key: rules[key] for key in _SCHEMA if rules.get(key) is not None}
            dropped += [f"text.format.{key}" for key in rules if key not in ("type", *_SCHEMA)]
            chat["response_format"] = {"type": "json_schema", "json_schema": schema}
        case _:
            raise InvalidRequestError(
                "'text.format.type' must be text, json_object or json_schema.",
                param="text.format.type",
            )


def _write_reasoning(asked: Item, chat: dict[str, Any], dropped: list[str]) -> None:
    for key, value in _read_object(asked, "reasoning").items():
        if key == "effort" and value is not None:
            chat["reasoning_effort"] = value
        elif key not in ("effort", "summary", "generate_summary") and value is not None:
            dropped.append(f"reasoning.{key}")


def _write_logprobs(asked: Item, chat: dict[str, Any], dropped: list[str]) -> None:
    include: Any = asked.get("include") or []
    if not isinstance(include, list):
        raise InvalidRequestError("'include' must be a list of strings.", param="include")
    wanted = cast("list[Any]", include)
    for at, each in enumerate(wanted):
        if not isinstance(each, str):
            place = f"include[{at}]"
            raise InvalidRequestError(f"'{place}' must be a string.", param=place)
    dropped += [f"include.{each}" for each in wanted if each not in _SATISFIED]
    if _LOGPROBS in wanted or asked.get("top_logprobs"):
        chat["logprobs"] = True
        if "top_logprobs" in asked:
            chat["top_logprobs"] = asked["top_logprobs"]


def _write_choice(asked: Item, book: ToolBook, chat: dict[str, Any], dropped: list[str]) -> None:
    """Tools, and which of them the model may or must call."""
    choice = asked.get("tool_choice")
    written: Any = choice
    if isinstance(choice, dict):
        written = _write_choice_object(cast("Item", choice), book, dropped)
    elif choice is not None and choice not in ("none", "auto", "required"):
        raise InvalidRequestError(
            "'tool_choice' must be none, auto, required or an object.", param="tool_choice"
        )
    if not book.definitions:
        if written == "required":
            raise InvalidRequestError(
                "'tool_choice' is required, but there is no tool that this model's provider could call.",
                param="tool_choice",
            )
        return
    chat["tools"] = list(book.definitions.values())
    if written is not None:
        chat["tool_choice"] = written
    if "parallel_tool_calls" in asked:
        chat["parallel_tool_calls"] = asked["parallel_tool_calls"]


def _write_choice_object(choice: Item, book: ToolBook, dropped: list[str]) -> Any:
    kind = choice.get("type")
    if kind == "allowed_tools":
        listed: Any = choice.get("tools")
        tools = cast("list[Any]", listed) if isinstance(listed, list) else []
        names = [_name(cast("Item", tool)) for tool in tools if isinstance(tool, dict)]
        if len(names) < len(tools) or not book.definitions.keys() >= set(names):
            dropped.append("tool_choice.tools")  # what there is not can't be called
        book.keep(set(names))
        return choice.get("mode", "auto")
    if kind not in ("function", "custom"):
        raise InvalidRequestError(
            f"'tool_choice' asks for {kind!r}, which this model's provider does not have.",
            param="tool_choice",
        )
    name = _name(choice)
    if name not in book.definitions:
        raise InvalidRequestError(
            f"'tool_choice' names {choice.get('name')!r}, which is not among the tools.",
            param="tool_choice",
        )
    return {"type": "function", "function": {"name": name}}


def _name(choice: Item) -> str:
    namespace = choice.get("namespace")
    return write_name(namespace if isinstance(namespace, str) else None, str(choice.get("name")))


def _read_object(asked: Item, name: str) -> Item:
    found = asked.get(name, {})
    if not isinstance(found, dict):
        raise InvalidRequestError(f"'{name}' must be an object.", param=name)
    return cast("Item", found)
