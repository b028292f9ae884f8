"""The house keeps its order: storeys, pure rooms, one home for each thing, no empty room.

What imports what is import-linter's business (`make test STEPS=imports`); here its configuration is
compared with the rooms on disk, and what no import shows is looked for in the text.
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "nexhina"
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
CONTRACTS = {one["name"]: one for one in CONFIG["importlinter"]["contracts"]}
MODULES = sorted(SOURCE.rglob("*.py"))

PURE = {"domain", "contract", "canon", "dialects", "providers", "routing", "billing", "limits"}
VENDOR_FREE = ("pipeline", "routing", "billing", "limits", "gateway", "upstream")
VENDORS = [
    "anthropic",
    "azure",
    "bedrock",
    "claude",
    "cohere",
    "deepseek",
    "fireworks",
    "gemini",
    "groq",
    "mistral",
    "moonshot",
    "ollama",
    "openai",
    "openrouter",
    "perplexity",
    "qwen",
    "togetherai",
    "vertex",
    "vllm",
    "xai",
    "zhipu",
]


def rooms() -> set[str]:
    """The rooms on disk: folders with Python in them, and single modules."""
    folders = {f.name for f in SOURCE.iterdir() if f.is_dir() and any(f.rglob("*.py"))}
    return folders | {f.stem for f in SOURCE.glob("*.py")} - {"__init__"}


def name_of(module: Path) -> str:
    return str(module.relative_to(ROOT))


def test_every_storey_of_the_design_is_in_the_contract_and_every_room_has_one() -> None:
    contract = CONTRACTS["Storeys: import only downwards"]
    storeys = {room for layer in contract["layers"] for room in re.findall(r"[a-z_]+", layer)}
    assert contract["exhaustive"] is True
    assert storeys >= {
        *("cli", "app", "console", "api", "portal", "gateway", "web", "jobs", "services"),
        *("pipeline", "storage", "shared_state", "upstream", "blobs", "telemetry", "sandbox"),
        *("providers", "dialects", "canon", "routing", "billing", "limits", "identity"),
        *("contract", "ports", "tasks", "domain", "settings", "errors"),
    }
    assert rooms() <= storeys


def test_the_pure_rooms_of_the_contract_are_those_on_disk() -> None:
    contract = CONTRACTS["Pure rooms do no I/O, read no clock and no chance"]
    named = {module.removeprefix("nexhina.") for module in contract["source_modules"]}
    assert named == PURE & rooms()
    assert {"asyncio", "socket", "time", "datetime", "random", "os"} <= set(
        contract["forbidden_modules"]
    )


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("sqlalchemy", {"storage"}),
        ("sqlite3", {"storage"}),
        ("alembic", {"storage"}),
        ("httptools", {"gateway", "upstream"}),
        ("starlette", {"web", "api", "console", "portal"}),
        ("jinja2", {"web", "api", "console", "portal"}),
        ("cryptography", {"identity"}),
    ],
)
def test_a_library_has_its_rooms_and_import_linter_knows_them(
    library: str, homes: set[str]
) -> None:
    [contract] = [
        one
        for one in CONTRACTS.values()
        if library in one.get("forbidden_modules", []) and one["source_modules"] == ["nexhina"]
    ]
    let_in = [line.split(" -> ") for line in contract["ignore_imports"]]
    assert {who.split(".")[1] for who, what in let_in if what == library} == homes


def test_no_room_stands_empty() -> None:
    for folder in SOURCE.rglob("*"):
        if folder.is_dir() and folder.name != "__pycache__" and folder.parent == SOURCE:
            real = [f for f in folder.rglob("*.py") if f.name != "__init__.py"]
            assert real, f"{folder.name} has no module: a room is made when its first one arrives"


def test_every_package_says_what_it_is_for() -> None:
    for folder in SOURCE.rglob("*"):
        if folder.is_dir() and any(folder.glob("*.py")):
            assert (folder / "__init__.py").exists(), folder


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_begins_with_what_it_is_for(module: Path) -> None:
    text = ast.get_docstring(ast.parse(module.read_text())) or ""
    assert len(text) > 5, "write a docstring: what it is for, what is deliberately elsewhere"


def test_no_file_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "common", "misc", "helpers", "helper", "manager"}
    assert not [name_of(m) for m in MODULES if m.stem in vague or m.parent.name in vague]


def test_the_rooms_between_know_no_vendor() -> None:
    known = re.compile(rf"\b(?:{'|'.join(VENDORS)})\b", re.IGNORECASE)
    offences = [
        f"{name_of(module)}:{number}: {line.strip()}"
        for room in VENDOR_FREE
        for module in sorted((SOURCE / room).rglob("*.py"))
        for number, line in enumerate(module.read_text().splitlines(), start=1)
        if known.search(line.replace("OpenAI dialect", ""))  # a wire format, not the vendor
    ]
    assert not offences, "\n".join(offences)


def test_sql_is_written_in_storage_only() -> None:
    statement = re.compile(
        r"""["'](SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\s""",
        re.IGNORECASE,
    )
    offences = [
        name_of(module)
        for module in MODULES
        if "storage" not in module.parts and statement.search(module.read_text())
    ]
    assert not offences


def test_no_key_is_written_into_the_source() -> None:
    """A real-looking secret in the source is a leak, or will be taken for one."""
    secret = re.compile(r"sk-[A-Za-z0-9]{20,}")
    assert not [name_of(m) for m in MODULES if secret.search(m.read_text())]


def test_what_is_committed_names_no_path_of_a_machine() -> None:
    foreign = re.compile(r"(?<![\w.])/(?:root|home|work)/\w")
    places = [ROOT / name for name in ("src", "tests", "tools", "docs", "requirements")]
    offences = [
        str(file.relative_to(ROOT))
        for place in places
        for file in place.rglob("*")
        if file.is_file()
        and file.suffix in {".py", ".md", ".toml", ".json", ".lock", ".sh", ".mjs", ".go", ".html"}
        and file.name != "test_house.py"
        and "node_modules" not in file.parts
        and foreign.search(file.read_text())
    ]
    assert not offences


def test_lock_files_name_no_address() -> None:
    """Where packages come from is the installer's setting, not ours."""
    folders = [ROOT / "tests" / "node", ROOT / "tests" / "clients"]
    locks = [*(ROOT / "requirements").glob("*.lock"), *(f / "package-lock.json" for f in folders)]
    assert len(locks) == 7
    # Whom to thank is not where it comes from.
    thanks = re.compile(r'"funding": \{.*?\}', re.DOTALL)
    assert not [lock.name for lock in locks if "://" in thanks.sub("", lock.read_text())]
