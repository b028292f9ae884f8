"""What the acceptance tests share: a fresh installation to copy, and a vendor that plays scripts."""

from collections.abc import Iterator

import pytest

from support.installation import Installation, fresh_installation
from support.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="session")
def installation() -> Installation:
    return fresh_installation()


@pytest.fixture
def vendor() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as scripted:
        yield scripted
