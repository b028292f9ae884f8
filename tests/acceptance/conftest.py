"""What the acceptance tests share: a fresh installation to copy, and a vendor that plays scripts."""

from collections.abc import Iterator

import pytest

from support.installation import Installation, make_installation
from support.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return make_installation(tmp_path_factory.mktemp("installation") / "data")


@pytest.fixture
def vendor() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as scripted:
        yield scripted
