"""Tools of a chat request as tools of the Responses format, and which of them may be called.

The old `functions` and `function_call` are the same things in their first form.
"""

from typing import Any, cast

from nexhina.dialects.responses_item import Item
from nexhina.errors import InvalidRequestError

_FUNCTION_KEYS = frozenset(("name", "description", "parameters", "strict"))
_CUSTOM_KEYS = frozenset(("name", "description", "format"))
_SEARCH_KEYS = frozenset(("search_context_size", "user_location"))
_NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


def write_tools(asked: Item, dropped: list[str]) -> list[Item]:
    """All tools of the request; raises InvalidRequestError that names the place."""
    written: list[Item] = []
    for at, tool in enumerate(_read_list(asked, "tools")):
        written.append(_write_tool(tool, f"tools[{at}]", dropped))
    for at, function in enumerate(_read_list(asked, "functions")):
        written.append(_write_function(function, f"functions[{at}]", dropped))
    search = asked.get("web_search_options")
    if search is not None:
        written.append(_write_search(require_object(search, "web_search_options"), dropped))
    return written


def write_choice(asked: Item) -> Any:
    """The `tool_choice`; None when the caller leaves it to the vendor."""
    choice: Any = asked.get("tool_choice")
    if choice is None:
        old: Any = asked.get("function_call")
        if not isinstance(old, dict):
            return _require_mode(old, "function_call", ("none", "auto"))
        name = require_text(cast("Item", old), "name", "function_call")
        return {"type": "function", "name": name}
    if not isinstance(choice, dict):
        return _require_mode(choice, "tool_choice", ("none", "auto", "required"))
    return _write_named(cast("Item", choice), "tool_choice")


def require_object(found: Any, place: str) -> Item:
    """The object; raises InvalidRequestError that names the place."""
    if not isinstance(found, dict):
        raise InvalidRequestError(f"'{place}' must be an object.", param=place)
    return cast("Item", found)


def require_text(found: Item, key: str, place: str) -> str:
    """The string; raises InvalidRequestError that names the place."""
    text = found.get(key)
    if not isinstance(text, str):
        raise InvalidRequestError(f"'{place}.{key}' must be a string.", param=f"{place}.{key}")
    return text


def _write_tool(found: Any, place: str, dropped: list[str]) -> Item:
    tool = require_object(found, place)
    match tool.get("type"):
        case "function":
            dropped += [f"tools.{key}" for key in tool if key not in ("type", "function")]
            return _write_function(tool.get("function"), f"{place}.function", dropped)
        case "custom":
            dropped += [f"tools.{key}" for key in tool if key not in ("type", "custom")]
            return _write_custom(tool.get("custom"), f"{place}.custom", dropped)
        case _:
            raise InvalidRequestError(
                f"'{place}.type' must be function or custom.", param=f"{place}.type"
            )


def _write_function(found: Any, place: str, dropped: list[str]) -> Item:
    """Chat takes a function for a loose one unless it says otherwise, Responses for a strict one."""
    function = require_object(found, place)
    dropped += [f"tools.function.{key}" for key in function if key not in _FUNCTION_KEYS]
    written: Item = {"type": "function", "name": require_text(function, "name", place)}
    if function.get("description") is not None:
        written["description"] = function["description"]
    written["parameters"] = function.get("parameters") or _NO_PARAMETERS
    written["strict"] = function.get("strict") is True
    return written


def _write_custom(found: Any, place: str, dropped: list[str]) -> Item:
    custom = require_object(found, place)
    dropped += [f"tools.custom.{key}" for key in custom if key not in _CUSTOM_KEYS]
    written: Item = {"type": "custom", "name": require_text(custom, "name", place)}
    if custom.get("description") is not None:
        written["description"] = custom["description"]
    form = custom.get("format")
    if form is not None:
        rules = require_object(form, f"{place}.format")
        if rules.get("type") == "grammar":
            grammar = require_object(rules.get("grammar"), f"{place}.format.grammar")
            rules = {"type": "grammar", **grammar}
        written["format"] = rules
    return written


def _write_search(options: Item, dropped: list[str]) -> Item:
    dropped += [f"web_search_options.{key}" for key in options if key not in _SEARCH_KEYS]
    written: Item = {"type": "web_search"}
    if options.get("search_context_size") is not None:
        written["search_context_size"] = options["search_context_size"]
    if options.get("user_location") is not None:
        place = "web_search_options.user_location"
        location = require_object(options["user_location"], place)
        about = require_object(location.get("approximate"), f"{place}.approximate")
        written["user_location"] = {"type": "approximate", **about}
    return written


def _write_named(choice: Item, place: str) -> Item:
    """A choice, or one of the allowed tools, with its name outside."""
    kind = choice.get("type")
    if kind == "allowed_tools" and place == "tool_choice":
        inside = f"{place}.allowed_tools"
        allowed = require_object(choice.get("allowed_tools"), inside)
        tools = [
            _write_named(require_object(tool, f"{inside}.tools[{at}]"), f"{inside}.tools[{at}]")
            for at, tool in enumerate(_read_list(allowed, "tools"))
        ]
        return {"type": kind, "mode": allowed.get("mode", "auto"), "tools": tools}
    if kind not in ("function", "custom"):
        raise InvalidRequestError(
            f"'{place}.type' must be function, custom or allowed_tools.", param=f"{place}.type"
        )
    named = require_object(choice.get(kind), f"{place}.{kind}")
    return {"type": kind, "name": require_text(named, "name", f"{place}.{kind}")}


def _require_mode(found: Any, name: str, modes: tuple[str, ...]) -> str | None:
    if found is not None and found not in modes:
        words = f"{', '.join(modes)} or an object"
        raise InvalidRequestError(f"'{name}' must be {words}.", param=name)
    return found


def _read_list(found: Item, name: str) -> list[Any]:
    listed: Any = found.get(name)
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise InvalidRequestError(f"'{name}' must be a list.", param=name)
    return cast("list[Any]", listed)
