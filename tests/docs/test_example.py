"""What the pages show works: marked blocks run word for word but for address and key.

The Chinese pages carry the same code (test_language), so the English ones and the README are run.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from nexhina.cli.main import nexhina
from nexhina.settings import read_settings
from support.needs import ROOT, require_program
from support.node import install_sdk
from support.page import Block, Page, list_pages
from support.product import Product, clean_environment, start_product

PAGES = [Page(ROOT / "README.md"), *list_pages("en")]
# What the page of clients shows in Python and TOML is run by tests/clients, which has the clients.
OURS = [page for page in PAGES if page.path.name != "clients.md"]
HOST = "http://127.0.0.1:8000"
KEY = "sk-…"


def marked(*languages: str) -> list[tuple[Page, list[Block]]]:
    """The pages with blocks to run, each with them in order."""
    found = [(page, [b for b in page.blocks(*languages) if b.run]) for page in PAGES]
    return [(page, blocks) for page, blocks in found if blocks]


def name_of(value: object) -> str:
    return value.name if isinstance(value, Page) else ""


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation that examples may change."""
    with start_product(tmp_path_factory.mktemp("examples") / "data") as started:
        yield started


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Product]:
    """An installation of one page's own, as its reader has it."""
    with start_product(tmp_path / "data") as started:
        yield started


def fill(text: str, product: Product) -> str:
    """The example with the address and the key of the running product."""
    return text.replace(KEY, product.key).replace(HOST, product.origin)


def environment(product: Product) -> dict[str, str]:
    """What the pages tell to export, and the program on the path."""
    variables = clean_environment()
    path = f"{Path(sys.executable).parent}:{variables.get('PATH', '')}"
    return {
        **variables,
        "PATH": path,
        "OPENAI_BASE_URL": product.base_url,
        "OPENAI_API_KEY": product.key,
        "NEXHINA_DATA_DIR": str(product.data),
    }


def run(command: list[str], folder: Path, product: Product) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(product),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize(("page", "blocks"), marked("sh"), ids=name_of)
def test_every_marked_shell_block_runs(
    page: Page, blocks: list[Block], own: Product, tmp_path: Path
) -> None:
    require_program("curl", "install the package curl")
    for block in blocks:
        said = run(["sh", "-euc", fill(block.text, own)], tmp_path, own)
        assert said.strip(), block.text
        assert '{"error":' not in said, said


@pytest.mark.parametrize(("page", "blocks"), marked("python"), ids=name_of)
def test_every_python_example_runs(
    page: Page, blocks: list[Block], tried: Product, tmp_path: Path
) -> None:
    for block in blocks:
        assert run([sys.executable, "-c", fill(block.text, tried)], tmp_path, tried).strip()


@pytest.mark.node
@pytest.mark.parametrize(("page", "blocks"), marked("js"), ids=name_of)
def test_every_javascript_example_runs(page: Page, blocks: list[Block], tried: Product) -> None:
    node, folder = install_sdk()
    for number, block in enumerate(blocks):
        file = folder / f"{page.path.stem.lower()}-{number}.mjs"
        file.write_text(fill(block.text, tried))
        assert run([node, str(file)], folder, tried).strip()


def test_every_python_and_javascript_example_is_marked() -> None:
    for page in OURS:
        assert all(block.run for block in page.blocks("python", "js")), page.name


def test_what_looks_like_json_is_json() -> None:
    for page in PAGES:
        for block in page.blocks("json"):
            msgspec.json.decode(block.text)


def test_settings_files_in_the_pages_are_accepted() -> None:
    blocks = [block for page in OURS for block in page.blocks("toml")]
    assert blocks
    for block in blocks:
        _, sources = read_settings({}, {}, block.text)
        assert "nexhina.toml" in sources.values()


def shown_commands() -> list[tuple[str, list[str]]]:
    """Every command line of the program in the pages: (page, words)."""
    found: list[tuple[str, list[str]]] = []
    for page in PAGES:
        texts = [re.sub(r"\\\n\s*", " ", block.text) for block in page.blocks("sh")]
        lines = [line for text in texts for line in text.splitlines()]
        lines += re.findall(r"`((?:\.venv/bin/)?nexhina [^`\n]+)`", page.prose)
        for line in lines:
            match = re.search(r"(?:^|[\s(/])nexhina ([^)#]+)", line)
            if match is not None and "…" not in match[1]:
                found.append((page.name, match[1].split()))
    return found


def test_every_command_line_that_is_shown_exists() -> None:
    shown = shown_commands()
    assert len(shown) > 20
    for page, words in shown:
        command: click.Command = nexhina
        rest = list(words)
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            if rest[0].isupper():  # "nexhina COMMAND --help"
                break
            inner = command.get_command(click.Context(command), rest.pop(0))
            assert inner is not None, f"{page}: nexhina {' '.join(words)}"
            command = inner
        known = {flag for option in command.params for flag in option.opts} | {"--help", "-h"}
        for word in rest:
            if word.startswith("--"):
                assert word.partition("=")[0] in known, f"{page}: nexhina {' '.join(words)}"
