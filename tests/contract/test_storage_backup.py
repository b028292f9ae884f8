"""The secret of an installation, its backup, and the way back."""

import os
import stat
import tarfile
from pathlib import Path

import pytest

from nexhina.errors import EXIT_CONFLICT, StartError
from nexhina.storage import meta
from nexhina.storage.backup import restore_backup, write_backup
from nexhina.storage.database import Database, open_database
from nexhina.storage.folder import DataFolder, hold_folder, open_folder
from nexhina.storage.secret_key import load_secret


def test_the_secret_is_made_once_and_read_again(sqlite: Database, folder: DataFolder) -> None:
    secret = load_secret(folder, sqlite, os.urandom)
    assert len(secret) == 32
    assert stat.S_IMODE(folder.secret_key.stat().st_mode) == 0o600
    assert load_secret(folder, sqlite, os.urandom) == secret
    assert load_secret(folder, sqlite, os.urandom, given=secret.hex()) == secret


def test_a_missing_or_foreign_secret_is_one_helpful_line(
    sqlite: Database, folder: DataFolder
) -> None:
    secret = load_secret(folder, sqlite, os.urandom)
    folder.secret_key.unlink()
    with pytest.raises(StartError, match=r"secret\.key is missing"):
        load_secret(folder, sqlite, os.urandom)
    assert not folder.secret_key.exists()
    folder.secret_key.write_text("11" * 32)
    with pytest.raises(StartError, match="of another database") as refused:
        load_secret(folder, sqlite, os.urandom)
    assert "11" * 32 not in str(refused.value)
    folder.secret_key.write_text("not hex")
    with pytest.raises(StartError, match="64 hexadecimal digits"):
        load_secret(folder, sqlite, os.urandom)
    with pytest.raises(StartError, match="NEXHINA_SECRET_KEY must"):
        load_secret(folder, sqlite, os.urandom, given="short")
    folder.secret_key.write_text(secret.hex())
    assert load_secret(folder, sqlite, os.urandom) == secret


@pytest.mark.parametrize(
    "database", [pytest.param("postgres", marks=pytest.mark.db)], indirect=True
)
def test_a_server_database_never_gets_a_secret_of_its_own(
    database: Database, folder: DataFolder
) -> None:
    with pytest.raises(StartError, match="NEXHINA_SECRET_KEY"):
        load_secret(folder, database, os.urandom)
    assert load_secret(folder, database, os.urandom, given="ab" * 32) == b"\xab" * 32


def test_a_backup_made_in_use_restores_into_an_empty_folder(
    sqlite: Database, folder: DataFolder, tmp_path: Path
) -> None:
    secret = load_secret(folder, sqlite, os.urandom)
    with sqlite.write() as connection:
        meta.save_value(connection, "flag", "seen")
    file = tmp_path / "backup.tar"
    with hold_folder(folder):
        write_backup(folder, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["nexhina.db", "secret.key"]
    target = open_folder(tmp_path / "restored")
    restore_backup(file, target)
    restored = open_database(target)
    with restored.read() as connection:
        assert meta.load_value(connection, "flag") == "seen"
    assert load_secret(target, restored, os.urandom) == secret
    assert stat.S_IMODE(target.secret_key.stat().st_mode) == 0o600
    restored.close()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_overwrites_nothing(sqlite: Database, folder: DataFolder, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    with pytest.raises(StartError, match="nothing to back up"):
        write_backup(folder, file)
    load_secret(folder, sqlite, os.urandom)
    file.write_text("mine")
    with pytest.raises(StartError, match="exists already") as taken:
        write_backup(folder, file)
    assert taken.value.exit_code == EXIT_CONFLICT
    assert file.read_text() == "mine"
    with pytest.raises(StartError, match="can't be written"):
        write_backup(folder, tmp_path / "nowhere" / "backup.tar")


def test_a_folder_in_use_or_not_empty_is_not_restored_into(
    sqlite: Database, folder: DataFolder, tmp_path: Path
) -> None:
    load_secret(folder, sqlite, os.urandom)
    file = tmp_path / "backup.tar"
    write_backup(folder, file)
    with pytest.raises(StartError, match="is not empty") as taken:
        restore_backup(file, folder)
    assert taken.value.exit_code == EXIT_CONFLICT
    empty = open_folder(tmp_path / "empty")
    with hold_folder(empty), pytest.raises(StartError, match="held by process") as taken:
        restore_backup(file, empty)
    assert taken.value.exit_code == EXIT_CONFLICT


def test_a_file_that_is_no_backup_leaves_the_folder_empty(tmp_path: Path) -> None:
    target = open_folder(tmp_path / "target")
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"nonsense" * 1000)
    with pytest.raises(StartError, match="not a backup"):
        restore_backup(nonsense, target)
    half = tmp_path / "half.tar"
    with tarfile.open(half, "w") as tar:
        tar.add(nonsense, "nexhina.db")
        tar.add(nonsense, "../outside")
    with pytest.raises(StartError, match="not a backup"):
        restore_backup(half, target)
    with tarfile.open(half, "w") as tar:
        tar.add(nonsense, "nexhina.db")
        tar.add(nonsense, "secret.key")
    with pytest.raises(StartError, match="not a SQLite database"):
        restore_backup(half, target)
    assert [path.name for path in target.path.iterdir()] == ["lock"]
    with pytest.raises(StartError, match=r"missing\.tar.*: No such file or directory$"):
        restore_backup(tmp_path / "missing.tar", target)


def test_a_key_that_others_may_read_is_warned_about(
    folder: DataFolder, sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    load_secret(folder, sqlite, os.urandom)
    load_secret(folder, sqlite, os.urandom)
    assert not caplog.records
    folder.secret_key.chmod(0o640)
    load_secret(folder, sqlite, os.urandom)
    [record] = caplog.records
    assert f"chmod 600 {folder.secret_key}" in record.getMessage()


def test_a_key_without_its_database_is_warned_about(
    folder: DataFolder, sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    folder.secret_key.write_text("ab" * 32)
    folder.secret_key.chmod(0o600)
    load_secret(folder, sqlite, os.urandom)
    [record] = caplog.records
    assert "a new installation begins now" in record.getMessage()
    load_secret(folder, sqlite, os.urandom)
    assert len(caplog.records) == 1
