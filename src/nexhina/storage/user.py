"""People, with or without the means to sign in."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from nexhina.domain.identity import User
from nexhina.errors import ConflictError
from nexhina.storage.row import read_fields
from nexhina.storage.tables import user


def save_user(
    connection: Connection,
    *,
    tenant_id: int,
    email: str | None,
    password_hash: str | None,
    role: str,
    now: float,
) -> User:
    """The new user; ConflictError: the e-mail is taken."""
    values = {
        "tenant_id": tenant_id,
        "email": _fold(email),
        "password_hash": password_hash,
        "role": role,
        "created_at": now,
    }
    statement = insert(user).values(**values).returning(user)
    try:
        with connection.begin_nested():
            return _read(connection.execute(statement).one())
    except IntegrityError:
        raise _taken(email) from None


def save_credentials(
    connection: Connection, user_id: int, *, email: str, password_hash: str
) -> User:
    """The user with e-mail and password; ConflictError: somebody else has the e-mail."""
    statement = (
        update(user)
        .where(user.c.id == user_id)
        .values(email=_fold(email), password_hash=password_hash)
        .returning(user)
    )
    try:
        with connection.begin_nested():
            row = connection.execute(statement).one_or_none()
    except IntegrityError:
        raise _taken(email) from None
    if row is None:
        raise KeyError(user_id)
    return _read(row)


def load_user(connection: Connection, user_id: int) -> User | None:
    """The user of an id."""
    row = connection.execute(select(user).where(user.c.id == user_id)).one_or_none()
    return None if row is None else _read(row)


def find_user(connection: Connection, email: str) -> User | None:
    """The user of an e-mail, upper or lower case."""
    row = connection.execute(select(user).where(user.c.email == _fold(email))).one_or_none()
    return None if row is None else _read(row)


def list_users(connection: Connection, tenant_id: int) -> list[User]:
    """The tenant's users, oldest first."""
    wanted = select(user).where(user.c.tenant_id == tenant_id).order_by(user.c.id)
    return [_read(row) for row in connection.execute(wanted)]


def _fold(email: str | None) -> str | None:
    return None if email is None else email.strip().lower()


def _taken(email: str | None) -> ConflictError:
    return ConflictError(f"the e-mail {email!r} belongs to another user; choose another")


def _read(row: Row[Any]) -> User:
    return User(**read_fields(row))
