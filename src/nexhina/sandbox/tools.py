"""Which tools the sandbox calls for a message, and with what arguments.

A tool is called when `tool_choice` forces one, or when the last message is the user's and its words
meet the tool's name or description. Pure; the arguments come from `schema_value`.
"""

import re
from typing import Any, cast

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.request import ChatCall
from nexhina.sandbox.schema_check import SchemaError
from nexhina.sandbox.schema_value import make_value
from nexhina.sandbox.words import ENGLISH_COMMON, ENGLISH_STOP

_VERBS = frozenset(
    {"get", "set", "run", "call", "the", "for", "and", "use", "find", "make", "give"}
)


class Function(msgspec.Struct):
    """A function that may be called."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(msgspec.Struct):
    """One entry of `tools`; other types than function are never called."""

    type: str
    function: Function | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """One call of a tool; `arguments` is a JSON text."""

    id: str
    name: str
    arguments: str


def choose_tools(call: ChatCall, prompt: str) -> list[tuple[int, Function]]:
    """The functions to call with their places in `tools`; raises InvalidRequestError."""
    mode, name = _read_choice(call.tool_choice)
    tools = _read_tools(call)
    if mode == "none" or (not tools and mode == "auto"):
        return []
    if not tools:
        raise InvalidRequestError("tool_choice needs tools to choose from.", param="tool_choice")
    if mode == "named":
        named = [entry for entry in tools if entry[1].name == name]
        if not named:
            raise InvalidRequestError(
                f"tool_choice names {name[:64]!r}, which is not among the tools.",
                param="tool_choice",
            )
        return named[:1]
    if mode == "auto" and call.messages[-1].role != "user":
        return []
    said = _words(prompt)
    scores = [(_score(function, said), entry) for entry in tools for function in (entry[1],)]
    fitting = [entry for score, entry in scores if score >= 2]
    if not fitting and mode == "required":
        fitting = [max(scores, key=lambda scored: scored[0])[1]]
    return fitting[:1] if call.parallel_tool_calls is False else fitting


def write_calls(chosen: list[tuple[int, Function]], prompt: str, dice: Dice) -> list[ToolCall]:
    """The calls; raises InvalidRequestError that names the place in a schema that can't be met."""
    calls: list[ToolCall] = []
    for place, function in chosen:
        schema = function.parameters or {"type": "object", "properties": {}}
        try:
            value = make_value({"type": "object", **schema}, prompt, dice)
        except SchemaError as error:
            raise schema_refusal(error, f"tools[{place}].function.parameters") from None
        number = f"{dice.below(1 << 60):015x}{dice.below(1 << 36):09x}"
        calls.append(ToolCall(f"call_{number}", function.name, msgspec.json.encode(value).decode()))
    return calls


def schema_refusal(error: SchemaError, where: str) -> InvalidRequestError:
    """The error of a schema that can't be met."""
    place = f"{where}, at {error.place[:200]}" if error.place else where
    return InvalidRequestError(f"No value can be made for {place}: {error}", param=where)


def _read_choice(raw: msgspec.Raw) -> tuple[str, str]:
    """none, auto, required or named, and the name."""
    value: Any = msgspec.json.decode(raw) if bytes(raw) else None
    if value is None:
        return "auto", ""
    if value in ("none", "auto", "required"):
        return str(value), ""
    function: Any = (
        cast("dict[str, Any]", value).get("function") if isinstance(value, dict) else None
    )
    name: Any = cast("dict[str, Any]", function).get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise InvalidRequestError(
            "tool_choice is none, auto, required or the name of a function.", param="tool_choice"
        )
    return "named", name


def _read_tools(call: ChatCall) -> list[tuple[int, Function]]:
    found: list[tuple[int, Function]] = []
    for place, raw in enumerate(call.tools or ()):
        try:
            tool = msgspec.json.decode(raw, type=Tool)
        except msgspec.ValidationError as error:
            raise InvalidRequestError(f"Invalid tool: {error}.", param=f"tools[{place}]") from None
        if tool.type == "function" and tool.function is not None:
            found.append((place, tool.function))
    return found


def _words(text: str) -> set[str]:
    """Telling words without their endings, and pairs of Chinese characters."""
    plain = re.sub(r"([a-z])([A-Z])", r"\1 \2", text[:6000]).replace("_", " ").lower()
    words = {
        re.sub(r"(ing|es|s|ed)$", "", word)
        for word in re.findall(r"[a-z]{3,}", plain)
        if word not in ENGLISH_STOP and word not in ENGLISH_COMMON and word not in _VERBS
    }
    for run in re.findall(r"[一-鿿]+", plain):
        words |= {run[start : start + 2] for start in range(len(run) - 1)}
    return words


def _score(function: Function, said: set[str]) -> int:
    name = _words(function.name) & said
    described = (_words(function.description or "") & said) - name
    return 2 * len(name) + len(described)
