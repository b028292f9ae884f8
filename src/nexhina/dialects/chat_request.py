"""A chat request as a Responses request: each parameter is mapped, dropped and named, or refused.

The vendor is asked to keep nothing (`store: false`). Vendors' own wishes (quirks) come after this,
on the Responses request; what messages become is in `chat_message`, tools in `chat_tool`.
"""

from typing import Any, NamedTuple, cast

import msgspec

from nexhina.dialects.chat_message import ItemList
from nexhina.dialects.chat_tool import write_choice, write_tools
from nexhina.dialects.dropped import write_names
from nexhina.dialects.responses_item import Item
from nexhina.errors import InvalidRequestError

_SAME = (
    "temperature",
    "top_p",
    "user",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "parallel_tool_calls",
    "moderation",
)
"""Responses have these under the same name and with the same meaning."""
_HANDLED = frozenset(
    (*_SAME, "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens")
) | frozenset(
    (
        "response_format",
        "verbosity",
        "reasoning_effort",
        "tools",
        "tool_choice",
        "functions",
        "function_call",
        "logprobs",
        "top_logprobs",
        "web_search_options",
    )
)
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "stop": ([], ""),
    "modalities": ([], ["text"]),
    "store": (False,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
}
"""What asks for no more than Responses do anyway."""
_REFUSED = {
    "n": "The provider of this model gives one answer per call; leave it out and call again.",
    "stop": "The provider of this model can't stop at a text, and would go on behind it; leave it out.",
    "modalities": "The provider of this model answers in text only; ask for ['text'].",
}
"""What would give the caller another kind of answer than the one that its program counts on."""
_LOGPROBS = "message.output_text.logprobs"
_SEALED = "reasoning.encrypted_content"


class ResponsesRequest(NamedTuple):
    """The body for the vendor, and the parameters it could not carry."""

    body: dict[str, Any]
    dropped: tuple[str, ...]


def write_responses_request(model: str, body: bytes | bytearray) -> ResponsesRequest:
    """The Responses request for `model`; raises InvalidRequestError for what can't be served."""
    try:
        found: Item = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as failure:
        raise InvalidRequestError(f"The request body is not valid JSON: {failure}.") from None
    asked = {name: value for name, value in found.items() if value is not None}
    dropped = _refuse_or_drop(asked)
    collected = ItemList()
    for at, message in enumerate(cast("list[Any]", asked["messages"])):
        collected.add(message, f"messages[{at}]")
    dropped += collected.dropped
    wanted: dict[str, Any] = {"model": model, "input": collected.items}
    wanted |= {name: asked[name] for name in _SAME if name in asked}
    _write_limit(asked, wanted, dropped)
    _write_stream(asked, wanted, dropped)
    _write_text(asked, wanted, dropped)
    _write_reasoning(asked, wanted, sealed=collected.sealed)
    _write_logprobs(asked, wanted, dropped)
    tools = write_tools(asked, dropped)
    if tools:
        wanted["tools"] = tools
    choice = write_choice(asked)
    if choice is not None:
        wanted["tool_choice"] = choice
    if "functions" in asked and "tools" not in asked:  # an answer in the old form holds one call
        wanted["parallel_tool_calls"] = False
    wanted["store"] = False
    return ResponsesRequest(wanted, write_names(dropped))


def _refuse_or_drop(asked: Item) -> list[str]:
    dropped: list[str] = []
    for name, value in asked.items():
        if name in _HANDLED or (name in _DEFAULTS and value in _DEFAULTS[name]):
            continue
        if name in _REFUSED:
            raise InvalidRequestError(
                f"'{name}' can't be served for this model. {_REFUSED[name]}", param=name
            )
        dropped.append(name)
    return dropped


def _write_limit(asked: Item, wanted: Item, dropped: list[str]) -> None:
    """The newer of chat's two names wins, as in the hold."""
    old, new = asked.get("max_tokens"), asked.get("max_completion_tokens")
    if new is not None or old is not None:
        wanted["max_output_tokens"] = old if new is None else new
    if new is not None and old is not None and old != new:
        dropped.append("max_tokens")


def _write_stream(asked: Item, wanted: Item, dropped: list[str]) -> None:
    if asked.get("stream") is not True:
        return
    wanted["stream"] = True
    for key, value in _read_object(asked, "stream_options").items():
        if key == "include_obfuscation":
            wanted["stream_options"] = {key: value}
        elif key != "include_usage":  # the last event always has it; who sees it is ours
            dropped.append(f"stream_options.{key}")


def _write_text(asked: Item, wanted: Item, dropped: list[str]) -> None:
    text: Item = {}
    form = _read_object(asked, "response_format")
    match form.get("type"):
        case None if not form:
            pass
        case "text" | "json_object" as kind:
            text["format"] = {"type": kind}
            dropped += [f"response_format.{key}" for key in form if key != "type"]
        case "json_schema":
            rules = form.get("json_schema")
            if not isinstance(rules, dict):
                raise InvalidRequestError(
                    "'response_format.json_schema' must be an object.",
                    param="response_format.json_schema",
                )
            text["format"] = _write_schema(cast("Item", rules), dropped)
        case _:
            raise InvalidRequestError(
                "'response_format.type' must be text, json_object or json_schema.",
                param="response_format.type",
            )
    if "verbosity" in asked:
        text["verbosity"] = asked["verbosity"]
    if text:
        wanted["text"] = text


def _write_schema(rules: Item, dropped: list[str]) -> Item:
    known = ("name", "description", "schema", "strict")
    dropped += [f"response_format.json_schema.{key}" for key in rules if key not in known]
    form: Item = {key: rules[key] for key in known if rules.get(key) is not None}
    return {"type": "json_schema", "schema": {}, **form}


def _write_reasoning(asked: Item, wanted: Item, *, sealed: bool) -> None:
    """Reasoning of a vendor that keeps nothing comes sealed, for the next turn, where it is asked
    for; models that do not reason refuse that wish, so only a caller's own words for it count.
    """
    effort = asked.get("reasoning_effort")
    if effort is not None:
        wanted["reasoning"] = {"effort": effort}
    if sealed or effort not in (None, "none"):
        wanted["include"] = [_SEALED]


def _write_logprobs(asked: Item, wanted: Item, dropped: list[str]) -> None:
    top = asked.get("top_logprobs")
    if asked.get("logprobs") is True:
        wanted["include"] = [*wanted.get("include", ()), _LOGPROBS]
        if top is not None:
            wanted["top_logprobs"] = top
    elif top:
        dropped.append("top_logprobs")


def _read_object(asked: Item, name: str) -> Item:
    found = asked.get(name, {})
    if not isinstance(found, dict):
        raise InvalidRequestError(f"'{name}' must be an object.", param=name)
    return {key: value for key, value in cast("Item", found).items() if value is not None}
