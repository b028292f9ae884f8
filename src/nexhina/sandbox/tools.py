"""Which tools the sandbox calls for a message, and with what arguments.

A tool is called when `tool_choice` forces one, or when the last message is the user's and its words
meet the tool's name or description. Pure; the arguments come from `schema_value`.
"""

import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.errand import choose_tool, list_values, read_errand
from nexhina.sandbox.request import ChatCall
from nexhina.sandbox.schema_check import SchemaError, is_valid
from nexhina.sandbox.schema_value import make_value
from nexhina.sandbox.words import ENGLISH_COMMON, ENGLISH_STOP

_VERBS = frozenset(
    {"get", "set", "run", "call", "the", "for", "and", "use", "find", "make", "give"}
)


_MEANINGS = {
    "天气": "weather", "气温": "weather", "搜索": "search", "计算": "calculator", "翻译": "translate",
    "邮件": "email", "酒店": "hotel", "航班": "flight", "机票": "flight", "时间": "time",
    "股票": "stock", "股价": "stock", "日历": "calendar", "提醒": "reminder", "价格": "price",
    "命令": "command", "文件": "file", "订单": "order", "餐厅": "restaurant", "汇率": "exchange",
    "新闻": "new", "图片": "image", "会议": "meeting", "数据库": "database",
}  # fmt: skip
"""Chinese words that name what tools with English names do; as `_words` cuts them."""


class Function(msgspec.Struct):
    """A function that may be called."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class OldFunction(Function):
    """An entry of `functions`, which came before `tools`."""


class Custom(msgspec.Struct):
    """A tool that takes free text. Its grammar, if it has one, is not kept to."""

    name: str
    description: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What makes the text: the schema of a function that takes nothing else."""
        text = {"input": {"type": "string"}}
        return {"type": "object", "properties": text, "required": ["input"]}


class Tool(msgspec.Struct):
    """One entry of `tools`; other types than these two are never called."""

    type: str
    function: Function | None = None
    custom: Custom | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """One call of a tool; `arguments` is a JSON text, or the free text of a custom tool."""

    id: str
    name: str
    arguments: str
    is_custom: bool = False
    is_old: bool = False

    @property
    def finish_reason(self) -> str:
        """Why the answer ends with this call."""
        return "function_call" if self.is_old else "tool_calls"

    def write(self, arguments: str) -> dict[str, object]:
        """The call as chat has it, with these arguments: all of them, or none yet."""
        if self.is_custom:
            form = {"type": "custom", "custom": {"name": self.name, "input": arguments}}
        else:
            form = {"type": "function", "function": {"name": self.name, "arguments": arguments}}
        return {"id": self.id, **form}

    def write_start(self, place: int) -> dict[str, object]:
        """The delta of a stream that begins the call, without arguments."""
        if self.is_old:
            return {"function_call": {"name": self.name, "arguments": ""}}
        return {"tool_calls": [{"index": place, **self.write("")}]}

    def write_piece(self, place: int, text: str) -> dict[str, object]:
        """The delta of a stream with a piece of the arguments."""
        if self.is_old:
            return {"function_call": {"arguments": text}}
        piece = {"custom": {"input": text}} if self.is_custom else {"function": {"arguments": text}}
        return {"tool_calls": [{"index": place, **piece}]}


class ToolChoice(msgspec.Struct, frozen=True):
    """What `tool_choice` says: none, auto, required or named; and which tools it leaves."""

    mode: str
    names: frozenset[str] | None = None

    def leaves(self, name: str) -> bool:
        """Whether the tool of this name may be called."""
        return self.names is None or name in self.names


def write_called(calls: Sequence[ToolCall]) -> dict[str, object]:
    """The members of a whole message that tell its calls."""
    if calls and calls[0].is_old:
        return {"function_call": {"name": calls[0].name, "arguments": calls[0].arguments}}
    return {"tool_calls": [made.write(made.arguments) for made in calls]} if calls else {}


def choose_tools(call: ChatCall, prompt: str) -> list[tuple[int, Function | Custom]]:
    """The tools to call with their places in `tools`; raises InvalidRequestError."""
    old = not call.tools and bool(call.functions)
    named_in = "function_call" if old else "tool_choice"
    choice = _read_old_choice(call.function_call) if old else _read_choice(call.tool_choice)
    mode = choice.mode
    given = _read_functions(call) if old else _read_tools(call)
    tools = [entry for entry in given if choice.leaves(entry[1].name)]
    if choice.names and not tools and given:
        named = ", ".join(sorted(choice.names))[:64]
        raise InvalidRequestError(
            f"{named_in} names {named!r}, which is not among the tools.", param=named_in
        )
    if mode == "none" or (not tools and mode == "auto"):
        return []
    if not tools:
        raise InvalidRequestError("tool_choice needs tools to choose from.", param="tool_choice")
    if mode == "named":
        return tools[:1]
    if mode == "auto" and call.messages[-1].role != "user":
        return []
    errand = read_errand(prompt)
    names = [function.name for _, function in tools]
    found = choose_tool(errand, names) if errand is not None else None
    if found is not None and found[1] in {"run", "create", "patch", "open"}:
        return [tools[found[0]]]  # an agent does one thing after the other
    said = _words(prompt)
    scores = [(_score(function, said), entry) for entry in tools for function in (entry[1],)]
    fitting = [entry for score, entry in scores if score >= 2]
    if found is not None and tools[found[0]] not in fitting:
        fitting.insert(0, tools[found[0]])
    if not fitting and mode == "required":
        fitting = [max(scores, key=lambda scored: scored[0])[1]]
    return fitting[:1] if old or call.parallel_tool_calls is False else fitting


def write_calls(
    chosen: list[tuple[int, Function | Custom]], prompt: str, dice: Dice
) -> list[ToolCall]:
    """The calls; raises InvalidRequestError that names the place in a schema that can't be met."""
    calls: list[ToolCall] = []
    for place, function in chosen:
        schema = function.parameters or {"type": "object", "properties": {}}
        try:
            value = make_value({"type": "object", **schema}, prompt, dice)
            _fill(value, schema, function.name, prompt)
        except SchemaError as error:
            where = f"tools[{place}].function.parameters"
            if isinstance(function, OldFunction):
                where = f"functions[{place}].parameters"
            raise schema_refusal(error, where) from None
        number = f"{dice.below(1 << 60):015x}{dice.below(1 << 36):09x}"
        is_custom = isinstance(function, Custom)
        text = str(value["input"]) if is_custom else msgspec.json.encode(value).decode()
        is_old = isinstance(function, OldFunction)
        calls.append(ToolCall(f"call_{number}", function.name, text, is_custom, is_old))
    return calls


def _fill(value: dict[str, Any], schema: dict[str, Any], name: str, prompt: str) -> None:
    """Puts what the user asked for into the fields that can hold it, if the schema allows it."""
    errand = read_errand(prompt)
    found = choose_tool(errand, [name]) if errand is not None else None
    if errand is None or found is None:
        return
    for field in list(value):
        for said in list_values(errand, found[1], field):
            filled = {**value, field: said}
            if is_valid(filled, schema, schema):
                value[field] = said
                break


def schema_refusal(error: SchemaError, where: str) -> InvalidRequestError:
    """The error of a schema that can't be met."""
    place = f"{where}, at {error.place[:200]}" if error.place else where
    return InvalidRequestError(f"No value can be made for {place}: {error}", param=where)


def _read_choice(raw: msgspec.Raw) -> ToolChoice:
    value: Any = msgspec.json.decode(raw) if bytes(raw) else None
    if value is None:
        return ToolChoice("auto")
    if value in ("none", "auto", "required"):
        return ToolChoice(str(value))
    allowed = _object_in(value, "allowed_tools")
    listed = allowed.get("tools")
    if isinstance(listed, list) and allowed.get("mode") in ("auto", "required"):
        names = frozenset(map(_read_name, cast("list[Any]", listed)))
        return ToolChoice(str(allowed["mode"]), names)
    return ToolChoice("named", frozenset((_read_name(value),)))


def _read_old_choice(raw: msgspec.Raw) -> ToolChoice:
    value: Any = msgspec.json.decode(raw) if bytes(raw) else None
    if value is None or value in ("none", "auto"):
        return ToolChoice(value or "auto")
    name: Any = cast("dict[str, Any]", value).get("name") if isinstance(value, dict) else None
    if not isinstance(name, str):
        raise InvalidRequestError(
            "function_call is none, auto or an object with the name of a function.",
            param="function_call",
        )
    return ToolChoice("named", frozenset((name,)))


def _read_name(value: object) -> str:
    """The name in a choice of a function or of a custom tool."""
    name = _object_in(value, "function").get("name") or _object_in(value, "custom").get("name")
    if not isinstance(name, str):
        raise InvalidRequestError(
            "tool_choice is none, auto, required, allowed_tools or the name of a tool.",
            param="tool_choice",
        )
    return name


def _object_in(value: object, key: str) -> dict[str, Any]:
    found: Any = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _read_tools(call: ChatCall) -> list[tuple[int, Function | Custom]]:
    found: list[tuple[int, Function | Custom]] = []
    for place, raw in enumerate(call.tools or ()):
        try:
            tool = msgspec.json.decode(raw, type=Tool)
        except msgspec.ValidationError as error:
            raise InvalidRequestError(f"Invalid tool: {error}.", param=f"tools[{place}]") from None
        given = {"function": tool.function, "custom": tool.custom}.get(tool.type)
        if given is not None:
            found.append((place, given))
    return found


def _read_functions(call: ChatCall) -> list[tuple[int, Function | Custom]]:
    found: list[tuple[int, Function | Custom]] = []
    for place, raw in enumerate(call.functions or ()):
        try:
            found.append((place, msgspec.json.decode(raw, type=OldFunction)))
        except msgspec.ValidationError as error:
            raise InvalidRequestError(
                f"Invalid function: {error}.", param=f"functions[{place}]"
            ) from None
    return found


def _words(text: str) -> set[str]:
    """Telling words without their endings, and pairs of Chinese characters."""
    plain = re.sub(r"([a-z])([A-Z])", r"\1 \2", text[:6000]).replace("_", " ").lower()
    words = {
        re.sub(r"(ing|es|s|ed)$", "", word)
        for word in re.findall(r"[a-z]{3,}", plain)
        if word not in ENGLISH_STOP and word not in ENGLISH_COMMON and word not in _VERBS
    }
    words |= {word for said, word in _MEANINGS.items() if said in plain}
    for run in re.findall(r"[一-鿿]+", plain):
        words |= {run[start : start + 2] for start in range(len(run) - 1)}
    return words


def _score(function: Function | Custom, said: set[str]) -> int:
    name = _words(function.name) & said
    described = (_words(function.description or "") & said) - name
    return 2 * len(name) + len(described)
