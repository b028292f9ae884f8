"""The official SDK at a place, validating strictly what it is answered; fixtures for the suites."""

import ssl
from collections.abc import AsyncGenerator, Generator
from functools import cache
from typing import Any

import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI

from support.place import Place
from support.product import Product


@cache
def _trust() -> ssl.SSLContext:
    """Read once: every client would read the authorities anew, which takes longer than most calls."""
    return ssl.create_default_context()


def _write_options(place: Place | Product, more: dict[str, Any]) -> dict[str, Any]:
    usual = {"base_url": place.base_url, "api_key": place.key, "max_retries": 0, "timeout": 30}
    return usual | {"_strict_response_validation": True} | more


def connect(place: Place | Product, **options: Any) -> OpenAI:
    """A client that tries once and is strict, but for `options`."""
    http = DefaultHttpxClient(verify=_trust())
    return OpenAI(**_write_options(place, options), http_client=http)


def connect_async(place: Place | Product, **options: Any) -> AsyncOpenAI:
    """The asynchronous one."""
    http = DefaultAsyncHttpxClient(verify=_trust())
    return AsyncOpenAI(**_write_options(place, options), http_client=http)


@pytest.fixture
def client(place: Place) -> Generator[OpenAI]:
    with connect(place) as made:
        yield made


@pytest.fixture
async def async_client(place: Place) -> AsyncGenerator[AsyncOpenAI]:
    async with connect_async(place) as made:
        yield made
