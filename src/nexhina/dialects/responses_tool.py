"""Tools of the Responses format as chat functions, and the names on their way back.

A namespace's functions become `namespace__name`, a custom tool a function with one string `input`.
Tools that the vendor itself would have to run (web search and its kind) have no chat form.
"""

import re
from hashlib import blake2s
from typing import Any, NamedTuple, cast

from nexhina.dialects.responses_item import Item
from nexhina.errors import InvalidRequestError

_LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_FUNCTION_KEYS = frozenset(("type", "name", "description", "parameters", "strict"))
_CUSTOM_KEYS = frozenset(("type", "name", "description", "format"))
_NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


class Tool(NamedTuple):
    """What a chat function stands for."""

    name: str
    namespace: str | None
    is_custom: bool


class ToolBook:
    """The tools of one request: chat definitions, and what each chat name stands for."""

    __slots__ = ("definitions", "dropped", "tools")

    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Any]] = {}  # by chat name, in order
        self.tools: dict[str, Tool] = {}
        self.dropped: list[str] = []  # what could not be carried

    def add(self, tools: Any, param: str) -> None:
        """Takes a list of tools in; raises InvalidRequestError that names the place."""
        if not isinstance(tools, list):
            raise InvalidRequestError(f"'{param}' must be a list of tool objects.", param=param)
        for at, each in enumerate(cast("list[Any]", tools)):
            place = f"{param}[{at}]"
            tool = _require_tool(each, place)
            if tool["type"] == "namespace":
                self._add_namespace(tool, place)
            else:
                self._add_one(tool, None, place)

    def keep(self, names: set[str]) -> None:
        """Forgets the definitions of all other chat names: the model may not call them."""
        self.definitions = {name: each for name, each in self.definitions.items() if name in names}

    def find(self, chat_name: str) -> Tool:
        """What a chat name stands for; an unknown one is a plain function's."""
        return self.tools.get(chat_name) or Tool(chat_name, None, is_custom=False)

    def _add_namespace(self, tool: Item, place: str) -> None:
        name = _require_name(tool, place)
        if tool.get("description"):
            self.dropped.append("tools.namespace.description")
        inner: Any = tool.get("tools") or []
        if not isinstance(inner, list):
            raise InvalidRequestError(f"'{place}.tools' must be a list.", param=f"{place}.tools")
        for at, each in enumerate(cast("list[Any]", inner)):
            inside = f"{place}.tools[{at}]"
            self._add_one(_require_tool(each, inside), name, inside)

    def _add_one(self, tool: Item, namespace: str | None, place: str) -> None:
        kind = tool["type"]
        if kind not in ("function", "custom"):
            self.dropped.append(f"tools.{kind}")
            return
        tool = flatten_tool(tool)
        name = _require_name(tool, place)
        is_custom = kind == "custom"
        known = _CUSTOM_KEYS if is_custom else _FUNCTION_KEYS
        self.dropped += [f"tools.{key}" for key in tool if key not in known]
        chat_name = write_name(namespace, name)
        self.tools[chat_name] = Tool(name, namespace, is_custom)
        function = _write_custom(tool) if is_custom else _write_function(tool)
        definition = {"type": "function", "function": {"name": chat_name, **function}}
        if self.definitions.get(chat_name, definition) != definition:
            self.dropped.append(f"tools.{kind}")  # the earlier one of two that share a name
        self.definitions[chat_name] = definition


def flatten_tool(tool: Item) -> Item:
    """The tool as the format has it: its earlier forms, and callers that know chat only, nest it."""
    kind: str = tool["type"]
    nested = tool.get(kind)
    if isinstance(nested, dict) and "name" not in tool:
        return {"type": kind, **cast("Item", nested)}
    return tool


def write_name(namespace: str | None, name: str) -> str:
    """The chat name of a tool: what chat vendors take, and the same for the same tool always."""
    full = f"{namespace}__{name}" if namespace else name
    written = _NOT_IN_NAMES.sub("_", full)
    if written == full and len(full) <= _LONGEST_NAME:
        return full
    mark = blake2s(full.encode(errors="surrogatepass"), digest_size=4).hexdigest()
    return f"{written[: _LONGEST_NAME - 9]}_{mark}"


def _require_tool(found: Any, place: str) -> Item:
    if not isinstance(found, dict):
        raise InvalidRequestError(f"'{place}' must be an object.", param=place)
    tool = cast("Item", found)
    if not isinstance(tool.get("type"), str):
        raise InvalidRequestError(
            f"'{place}.type' must be the kind of tool, such as 'function'.", param=f"{place}.type"
        )
    return tool


def _require_name(tool: Item, place: str) -> str:
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(f"'{place}.name' must be a name.", param=f"{place}.name")
    return name


def _write_function(tool: Item) -> dict[str, Any]:
    function: dict[str, Any] = {}
    if tool.get("description") is not None:
        function["description"] = tool["description"]
    function["parameters"] = tool.get("parameters") or _NO_PARAMETERS
    if tool.get("strict") is not None:
        function["strict"] = tool["strict"]
    return function


def _write_custom(tool: Item) -> dict[str, Any]:
    """A function that takes the free text; the model reads a grammar as part of the description."""
    lines = [tool["description"]] if isinstance(tool.get("description"), str) else []
    form = tool.get("format")
    if isinstance(form, dict):
        rules = cast("Item", form)
        if rules.get("type") == "grammar":
            lines.append(
                f"The input must follow this {rules.get('syntax', '')} grammar:\n{rules.get('definition', '')}"
            )
    return {
        "description": "\n\n".join(lines),
        "parameters": {
            "type": "object",
            "properties": {
                "input": {"type": "string", "description": "The tool's input, as plain text."}
            },
            "required": ["input"],
            "additionalProperties": False,
        },
    }
