"""Opening an installation: what is there, what is missing, what is too old."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from nexhina.errors import StartError
from nexhina.services.opening import open_workspace, read_given_secret, require_installation
from nexhina.services.workspace import choose_base_url
from nexhina.settings import Settings
from nexhina.storage.folder import DataFolder, open_folder
from nexhina.storage.schema import REVISIONS
from nexhina.storage.token import list_tokens
from nexhina.telemetry.clock import ManualClock


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return open_folder(tmp_path / "data")


def prepare(folder: DataFolder, **settings: object) -> bytes:
    """The master secret of the installation that was made or opened."""
    wanted = msgspec.structs.replace(Settings(), **settings)
    workspace = open_workspace(folder, wanted, {}, clock=ManualClock(), prepare=True)
    with workspace.database.read() as connection:
        assert list_tokens(connection, 1) == []
    workspace.database.close()
    return workspace.master


def test_a_new_folder_gets_schema_catalog_and_a_secret_that_stays(folder: DataFolder) -> None:
    master = prepare(folder)
    assert len(master) == 32
    assert folder.secret_key.stat().st_mode & 0o777 == 0o600
    assert prepare(folder) == master


def test_the_workspace_does_not_print_its_secret(folder: DataFolder) -> None:
    workspace = open_workspace(folder, Settings(), {}, clock=ManualClock(), prepare=True)
    workspace.database.close()
    assert repr(workspace.master) not in repr(workspace)
    assert workspace.master.hex() not in repr(workspace)


def test_without_preparing_a_missing_installation_is_not_made(folder: DataFolder) -> None:
    with pytest.raises(StartError, match="nexhina init") as caught:
        open_workspace(folder, Settings(), {}, clock=ManualClock(), prepare=False)
    assert caught.value.exit_code == 3
    assert list(folder.path.iterdir()) == []


@pytest.mark.parametrize(
    ("revision", "part"), [(REVISIONS[0], "older version"), ("9999", "newer Nexhina")]
)
def test_a_database_of_another_version_is_named(
    folder: DataFolder, revision: str, part: str
) -> None:
    if len(REVISIONS) < 2 and revision == REVISIONS[0]:
        pytest.skip("there is only one version yet")
    prepare(folder)
    with sqlite3.connect(folder.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()
    with pytest.raises(StartError, match=part):
        require_installation(folder)


def test_the_secret_may_come_from_a_setting_or_a_file(folder: DataFolder, tmp_path: Path) -> None:
    secret = "0123456789abcdef" * 4
    assert prepare(folder, secret_key=secret) == bytes.fromhex(secret)
    file = tmp_path / "secret"
    file.write_text(secret + "\n")
    assert prepare(folder, secret_key_file=str(file)) == bytes.fromhex(secret)


def test_a_secret_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(StartError, match="missing"):
        read_given_secret(Settings(secret_key_file=missing))


@pytest.mark.parametrize(
    ("settings", "port", "url"),
    [
        (Settings(), None, "http://127.0.0.1:8000"),
        (Settings(port=0), 4711, "http://127.0.0.1:4711"),
        (Settings(host="0.0.0.0"), None, "http://127.0.0.1:8000"),
        (Settings(host="::"), None, "http://[::1]:8000"),
        (Settings(host="fd00::1"), None, "http://[fd00::1]:8000"),
        (Settings(tls_cert="c", tls_key="k"), None, "https://127.0.0.1:8000"),
        (Settings(public_url="https://ai.example.com/"), 4711, "https://ai.example.com"),
    ],
)
def test_the_address_for_callers_follows_from_the_settings(
    settings: Settings, port: int | None, url: str
) -> None:
    assert choose_base_url(settings, port) == url
