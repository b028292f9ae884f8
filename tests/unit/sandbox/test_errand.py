"""What an agent's user asks for in plain words becomes a call that does it."""

from time import thread_time
from typing import Any

import msgspec
import pytest

from nexhina.sandbox.errand import drop_notes, read_errand
from nexhina.sandbox.schema_check import is_valid
from support.sandbox import CHAT, ask_json, make_chat, open_vendor

TEXT = {"type": "string"}


def make_schema(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


SCHEMAS: dict[str, dict[str, Any]] = {
    "shell": make_schema("command", command={"type": "array", "items": TEXT}, workdir=TEXT),
    "exec_command": make_schema("cmd", cmd=TEXT, yield_time_ms={"type": "number"}),
    "bash": make_schema("command", command=TEXT),
    "read_file": make_schema("path", path=TEXT),
    "write_file": make_schema("path content", path=TEXT, content=TEXT),
    "apply_patch": make_schema("input", input=TEXT),
    "update_plan": make_schema(
        "plan", plan={"type": "array", "items": make_schema("step", step=TEXT)}
    ),
    "get_weather": make_schema("city", city=TEXT, unit={"enum": ["celsius", "fahrenheit"]}),
    "getCurrentWeather": make_schema("location", location=TEXT),
    "web_search": make_schema("query", query=TEXT),
    "calculator": make_schema("expression", expression=TEXT),
    "send_email": make_schema("to", to=TEXT),
}
PATCH = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch\n"
CODEX = "exec_command apply_patch update_plan"


def make_tools(names: str) -> list[dict[str, Any]]:
    return [
        {"type": "function", "function": {"name": name, "parameters": SCHEMAS[name]}}
        for name in names.split()
    ]


async def call_of(prompt: str, names: str) -> list[tuple[str, Any]]:
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, make_chat(prompt, tools=make_tools(names)))
    calls = [each["function"] for each in answer["choices"][0]["message"].get("tool_calls", ())]
    made = [(call["name"], msgspec.json.decode(call["arguments"])) for call in calls]
    assert all(is_valid(value, SCHEMAS[name], SCHEMAS[name]) for name, value in made)
    return made


@pytest.mark.parametrize(
    ("prompt", "names", "name", "arguments"),
    [
        ("Run the command `ls -la`", CODEX, "exec_command", {"cmd": "ls -la"}),
        ("执行命令 `echo hello`", CODEX, "exec_command", {"cmd": "echo hello"}),
        ("运行命令 ls -la", "shell", "shell", {"command": ["bash", "-lc", "ls -la"]}),
        ("Please run the command: git status", "bash", "bash", {"command": "git status"}),
        ("please run ls in the terminal", "bash", "bash", {"command": "ls"}),
        ("create a file called a.txt with hello", CODEX, "apply_patch", {"input": PATCH}),
        ("创建一个名为 a.txt 的文件，内容是 hello", CODEX, "apply_patch", {"input": PATCH}),
        (
            "create a file called a.txt with hello",
            "read_file write_file",
            "write_file",
            {"path": "a.txt", "content": "hello"},
        ),
        (
            "新建文件 a.txt，写入“你好”",
            "read_file write_file",
            "write_file",
            {"path": "a.txt", "content": "你好"},
        ),
        (
            'Create a file named b.txt containing the text "it\'s me"',
            "bash",
            "bash",
            {"command": "printf '%s\\n' 'it'\"'\"'s me' > b.txt"},
        ),
        (
            "Read README.md and summarise it",
            "write_file read_file",
            "read_file",
            {"path": "README.md"},
        ),
        ("读取 src/app.py 的内容", "bash", "bash", {"command": "cat src/app.py"}),
        ("what is the weather in Paris", "get_weather", "get_weather", {"city": "Paris"}),
        ("weather in new york today?", "get_weather", "get_weather", {"city": "New York"}),
        ("巴黎的天气怎么样？", "send_email get_weather", "get_weather", {"city": "巴黎"}),
        ("北京今天天气如何", "getCurrentWeather", "getCurrentWeather", {"location": "北京"}),
        (
            "Search the web for llama recipes",
            "web_search",
            "web_search",
            {"query": "llama recipes"},
        ),
        ("搜索一下大熊猫", "web_search", "web_search", {"query": "大熊猫"}),
        ("What is 12 * 7?", "calculator", "calculator", {"expression": "12 * 7"}),
    ],
)
async def test_the_call_does_what_was_asked(
    prompt: str, names: str, name: str, arguments: dict[str, Any]
):
    assert await call_of(prompt, names) == [(name, arguments)]


@pytest.mark.parametrize("prompt", ["hi", "Tell me a joke", "讲个笑话", "Why do rivers meander?"])
async def test_small_talk_calls_nothing(prompt: str):
    assert await call_of(prompt, CODEX + " get_weather read_file") == []


async def test_a_schema_that_does_not_allow_it_still_gets_a_valid_value(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(SCHEMAS, "bash", make_schema("command", command={"enum": ["pwd"]}))
    assert await call_of("Run the command `ls`", "bash") == [("bash", {"command": "pwd"})]


@pytest.mark.parametrize(
    ("prompt", "start"), [("Run `ls`", "The tool says: "), ("运行命令 `ls`", "工具的结果是：")]
)
async def test_the_text_after_the_result_uses_it(prompt: str, start: str):
    call = make_chat(prompt, tools=make_tools(CODEX))
    async with open_vendor() as vendor:
        first = await ask_json(vendor, CHAT, call)
        message = first["choices"][0]["message"]
        result = {
            "role": "tool",
            "tool_call_id": message["tool_calls"][0]["id"],
            "content": "a.txt b.txt",
        }
        call["messages"] += [message, result]
        last = await ask_json(vendor, CHAT, call)
    assert last["choices"][0]["message"]["content"].startswith(start + "a.txt b.txt")


@pytest.mark.parametrize(
    "prompt",
    [
        "run the command " * 300,
        "create a file " * 400,
        "create a file called a" + "." * 3000,
        "search " + " " * 3000 + "x\ny",
        "search " + "a " * 3000,
        "search " + "  " * 3000 + ".",
        "calculate " + "1+" * 2000,
        "weather in a " * 300,
        "天气" * 3000,
        "创建" * 2000,
    ],
)
def test_a_hostile_message_is_read_quickly(prompt: str):
    begin = thread_time()
    read_errand(prompt)
    assert thread_time() - begin < 0.1


SKILLS = "batch: run many agents with a skill. " * 100
WRAPPED = [
    {"type": "text", "text": f"<system-reminder>\n{SKILLS}\n</system-reminder>"},
    {"type": "text", "text": "<system-reminder>Today is <b>Monday</b>.</system-reminder>"},
    {"type": "text", "text": "Run the command `ls -a`"},
]


async def test_what_an_agent_wraps_around_the_request_is_no_request() -> None:
    names = ("agent", "skill", "bash")
    tools = [
        {"type": "function", "function": {"name": name, "parameters": SCHEMAS["bash"]}}
        for name in names
    ]
    body = make_chat("", tools=tools) | {"messages": [{"role": "user", "content": WRAPPED}]}
    async with open_vendor() as vendor:
        answer = await ask_json(vendor, CHAT, body)
    (call,) = answer["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "bash", "arguments": '{"command":"ls -a"}'}


def test_notes_are_left_out_where_something_else_is_said() -> None:
    assert drop_notes("<environment_context>cwd: /a</environment_context>\nHi") == "Hi"
    assert drop_notes("Hi <system-reminder>a</system-reminder> there") == "Hi  there"
    only = "<system-reminder>be quick</system-reminder>"
    assert drop_notes(only) == only
    assert (
        drop_notes("a <system-reminder> that never ends") == "a <system-reminder> that never ends"
    )
    assert drop_notes("Explain <pre>x</pre>") == "Explain <pre>x</pre>"


def test_many_notes_without_an_end_cost_little() -> None:
    begun = thread_time()
    drop_notes("<system-reminder>" * 100_000)
    assert thread_time() - begun < 0.5
