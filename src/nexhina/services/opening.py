"""Opens an installation: database, secret, vault, catalog – the same for a server and a command.

A server and `init` bring the schema and the catalog up to date; other commands want them so.
"""

import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from nexhina import __version__
from nexhina.errors import EXIT_NOT_FOUND, EXIT_USAGE, StartError, explain_os_error
from nexhina.ports import Clock, Upstream
from nexhina.services.workspace import (
    CHANNEL_KEY_ID,
    Workspace,
    channel_keys,
    choose_base_url,
)
from nexhina.settings import Settings
from nexhina.storage.catalog_loader import load_catalog_if_new
from nexhina.storage.database import open_database
from nexhina.storage.folder import DataFolder
from nexhina.storage.replay import replay
from nexhina.storage.schema import HEAD, load_file_revision, require_known
from nexhina.storage.secret_key import load_secret
from nexhina.storage.vault import Vault


def open_workspace(
    folder: DataFolder,
    settings: Settings,
    sources: dict[str, str],
    *,
    clock: Clock,
    upstream: Callable[[], AbstractAsyncContextManager[Upstream]] | None = None,
    prepare: bool,
) -> Workspace:
    """The opened installation; the caller holds the folder and closes `workspace.database`.

    `prepare`: make or migrate the schema and load the catalog. Without it an installation that
    is missing or older is a StartError. `upstream` None: a pool of its own for each use.
    """
    if not prepare and settings.database_url is None:
        require_installation(folder)
    database = open_database(folder, settings.database_url)
    try:
        master = load_secret(folder, database, secrets.token_bytes, read_given_secret(settings))
        if prepare:
            with database.write() as connection:
                load_catalog_if_new(connection, __version__)
    except BaseException:
        database.close()
        raise
    return Workspace(
        database=database,
        folder=folder,
        vault=Vault(channel_keys(master), CHANNEL_KEY_ID, secrets.token_bytes),
        master=master,
        clock=clock,
        entropy=secrets.token_bytes,
        upstream=upstream or (lambda: open_vendors(clock)),
        settings=settings,
        sources=sources,
        base_url=choose_base_url(settings),
    )


def require_installation(folder: DataFolder) -> None:
    """Raises StartError unless the folder holds a database of this program's schema."""
    revision = load_file_revision(folder.database)
    if revision is None:
        raise StartError(
            f"There is no installation in {folder.path}. Run `nexhina init`, or start "
            "`nexhina serve`; or name another folder with --data-dir.",
            exit_code=EXIT_NOT_FOUND,
        )
    require_known(revision, str(folder.database))
    if revision != HEAD:
        raise StartError(
            f"The database {folder.database} is of an older version (schema {revision}, this "
            f"program's is {HEAD}). Start `nexhina serve` or run `nexhina init`: both keep a copy "
            "and migrate it."
        )


def book_leftovers(workspace: Workspace) -> None:
    """Books what a server that died left in its journal, so that a command shows true sums."""
    journal = workspace.folder.journal
    if journal.is_dir() and any(journal.iterdir()):
        replay(workspace.database, journal, workspace.clock)


def read_given_secret(settings: Settings) -> str | None:
    """The master key of the settings, from its file if one is named; None: the data folder's."""
    if settings.secret_key_file is None:
        return settings.secret_key
    try:
        with open(settings.secret_key_file, encoding="ascii") as file:  # noqa: PTH123  (the text of a setting)
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(
            f"The setting secret_key_file names {settings.secret_key_file}, which can't be read: "
            f"{explain_os_error(error)}. Correct the path, or let the server's user read the file.",
            exit_code=EXIT_USAGE,
        ) from None


@asynccontextmanager
async def open_vendors(clock: Clock) -> AsyncGenerator[Upstream]:
    """A connection pool and the sandbox, for as long as the block lasts."""
    from nexhina.upstream.pool import Pool
    from nexhina.upstream.sandbox_transport import open_sandbox
    from nexhina.upstream.transports import Transports

    pool = Pool(clock)
    pool.open()
    sandbox = open_sandbox(clock)
    try:
        yield Transports(pool, sandbox)
    finally:
        sandbox.close()
        await pool.close()
