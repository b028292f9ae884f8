"""A product before a scripted vendor, for the official SDK: once directly, once behind a second Nexhina."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from openai import OpenAI

from nexhina.dialects.multipart import Form, read_form_of
from support.control import add_vendor
from support.place import add_first
from support.product import Product, start_product
from support.scripted_upstream import Received, ScriptedUpstream


class Scene:
    """A product, how to call it, and the vendor at its end."""

    def __init__(self, product: Product, vendor: ScriptedUpstream) -> None:
        self.product = product
        self.vendor = vendor
        self.base_url, self.key = product.base_url, product.key
        self.options: Any = {
            "base_url": self.base_url,
            "api_key": self.key,
            "max_retries": 0,
            "timeout": 30,
            "_strict_response_validation": True,
        }
        self.client = OpenAI(**self.options)

    def last(self) -> Received:
        """The newest request that the vendor got."""
        return self.vendor.received[-1]

    def last_form(self) -> Form:
        """… as the form that it was."""
        received = self.last()
        return read_form_of(received.body, received.headers["content-type"].encode())


@pytest.fixture(scope="module", params=["direct", "chained"])
def place_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp(str(request.param))
    with ExitStack() as stack:
        vendor = stack.enter_context(ScriptedUpstream())
        first = stack.enter_context(start_product(folder / "first"))
        add_vendor(first, vendor)
        if request.param == "direct":
            yield Scene(first, vendor)
            return
        second = stack.enter_context(start_product(folder / "second", owner="second"))
        add_first(second, first, "openai", {"m": "m"})
        yield Scene(second, vendor)
