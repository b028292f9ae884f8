"""Prints the ten largest files and functions, medians and growth; the size budget is CONVENTIONS'.

A file of src/ above 600 lines fails unless `[tool.nexhina.size] large` in pyproject.toml lists it
(and a listed file that no longer needs it fails too, so that the list only shrinks by itself).
"""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 600  # lines of one file
ASK = 50  # lines of one function


def count_lines(file: Path) -> int:
    """Lines of a file, blank ones too: what a reader scrolls through."""
    return len(file.read_bytes().splitlines())


def list_functions(file: Path) -> Iterator[tuple[int, str]]:
    """(lines, place) of every function of a file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield lines, f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"


def describe(sizes: list[int]) -> str:
    """Median and ninetieth percentile."""
    if len(sizes) < 2:
        return f"{len(sizes)} of them"
    return f"{len(sizes)}, median {median(sizes):.0f}, p90 {quantiles(sizes, n=10)[8]:.0f}"


def find_offences(sizes: dict[str, int], allowed: set[str]) -> list[str]:
    """What breaks the budget: too large and not listed, or listed and small or gone."""
    too_large = {name for name, lines in sizes.items() if lines > LIMIT}
    return [
        *(
            f"{name} has {sizes[name]} lines: split it by noun, or list it in pyproject.toml and "
            "say in its docstring why it is one thing"
            for name in sorted(too_large - allowed)
        ),
        *(f"{name} is listed as large but is not" for name in sorted(allowed - too_large)),
    ]


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def describe_growth() -> str:
    """Lines added and removed in src/ and tests/ since the last tag, empty without one."""
    tag = _git("describe", "--tags", "--abbrev=0")
    stat = _git("diff", "--shortstat", tag, "--", "src", "tests") if tag else ""
    return f"since {tag}: {stat}" if stat else ""


def main() -> int:
    """Prints the report; 1 when a file is over the limit."""
    files = sorted((ROOT / "src").rglob("*.py"))
    sizes = {str(file.relative_to(ROOT)): count_lines(file) for file in files}
    functions = sorted((f for file in files for f in list_functions(file)), reverse=True)
    tests = sum(count_lines(file) for file in (ROOT / "tests").rglob("*.py"))
    code = sum(sizes.values())

    print(f"files: {describe(list(sizes.values()))}")
    for lines, name in sorted(((n, f) for f, n in sizes.items()), reverse=True)[:10]:
        print(f"  {lines:5d}  {name}")
    print(f"functions: {describe([lines for lines, _ in functions])}")
    for lines, name in functions[:10]:
        print(f"  {lines:5d}  {name}{'  (why?)' if lines > ASK else ''}")
    print(f"code {code} lines, tests {tests} ({tests / max(code, 1):.2f} x)")
    if growth := describe_growth():
        print(growth)

    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"].get("nexhina", {})
    offences = find_offences(sizes, set(config.get("size", {}).get("large", [])))
    for offence in offences:
        print(offence, file=sys.stderr)
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
