"""Reads a PostgreSQL URL as its own tools take it, for the driver that is used here."""

import ssl
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from nexhina.errors import EXIT_USAGE, StartError, explain_os_error

_DRIVER = "postgresql+pg8000"


def read_url(text: str) -> tuple[URL, dict[str, Any]]:
    """(URL, the driver's own arguments). Understands `host=/folder`, `sslmode`, `sslrootcert`.

    StartError for other schemes and parameters; the password is in no message.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise StartError(
            "the database URL can't be read; write it like postgresql://user:password@host/name",
            exit_code=EXIT_USAGE,
        ) from None
    if url.drivername not in {"postgresql", "postgres", _DRIVER}:
        raise StartError(
            f"{url.drivername}:// is not a database that this program knows; "
            "write postgresql://…, or nothing for SQLite",
            exit_code=EXIT_USAGE,
        )
    query = {name: str(value) for name, value in url.query.items()}
    arguments = _read_tls(query)
    host = query.pop("host", None)
    if host is not None and host.startswith("/"):
        arguments["unix_sock"] = f"{host}/.s.PGSQL.{url.port or 5432}"
    elif host is not None:
        url = url.set(host=host)
    if query:
        raise StartError(
            f"the database URL has the parameter {min(query)!r}, which is not known here",
            exit_code=EXIT_USAGE,
        )
    return url.set(drivername=_DRIVER, query={}), arguments


def _read_tls(query: dict[str, str]) -> dict[str, Any]:
    mode = query.pop("sslmode", "disable")
    root = query.pop("sslrootcert", None)
    if mode == "disable":
        return {}
    if mode not in {"require", "verify-ca", "verify-full"}:
        raise StartError(
            f"sslmode={mode} is not known here; use disable, require or verify-full",
            exit_code=EXIT_USAGE,
        )
    try:
        context = ssl.create_default_context(cafile=root)
    except OSError as error:
        raise StartError(
            f"sslrootcert={root} can't be used: {explain_os_error(error)}; name a file of certificates "
            "in PEM",
            exit_code=EXIT_USAGE,
        ) from None
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return {"ssl_context": context}
