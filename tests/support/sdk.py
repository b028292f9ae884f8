"""The official SDK at a place, validating strictly what it is answered; fixtures for the suites."""

from collections.abc import AsyncGenerator, Generator

import pytest
from openai import AsyncOpenAI, OpenAI

from support.place import Place


@pytest.fixture
def client(place: Place) -> Generator[OpenAI]:
    with OpenAI(
        base_url=place.base_url,
        api_key=place.key,
        max_retries=0,
        timeout=30,
        _strict_response_validation=True,
    ) as made:
        yield made


@pytest.fixture
async def async_client(place: Place) -> AsyncGenerator[AsyncOpenAI]:
    async with AsyncOpenAI(
        base_url=place.base_url,
        api_key=place.key,
        max_retries=0,
        timeout=30,
        _strict_response_validation=True,
    ) as made:
        yield made
