"""What the README shows works: its examples are run word for word but for address and key."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nexhina.contract.route import ROUTES
from support.needs import ROOT
from support.node import install_sdk
from support.product import Product, clean_environment

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
HOST = "http://127.0.0.1:8000"


def blocks(*languages: str) -> list[str]:
    return [text for language, text in BLOCKS if language in languages]


def filled(text: str, product: Product) -> str:
    """The example with the address and the key of the running product."""
    return re.sub(r"sk-[\w.…-]+|\$NEXHINA_API_KEY", product.key, text.replace(HOST, product.origin))


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_two_commands_are_there() -> None:
    assert "make run" in README
    assert "make test" in README


def test_every_curl_gets_an_answer(product: Product, tmp_path: Path) -> None:
    found = [text for text in blocks("sh", "bash", "shell", "console") if "curl " in text]
    assert found
    for text in found:
        said = run(["sh", "-c", filled(text, product)], tmp_path)
        assert said.strip()
        assert '"error"' not in said, said


def test_every_python_example_runs(product: Product, tmp_path: Path) -> None:
    found = blocks("python", "py")
    assert found
    for text in found:
        assert run([sys.executable, "-c", filled(text, product)], tmp_path).strip()


@pytest.mark.node
def test_every_javascript_example_runs(product: Product) -> None:
    found = blocks("js", "javascript", "mjs")
    assert found
    node, folder = install_sdk()
    for number, text in enumerate(found):
        file = folder / f"readme-{number}.mjs"
        file.write_text(filled(text, product))
        assert run([node, str(file)], folder).strip()


def test_the_table_of_operations_is_the_contracts() -> None:
    for route in ROUTES:
        path = route.path.split("{", maxsplit=1)[0].rstrip("/")
        assert path in README, route.path
