"""API keys. The database knows a key only as HMAC(pepper, SHA-256(key))."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    LABEL_STYLE_TABLENAME_PLUS_COL,
    Connection,
    Row,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from nexhina.domain.identity import Principal, Tenant, Token, budget_account, wallet_account
from nexhina.errors import ConflictError
from nexhina.storage import account, meta
from nexhina.storage.row import read_fields
from nexhina.storage.tables import tenant, token

_names = msgspec.json.Decoder(tuple[str, ...])


class TokenUse(msgspec.Struct, frozen=True, kw_only=True):
    """A token and what was booked on it so far (a batch behind the running gateway at most)."""

    token: Token
    spent_nano: int
    calls: int
    last_used_at: float | None


def save_token(  # noqa: PLR0913  (the columns of a row, by name)
    connection: Connection,
    *,
    tenant_id: int,
    user_id: int,
    name: str,
    hint: str,
    stored_digest: bytes,
    budget_nano: int | None,
    models: tuple[str, ...] | None,
    permissions: tuple[str, ...],
    now: float,
    expires_at: float | None = None,
) -> Token:
    """The new token, its budget account filled; ConflictError: an enabled token has the name."""
    values = {
        "tenant_id": tenant_id,
        "user_id": user_id,
        "name": name,
        "hint": hint,
        "digest": stored_digest,
        "status": "enabled",
        "budget_nano": budget_nano,
        "models": None if models is None else msgspec.json.encode(models).decode(),
        "permissions": msgspec.json.encode(permissions).decode(),
        "created_at": now,
        "expires_at": expires_at,
    }
    # Before the row: so ids rise in the order of the commits, as `key_index` expects.
    meta.bump_version(connection)
    statement = insert(token).values(**values).returning(token)
    try:
        with connection.begin_nested():
            saved = _read(connection.execute(statement).one())
    except IntegrityError:
        raise ConflictError(
            f"there is an enabled key named {name!r} already; choose another name or revoke it"
        ) from None
    if budget_nano is not None:
        account.create_account(
            connection,
            budget_account(saved.id),
            tenant_id=tenant_id,
            floor=0,
            grant_nano=budget_nano,
            now=now,
        )
    return saved


def list_tokens(connection: Connection, tenant_id: int) -> list[TokenUse]:
    """The tenant's tokens with their use, oldest first, revoked ones included."""
    wanted = select(token).where(token.c.tenant_id == tenant_id).order_by(token.c.id)
    return [
        TokenUse(
            token=_read(row),
            spent_nano=row.spent_nano,
            calls=row.calls,
            last_used_at=row.last_used_at,
        )
        for row in connection.execute(wanted)
    ]


def load_token(connection: Connection, tenant_id: int, token_id: int) -> Token | None:
    """The tenant's token of an id."""
    wanted = (token.c.tenant_id == tenant_id) & (token.c.id == token_id)
    row = connection.execute(select(token).where(wanted)).one_or_none()
    return None if row is None else _read(row)


def find_token(connection: Connection, tenant_id: int, id_or_name: str) -> Token | None:
    """The token of an id, else of a name: the enabled one, else the newest revoked one."""
    if id_or_name.isascii() and id_or_name.isdigit() and len(id_or_name) < 19:
        found = load_token(connection, tenant_id, int(id_or_name))
        if found is not None:
            return found
    wanted = (token.c.tenant_id == tenant_id) & (token.c.name == id_or_name)
    order = (token.c.status != "enabled", token.c.id.desc())
    row = connection.execute(select(token).where(wanted).order_by(*order)).first()
    return None if row is None else _read(row)


def revoke_token(connection: Connection, tenant_id: int, token_id: int) -> bool:
    """True when the token was enabled until now."""
    wanted = (
        (token.c.tenant_id == tenant_id) & (token.c.id == token_id) & (token.c.status == "enabled")
    )
    revoked = connection.execute(update(token).where(wanted).values(status="revoked")).rowcount == 1
    if revoked:
        meta.bump_version(connection)
    return revoked


def find_principal(connection: Connection, stored_digests: Sequence[bytes]) -> Principal | None:
    """Whom an enabled token stands for. Several digests while a pepper rotates."""
    wanted = (
        select(token, tenant)
        .join_from(token, tenant, token.c.tenant_id == tenant.c.id)
        .where(token.c.digest.in_(stored_digests) & (token.c.status == "enabled"))
        .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
    )
    row = connection.execute(wanted).first()
    if row is None:
        return None
    fields = read_fields(row)
    found = _token({column.name: fields[f"token_{column.name}"] for column in token.columns})
    accounts = [wallet_account(found.tenant_id)]
    if found.budget_nano is not None:
        accounts.append(budget_account(found.id))
    return Principal(
        token=found,
        tenant=Tenant(
            **{column.name: fields[f"tenant_{column.name}"] for column in tenant.columns}
        ),
        accounts=tuple(accounts),
    )


def _read(row: Row[Any]) -> Token:
    return _token(read_fields(row))


def _token(fields: dict[str, Any]) -> Token:
    known = {name: fields[name] for name in Token.__struct_fields__}
    models = known["models"]
    known["models"] = None if models is None else _names.decode(models)
    known["permissions"] = _names.decode(known["permissions"])
    return Token(**known)
