"""One browser for all tests of this folder."""

from collections.abc import Generator

import pytest

from support.browser import Browser, open_browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser]:
    with open_browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened
