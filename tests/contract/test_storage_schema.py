"""The schema: made by migrations, equal to the tables, upgraded with a copy, refused when newer."""

import sqlite3
import stat
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from nexhina.errors import StartError
from nexhina.storage import migrate, schema
from nexhina.storage.database import Database, open_database
from nexhina.storage.folder import DataFolder, hold_folder, holder, open_folder
from nexhina.storage.log import LogQuery, list_logs
from nexhina.storage.tables import metadata
from support.postgres import Postgres


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option(
        "script_location", str(migrate.Path(migrate.__file__).parent / "migrations")
    )
    steps = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(step.revision for step in steps)[::-1] == schema.REVISIONS


def test_an_older_database_is_migrated_and_copied_first(folder: DataFolder) -> None:
    _make_old(folder)
    opened = open_database(folder)
    with opened.read() as connection:
        row = connection.exec_driver_sql("SELECT spent_nano, calls, last_used_at FROM token").one()
        calls = list_logs(connection, LogQuery(tenant_id=1))
        stored = connection.exec_driver_sql("SELECT request_id FROM log ORDER BY id").scalars()
        assert list(stored) == ["", "theirs"]
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE tbl_name = 'log'")
        assert set(found.scalars()) == {"log", "ix_log_request_id", "sqlite_autoindex_log_1"}
    opened.close()
    assert tuple(row) == (70, 2, 9.0)
    assert [(call.id, call.request_id) for call in calls] == [("b", "theirs"), ("a", "a")]
    copy = folder.path / "nexhina.db.before-0001"
    assert schema.load_file_revision(copy) == "0001"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert schema.load_file_revision(folder.database) == schema.HEAD


def test_a_migration_that_can_not_be_copied_does_not_begin(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_old(folder)
    (folder.path / "nexhina.db.before-0001").mkdir()
    (folder.path / "nexhina.db.before-0001" / "in-the-way").touch()
    with pytest.raises(StartError, match="no copy can be made"):
        open_database(folder)
    assert schema.load_file_revision(folder.database) == "0001"


def test_a_database_of_a_newer_version_is_refused(sqlite: Database, folder: DataFolder) -> None:
    with sqlite.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    sqlite.close()
    with pytest.raises(StartError, match=r"newer Nexhina \(schema 9999"):
        open_database(folder)


@pytest.mark.db
def test_a_newer_server_database_is_refused(postgres: Postgres, postgres_template: str) -> None:
    name = postgres.new_database(postgres_template)
    opened = open_database(None, postgres.url(name))
    with opened.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    opened.close()
    with pytest.raises(StartError, match="newer Nexhina"):
        open_database(None, postgres.url(name))
    postgres.drop(name)


def test_a_file_that_is_no_database_is_refused(folder: DataFolder) -> None:
    folder.database.write_bytes(b"not a database at all, but long enough to look at" * 50)
    with pytest.raises(StartError, match="not a SQLite database"):
        open_database(folder)


def test_a_database_of_another_program_is_refused(folder: DataFolder) -> None:
    with sqlite3.connect(folder.database) as other:
        other.execute("CREATE TABLE theirs (id INTEGER)")
    other.close()
    with pytest.raises(StartError, match="another program"):
        open_database(folder)


def test_a_wrong_url_is_one_helpful_line() -> None:
    with pytest.raises(StartError, match="mysql:// is not a database"):
        open_database(None, "mysql://somebody:hidden@host/name")
    with pytest.raises(StartError, match="sslmode=maybe"):
        open_database(None, "postgresql://host/name?sslmode=maybe")
    for file in ("/nowhere.pem", __file__):
        with pytest.raises(
            StartError, match=r"sslrootcert=/.* can't be used: .*; name a file"
        ) as told:
            open_database(None, f"postgresql://host/name?sslmode=verify-full&sslrootcert={file}")
        assert "Unknown error" not in str(told.value)
    with pytest.raises(StartError, match="can't be used") as refused:
        open_database(None, "postgresql://somebody:hidden@127.0.0.1:1/name")
    assert "hidden" not in str(refused.value)


def test_the_data_folder_is_held_by_one_process(folder: DataFolder) -> None:
    assert holder(folder) is None
    with hold_folder(folder):
        assert holder(folder) is not None
        with pytest.raises(StartError, match=r"held by process \d+"):
            hold_folder(folder)
    assert holder(folder) is None
    hold_folder(folder).release()


def test_a_path_that_is_a_file_is_no_data_folder(folder: DataFolder) -> None:
    folder.settings.touch()
    with pytest.raises(StartError, match="not a folder"):
        open_folder(folder.settings)


def test_database_files_are_not_for_others(sqlite: Database, folder: DataFolder) -> None:
    with sqlite.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = value")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.path.glob("nexhina.db*")
    }
    assert "nexhina.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_opening_a_current_database_loads_only_what_it_needs(
    sqlite: Database, folder: DataFolder
) -> None:
    program = (
        "import sys, pathlib\n"
        "import nexhina.storage.books, nexhina.storage.directory, nexhina.storage.idempotency\n"
        "from nexhina.storage.database import open_database\n"
        "from nexhina.storage.folder import open_folder\n"
        "open_database(open_folder(pathlib.Path(sys.argv[1]))).close()\n"
        "unused = ('alembic', 'mako', 'sqlalchemy.dialects.postgresql')\n"
        "print([name for name in sys.modules if name in unused])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder.path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_full_disk_is_one_helpful_line(folder: DataFolder) -> None:
    program = (
        "import pathlib, resource, sys\n"
        "from nexhina.errors import StartError\n"
        "from nexhina.storage.database import open_database\n"
        "from nexhina.storage.folder import open_folder\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try:\n"
        "    open_database(open_folder(pathlib.Path(sys.argv[1])))\n"
        "except StartError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder.path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "can't be written" in done.stdout
    assert done.stderr == ""


def test_a_new_file_has_large_pages_and_tidying_empties_its_log(
    sqlite: Database, folder: DataFolder
) -> None:
    with sqlite.write() as connection:
        assert connection.exec_driver_sql("PRAGMA page_size").scalar() == 8192
        before = folder.database.stat().st_size
        connection.exec_driver_sql("INSERT INTO meta VALUES ('large', ?)", ("x" * 100_000,))
    assert folder.database.stat().st_size == before  # it is in the write-ahead log
    sqlite.tidy()
    assert folder.database.stat().st_size > before + 90_000


@pytest.mark.db
def test_partial_indexes_are_partial_on_the_server_too(
    postgres: Postgres, postgres_template: str
) -> None:
    opened = open_database(None, postgres.url(postgres_template))
    with opened.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%% WHERE %%'"
            " AND schemaname = 'public' ORDER BY 1"
        ).scalars()
        names = list(found)
    opened.close()
    assert names == sorted(
        str(index.name)
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    )


def test_readers_can_not_write(sqlite: Database) -> None:
    with sqlite.read() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM meta")


def _make_old(folder: DataFolder) -> None:
    """A database of schema 0001 with a token and two log rows."""
    from nexhina.storage.database import _file_engine

    url = f"sqlite:///{folder.database}"
    old = Database(_file_engine(url, writes=False), _file_engine(url, writes=True))
    migrate.migrate(old, folder, "0001")
    with old.write() as connection:
        run = connection.exec_driver_sql
        run("INSERT INTO tenant VALUES (1, 'owner', 'Owner', 1, 0)")
        run("INSERT INTO user VALUES (1, 1, NULL, NULL, 'owner', 0)")
        run(
            "INSERT INTO token (id, tenant_id, user_id, name, hint, digest, status, permissions,"
            " created_at) VALUES (1, 1, 1, 'one', 'sk', x'00', 'enabled', '[]', 0)"
        )
        for name, request, at, charge in (("a", "a", 8.0, 30), ("b", "theirs", 9.0, 40)):
            run(
                "INSERT INTO log VALUES (NULL, ?, ?, ?, 1, 1, 1, 'one', NULL, '', 'chat', 'm', 'm',"
                " '', '', '', 1, 200, '', 0, 0, 0, 0, 0, 0, 0, 0, ?, '[]', '[]')",
                (name, request, at, charge),
            )
    old.close()
