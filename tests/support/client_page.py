"""The examples of the page of clients, for the environments that have the clients."""

import os
import subprocess
import sys

from support.page import load_page
from support.product import Product


def list_examples(language: str, *, word: str = "", without: str = "\0") -> list[str]:
    """The page's blocks in this language that hold the one text and not the other."""
    blocks = load_page("en", "clients.md").blocks(language)
    return [each.text for each in blocks if word in each.text and without not in each.text]


def fill_example(text: str, product: Product) -> str:
    """The example with the address and the key of the running product."""
    return text.replace("sk-…", product.key).replace("http://127.0.0.1:8000", product.origin)


def run_example(text: str, product: Product) -> str:
    """What this Python program prints, run with this interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", fill_example(text, product)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,  # the first import of a big package on a busy machine
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
