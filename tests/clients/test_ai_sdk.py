"""The AI SDK for JavaScript, over chat and over responses, against the started product."""

import os
import shutil
import subprocess
from pathlib import Path

from support.client_page import fill_example, list_examples
from support.needs import ROOT, refuse
from support.place import Place
from support.product import Product


def run_node(*arguments: str, **env: str) -> str:
    """What Node prints, run in the folder that has the AI SDK's modules."""
    node, modules = os.environ.get("CLIENTS_NODE"), os.environ.get("CLIENTS_MODULES")
    if not (node and modules):
        refuse("the AI SDK", "run it with `make clients`")
    folder = Path(modules).parent  # a module finds what it imports from where it lies
    shutil.copy(ROOT / "tests" / "clients" / "ai.test.mjs", folder)
    done = subprocess.run(
        [node, *arguments],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_ai_sdk_chats_streams_calls_tools_and_embeds(place: Place) -> None:
    said = run_node(
        *("--test", "--test-reporter=tap", "ai.test.mjs"),
        NEXHINA_BASE_URL=place.base_url,
        NEXHINA_KEY=place.key,
        CHAT=place.chat,
        EMBEDDING=place.embedding,
    )
    assert "# fail 0" in said
    assert "# pass 14" in said, said


def test_the_example_on_the_page_of_clients_prints_an_answer(product: Product) -> None:
    [text] = list_examples("js")
    said = run_node("--input-type=module", "--eval", fill_example(text, product))
    assert said.strip()
