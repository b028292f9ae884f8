"""One-time links with which a user sets e-mail and password. Stored hashed, used once."""

from sqlalchemy import Connection, delete, insert, select, update

from nexhina.storage.tables import setup_link, user


def save_link(connection: Connection, *, digest: bytes, user_id: int, expires_at: float) -> None:
    """Keeps a link; the user's older ones that were not used die. KeyError: no such user."""
    owner = connection.execute(select(user.c.tenant_id).where(user.c.id == user_id)).scalar()
    if owner is None:
        raise KeyError(user_id)
    older = (setup_link.c.user_id == user_id) & setup_link.c.used_at.is_(None)
    connection.execute(delete(setup_link).where(older))
    values = {"digest": digest, "tenant_id": owner, "user_id": user_id, "expires_at": expires_at}
    connection.execute(insert(setup_link).values(**values))


def find_link(connection: Connection, digest: bytes, now: float) -> int | None:
    """The user whose live link this is; None: unknown, used or expired."""
    alive = setup_link.c.used_at.is_(None) & (setup_link.c.expires_at > now)
    wanted = select(setup_link.c.user_id).where((setup_link.c.digest == digest) & alive)
    return connection.execute(wanted).scalar()


def use_link(connection: Connection, digest: bytes, now: float) -> int | None:
    """Like `find_link`, and the link is used up: of two who try, one gets the user."""
    alive = setup_link.c.used_at.is_(None) & (setup_link.c.expires_at > now)
    change = update(setup_link).where((setup_link.c.digest == digest) & alive).values(used_at=now)
    return connection.execute(change.returning(setup_link.c.user_id)).scalar()
