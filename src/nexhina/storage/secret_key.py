"""The installation's master secret: `secret.key` beside the database, or given by the settings.

The database keeps a fingerprint, so that a key of another installation is noticed at start and
not when the first vendor key fails to open.
"""

import logging
import os
import stat
from collections.abc import Callable

from nexhina.errors import EXIT_USAGE, StartError, explain_os_error
from nexhina.identity.sealing import fingerprint
from nexhina.storage import meta
from nexhina.storage.database import Database
from nexhina.storage.folder import DataFolder

_log = logging.getLogger("nexhina.storage")

SECRET_BYTES = 32
_FINGERPRINT = "secret_fingerprint"


def load_secret(
    folder: DataFolder,
    database: Database,
    entropy: Callable[[int], bytes],
    given: str | None = None,
) -> bytes:
    """The 32 secret bytes of this database, made at its first start.

    `given` (64 hexadecimal digits) wins over the file. StartError: missing, malformed, or of
    another database. Logged: a file that others may read, or that is older than its database.
    """
    with database.read() as connection:
        known = meta.load_value(connection, _FINGERPRINT)
    if given is not None:
        secret = read_secret_text(given, "NEXHINA_SECRET_KEY")
    elif folder.secret_key.exists():
        secret = _read_file(folder)
        if known is None and database.is_sqlite:
            _log.warning(
                "%s was there before the database: if %s was lost or moved, stop and put it back; "
                "a new installation begins now",
                folder.secret_key,
                folder.database,
            )
    elif known is None and database.is_sqlite:
        secret = _make_file(folder, entropy)
    else:
        raise StartError(
            f"{folder.secret_key} is missing, and without it the stored vendor keys can't be "
            "opened; copy it from the machine or backup that this database comes from, "
            "or set NEXHINA_SECRET_KEY"
        )
    if known is None:
        with database.write() as connection:
            meta.save_value(connection, _FINGERPRINT, fingerprint(secret))
    elif known != fingerprint(secret):
        where = folder.database if database.is_sqlite else database.url
        raise StartError(
            "the secret key is of another database (its fingerprint differs); copy secret.key "
            f"from the installation that made {where}"
        )
    return secret


def read_secret_text(text: str, where: str) -> bytes:
    """The bytes of 64 hexadecimal digits; StartError names where they were found."""
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise StartError(
            f"{where} must be {SECRET_BYTES * 2} hexadecimal digits; copy it from the machine or "
            "backup that this database comes from",
            exit_code=EXIT_USAGE,
        )
    return secret


def _read_file(folder: DataFolder) -> bytes:
    path = folder.secret_key
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            _log.warning("%s can be read by other users of this machine: chmod 600 %s", path, path)
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(
            f"{path} can't be read: {explain_os_error(error)}; give it to the user that runs this (chown)"
        ) from None
    return read_secret_text(text, str(path))


def _make_file(folder: DataFolder, entropy: Callable[[int], bytes]) -> bytes:
    path = folder.secret_key
    secret = entropy(SECRET_BYTES)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(fd)
    except OSError as error:
        raise StartError(f"{path} can't be written: {error.strerror}") from None
    return secret
