"""`nexhina backup` and `nexhina restore`."""

from pathlib import Path

import click

from nexhina.cli.frame import Command, json_option, print_json, say
from nexhina.cli.installation import call, find_data_dir
from nexhina.errors import StartError, explain_os_error
from nexhina.services.shapes import BackupView, WriteBackup


@click.command(cls=Command, examples=("nexhina backup ~/nexhina-2026-08-01.tar\n"))
@click.argument("file", metavar="FILE")
@json_option
@click.pass_context
def backup(ctx: click.Context, file: str, as_json: bool) -> None:
    """Copy the database and secret.key into FILE, also while the server runs.

    FILE holds every vendor key and the secret that opens them: keep it like a password.
    """
    path = Path(file).expanduser().resolve()
    written: BackupView = call(ctx, "backup", WriteBackup(file=str(path)))
    if as_json:
        print_json(written)
    else:
        say(f"Wrote {written.file} ({written.size:,} bytes).")


@click.command(
    cls=Command, examples=("nexhina restore ~/nexhina-2026-08-01.tar --data-dir ./data2\n")
)
@click.argument("file", metavar="FILE")
@json_option
@click.pass_context
def restore(ctx: click.Context, file: str, as_json: bool) -> None:
    """Fill an empty data folder from FILE, which `nexhina backup` wrote."""
    from nexhina.storage.backup import restore_backup
    from nexhina.storage.folder import open_folder

    path = Path(file).expanduser().resolve()
    try:
        path.open("rb").close()  # before a folder is made for it
    except OSError as error:
        raise StartError(f"{path} can't be read: {explain_os_error(error)}") from None
    folder = open_folder(find_data_dir(ctx))
    restore_backup(path, folder)
    if as_json:
        print_json({"data_dir": str(folder.path)})
    else:
        say(f"Restored into {folder.path}. Start it: nexhina serve --data-dir {folder.path}")
