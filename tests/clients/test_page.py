"""What the page of clients shows works as it stands; LlamaIndex's part is run beside its tests."""

import pytest

from support.client_page import list_examples, run_example
from support.product import Product

EXAMPLES = list_examples("python", without="llama_index")


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_prints_an_answer(text: str, product: Product) -> None:
    said = run_example(text, product)
    assert "cloudy over Paris" in said or "title=" in said or said == "1\n"
