"""What an agent's user asks for in plain words, and the tool and arguments that do it.

Pure. It knows commands, files, weather, searches and sums, in English and Chinese; for anything
else `tools` goes by the words of a tool's name and description.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

_READ = 2000  # characters of a message
_WIDE = re.compile(r"\s{5,}")  # in long runs of white space the patterns would search for long
_NOTE = re.compile(
    r"<((?:system|environment|session|agent|project|workspace|available|current)[-_]"
    r"(?:reminder|context|details|info|information|state|instructions|notes|skills))>"
)
_FILE = r"[`\"'“「]?([A-Za-z0-9_./~-]{0,80}[\w-]\.\w{1,8})[`\"'”」]?"
_TEXT = r"\s*[:：]?\s*[`\"'“「]?(.{1,500}?)[`\"'”」]?[.。!！]?\s*$"

_RUN = (
    re.compile(
        r"\b(?:run|execute|exec)\b[^`\n]{0,60}`([^`]{1,500})`|(?:运行|执行|跑)[^`\n]{0,20}`([^`]{1,500})`",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:run|execute)\s+(?:the\s+|this\s+)?(?:shell |bash )?command\b" + _TEXT, re.IGNORECASE
    ),
    re.compile(
        r"\b(?:run|execute)\s+(?:the command\s+)?(.{1,200}?)\s+(?:in|on) (?:the |a |my )?"
        r"(?:terminal|shell|command line)\b",
        re.IGNORECASE,
    ),
    re.compile(r"(?:运行|执行|跑一?下?)(?:一下)?(?:这个|以下)?(?:shell)?(?:命令|指令)" + _TEXT),
)
_CREATE = (
    re.compile(
        r"\b(?:create|make|write|add|save)\b[^.\n]{0,40}?\bfile\b\s*(?:called|named|at)?\s*"
        + _FILE
        + r"(?:[^\n]{0,20}?\b(?:with|containing|contains|that says|saying|and write)\b"
        r"(?:\s+(?:the|its|as))*(?:\s+(?:contents?|text|words?|line))?(?:\s+(?:of|is))?"
        + _TEXT
        + ")?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:创建|新建|建立|写一?个|生成|建一?个)[^\n]{0,20}?"
        + _FILE
        + r"(?:[^\n]{0,12}?(?:内容(?:是|为|写)?|写入|写上|里面?写|包含)"
        + _TEXT
        + ")?"
    ),
)
_OPEN = (
    re.compile(
        r"\b(?:read|open|show|cat|display|print|summari[sz]e|view|look at|what(?:'s| is) in)\b"
        r"[^.\n]{0,40}?" + _FILE,
        re.IGNORECASE,
    ),
    re.compile(r"(?:读取?|打开|查看|看看|显示|总结)[^\n]{0,12}?" + _FILE),
)
_WEATHER = (
    re.compile(
        r"\b(?:weather|temperature|forecast)\b[^?.!\n]{0,30}?\b(?:in|at|for)\s+"
        r"([A-Za-zÀ-ÿ][\w'’-]*(?:[ ](?!today|tomorrow|now|right|and|this|please|like)[\w'’-]+){0,2})",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:请问|查询?|查一下|告诉我|帮我|看看|今天|明天|现在|一下|，|,|。|\s)*([一-鿿]{2,6}?)"
        r"(?:今天|明天|后天|现在|当前|目前|这几天|周末|本周)?的?(?:天气|气温|温度)"
    ),
)
_SEARCH = (
    re.compile(
        r"\b(?:search|google|look up)\b(?:\s+(?:the|web|internet|online|for|on))*" + _TEXT,
        re.IGNORECASE,
    ),
    re.compile(r"(?:搜索|搜一?下|检索)(?:一下|网上|网络)?(?:关于)?" + _TEXT),
)
_SUM = (
    re.compile(
        r"(?:what(?:'s| is)|calculate|compute|evaluate|计算|算一?下?|等于多少)[^\d(\n-]{0,12}"
        r"([-(\d][\d\s.+*/×÷^()-]*\d\)?)",
        re.IGNORECASE,
    ),
)

_TOOLS = {
    "run": r"shell|exec|bash|terminal|command|powershell|console|run_?(?:script|code)|^run$",
    "create": r"(?:write|create|save|new|edit|make)_?\w*file|file_?(?:write|create)|^write$|^str_replace_based|create_?document",
    "patch": r"apply_?patch",
    "open": r"(?:read|open|view|get|cat|show|load)_?\w*file|file_?read|^read$|^view$|^cat$",
    "weather": r"weather|forecast|temperature",
    "search": r"search|google|bing|look_?up",
    "sum": r"calc\w*|math|evaluat\w*|expression",
}
_FIELDS = {
    "command": r"cmd|command|commands|command_?line|script|code|input|shell_?command",
    "path": r"(?:file_?|target_?)?path|file|file_?name|filename|target_?file|name",
    "content": r"contents?|text|file_?text|file_?content|data|body|new_?content",
    "place": r"city|location|place|town|q|query|destination|address|region",
    "query": r"query|q|search(?:_?(?:query|term|text))?|keywords?|text|term|question",
    "sum": r"expression|expr|formula|equation|input|query|calculation",
    "patch": r"input|patch|diff",
}


class Errand(msgspec.Struct, frozen=True):
    """What is wanted: kinds of tools that can do it, best first, and what their fields hold."""

    kinds: tuple[str, ...]
    said: dict[str, str]


def drop_notes(message: str) -> str:
    """The message without the notes that agents wrap in tags around what the user says.

    As it is where nothing else is said.
    """
    kept: list[str] = []
    at = 0
    for note in _NOTE.finditer(message):
        if note.start() < at:
            continue
        end = message.find(tail := f"</{note[1]}>", note.end())
        if end < 0:
            break
        kept.append(message[at : note.start()])
        at = end + len(tail)
    said = "".join((*kept, message[at:])).strip() if kept else ""
    return said or message


def read_errand(message: str) -> Errand | None:
    """The errand in a user's message, None when there is none that is known."""
    text = _WIDE.sub(" ", message[:_READ]).strip()
    for patterns, make in _ERRANDS:
        if found := _first(patterns, text):
            return make(found)
    return None


def _create(found: list[str]) -> Errand:
    path, content = found[0], found[1] if len(found) > 1 else ""
    lines = "".join(f"+{line}\n" for line in content.split("\n"))
    said = {
        "path": path,
        "content": content,
        "command": f"printf '%s\\n' {shlex.quote(content)} > {shlex.quote(path)}",
        "patch": f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n",
    }
    return Errand(("create", "patch", "run"), said)


def _first(patterns: Sequence[re.Pattern[str]], text: str) -> list[str]:
    for pattern in patterns:
        if match := pattern.search(text):
            return [group.strip() for group in match.groups() if group]
    return []


def _open(found: list[str]) -> Errand:
    said = {"path": found[0], "command": f"cat {shlex.quote(found[0])}"}
    return Errand(("open", "run"), said)


def _ask_weather(found: list[str]) -> Errand:
    place = found[0].title() if found[0].islower() else found[0]
    return Errand(("weather",), {"place": place})


def _sum(found: list[str]) -> Errand:
    text = found[0].replace("×", "*").replace("÷", "/")
    return Errand(("sum",), {"sum": text})


_ERRANDS: tuple[tuple[tuple[re.Pattern[str], ...], Callable[[list[str]], Errand]], ...] = (
    (_RUN, lambda found: Errand(("run",), {"command": found[0]})),
    (_CREATE, _create),
    (_OPEN, _open),
    (_WEATHER, _ask_weather),
    (_SEARCH, lambda found: Errand(("search",), {"query": found[0]})),
    (_SUM, _sum),
)
"""Tried one after the other."""


def choose_tool(errand: Errand, names: Sequence[str]) -> tuple[int, str] | None:
    """Place and kind of the tool that does the errand best."""
    for kind in errand.kinds:
        for place, name in enumerate(names):
            plain = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
            if re.search(_TOOLS[kind], plain):
                return place, kind
    return None


def list_values(errand: Errand, kind: str, field: str) -> list[Any]:
    """What a field of this name may hold, as a tool of this kind takes it; best first."""
    wanted = {
        "run": ("command",),
        "create": ("path", "content"),
        "patch": ("patch",),
        "open": ("path",),
        "weather": ("place",),
        "search": ("query",),
        "sum": ("sum",),
    }[kind]
    for name in wanted:
        if re.fullmatch(_FIELDS[name], field.lower()):
            text = errand.said[name]
            return [text, ["bash", "-lc", text]] if name == "command" else [text]
    return []
