"""Where a command finds its installation, and how its calls get there.

While a process holds the data folder the call goes to its control socket; otherwise this process
takes the folder, opens the database and runs the same function itself.
"""

import asyncio
import os
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from nexhina.cli.frame import CONFLICT, EXIT_BY_CODE, FAILURE, NOT_FOUND, USAGE
from nexhina.errors import StartError, explain_os_error
from nexhina.services import control_wire as wire
from nexhina.services.registry import Call, require_call
from nexhina.settings import Settings, read_settings
from nexhina.storage.folder import DataFolder, FolderHold, hold_folder, holder

_PATIENCE_S = 5.0
_read_response = msgspec.json.Decoder(wire.Response).decode


def find_data_dir(ctx: click.Context) -> Path:
    """The data folder that the command line or the environment names, whole and without `..`."""
    named = ctx.meta.get("nexhina.data_dir") or os.environ.get("NEXHINA_DATA_DIR") or "data"
    return Path(cast("str", named)).expanduser().resolve()


def load_settings(folder: DataFolder, flags: dict[str, Any]) -> tuple[Settings, dict[str, str]]:
    """The settings in force for an installation; StartError on a wrong one."""
    try:
        text = folder.settings.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(
            f"{folder.settings} can't be read: {explain_os_error(error)}; it must be TOML in UTF-8 "
            "that this user may read",
            exit_code=USAGE,
        ) from None
    return read_settings(flags, os.environ, text)


def call(ctx: click.Context, name: str, arguments: msgspec.Struct, *, prepare: bool = False) -> Any:
    """The result of a service call, of the registry's type.

    `prepare`: make or migrate the installation first. Raises StartError, or the service's error.
    """
    folder = DataFolder(find_data_dir(ctx))
    if not prepare:
        _require_folder(folder)
    wanted = require_call(name)
    with _reach(folder, prepare=prepare) as (connection, hold):
        if connection is not None:
            with connection:
                return _ask(connection, name, wanted, arguments)
        if hold is not None and not prepare:
            _require_database(folder)
        return asyncio.run(_run(folder, wanted, arguments, prepare=prepare))


def stream(ctx: click.Context, name: str, arguments: msgspec.Struct) -> Iterator[Any]:
    """The items of a service call that streams, as they come."""
    folder = DataFolder(find_data_dir(ctx))
    _require_folder(folder)
    wanted = require_call(name)
    with _reach(folder, prepare=False) as (connection, _hold):
        if connection is None:
            _require_database(folder)
            raise StartError(
                f"No server runs in {folder.path}, so nothing new will come. Start `nexhina serve`, "
                "or leave --follow away."
            )
        with connection:
            for line in _exchange(connection, name, arguments):
                response = _read_response(line)
                _raise_refusal(response)
                if not response.item:
                    return
                yield msgspec.json.decode(response.item, type=wanted.result)
            raise _gone()


# --- through the socket -------------------------------------------------------------------------


def connect(path: Path) -> socket.socket | None:
    """A connection to the server of a folder; None when nobody listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(wire.socket_address(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except PermissionError:
        connection.close()
        raise StartError(
            f"{path} belongs to another user; run this command as the user that runs the server."
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _reach(
    folder: DataFolder, *, prepare: bool
) -> Generator[tuple[socket.socket | None, FolderHold | None]]:
    """A connection to the server, else the folder itself, held. Waits while one starts or stops."""
    if prepare:
        from nexhina.storage.folder import open_folder

        open_folder(folder.path)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        connection = connect(folder.control)
        if connection is not None:
            yield connection, None
            return
        if not prepare and not folder.database.exists() and holder(folder) is None:
            yield None, None  # nothing there: leave no lock file behind
            return
        try:
            hold = hold_folder(folder)
        except StartError:
            pid = holder(folder)
            if pid is not None and time.monotonic() > deadline:
                raise StartError(
                    f"Process {pid} holds {folder.path} and does not answer on its control socket. "
                    "Wait until it has started or stopped, or end it.",
                    exit_code=CONFLICT,
                ) from None
            time.sleep(0.02)
            continue
        with hold:
            yield None, hold
        return


def _ask(connection: socket.socket, name: str, wanted: Call, arguments: msgspec.Struct) -> Any:
    for line in _exchange(connection, name, arguments):
        response = _read_response(line)
        _raise_refusal(response)
        return msgspec.json.decode(response.result, type=wanted.result)
    raise _gone()


def _gone() -> StartError:
    return StartError("The server went away before it had answered; its log says why.")


def _exchange(connection: socket.socket, name: str, arguments: msgspec.Struct) -> Iterator[bytes]:
    request = {"call": name, "arguments": arguments}
    try:
        connection.sendall(msgspec.json.encode(request) + b"\n")
        with connection.makefile("rb") as lines:
            yield from lines
    except ConnectionError:
        raise _gone() from None


def _raise_refusal(response: wire.Response) -> None:
    error = response.error
    if error is not None:
        code = EXIT_BY_CODE.get(error.code, error.exit_code or FAILURE)
        raise StartError(error.message, exit_code=code)


# --- without a server ---------------------------------------------------------------------------


def _require_folder(folder: DataFolder) -> None:
    if not folder.path.is_dir():
        raise _nothing_there(folder)


def _require_database(folder: DataFolder) -> None:
    settings, _ = load_settings(folder, {})
    if settings.database_url is None and not folder.database.exists():
        raise _nothing_there(folder)


def _nothing_there(folder: DataFolder) -> StartError:
    return StartError(
        f"There is no installation in {folder.path}. Run `nexhina init`, or start `nexhina serve`; "
        "or name another folder with --data-dir.",
        exit_code=NOT_FOUND,
    )


async def _run(
    folder: DataFolder, wanted: Call, arguments: msgspec.Struct, *, prepare: bool
) -> Any:
    from nexhina.services.opening import book_leftovers, open_workspace
    from nexhina.telemetry.clock import SystemClock

    settings, sources = load_settings(folder, {})
    workspace = open_workspace(folder, settings, sources, clock=SystemClock(), prepare=prepare)
    try:
        book_leftovers(workspace)
        return await wanted.load()(workspace, arguments)
    finally:
        workspace.database.close()
