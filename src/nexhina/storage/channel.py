"""Channels. The vendor's key is sealed for its row and opened only into a `Secret`."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from nexhina.domain.channel import Channel
from nexhina.errors import ConflictError
from nexhina.storage import meta
from nexhina.storage.row import read_fields
from nexhina.storage.tables import channel, price
from nexhina.storage.vault import Vault

_models = msgspec.json.Decoder(dict[str, str])


def save_channel(connection: Connection, vault: Vault, wanted: Channel, now: float) -> Channel:
    """The channel as saved: a new one for id 0, else every field replaced.

    ConflictError: the tenant has another channel of this name. KeyError: no channel of this id.
    """
    try:
        with connection.begin_nested():
            row_id = wanted.id or _insert(connection, wanted, now)
            _replace(connection, vault, msgspec.structs.replace(wanted, id=row_id))
    except IntegrityError:
        raise ConflictError(
            f"there is a channel named {wanted.name!r} already; choose another name"
        ) from None
    meta.bump_version(connection)
    row = connection.execute(select(channel).where(channel.c.id == row_id)).one()
    return _read(row, vault)


def _insert(connection: Connection, wanted: Channel, now: float) -> int:
    # The key is sealed for a row that must exist first; until then the row has none.
    values = _fields(wanted) | {
        "tenant_id": wanted.tenant_id,
        "created_at": now,
        "sealed_key": "",
        "key_nonce": f"new {wanted.tenant_id} {wanted.name}",
    }
    return connection.execute(insert(channel).values(**values).returning(channel.c.id)).scalar_one()


def _replace(connection: Connection, vault: Vault, wanted: Channel) -> None:
    nonce, sealed = vault.seal(_row_name(wanted.id), wanted.key)
    values = _fields(wanted) | {"sealed_key": sealed, "key_nonce": nonce}
    mine = (channel.c.id == wanted.id) & (channel.c.tenant_id == wanted.tenant_id)
    if connection.execute(update(channel).where(mine).values(**values)).rowcount != 1:
        raise KeyError(wanted.id)


def list_channels(
    connection: Connection, vault: Vault, tenant_id: int | None = None
) -> list[Channel]:
    """All channels, or a tenant's, by id. ValueError: a key does not open with this secret."""
    wanted = select(channel).order_by(channel.c.id)
    if tenant_id is not None:
        wanted = wanted.where(channel.c.tenant_id == tenant_id)
    return [_read(row, vault) for row in connection.execute(wanted)]


def find_channel(
    connection: Connection, vault: Vault, tenant_id: int, id_or_name: str
) -> Channel | None:
    """The tenant's channel of a name, else of an id."""
    by_name = channel.c.name == id_or_name
    row = connection.execute(
        select(channel).where((channel.c.tenant_id == tenant_id) & by_name)
    ).one_or_none()
    if row is None and id_or_name.isascii() and id_or_name.isdigit() and len(id_or_name) < 19:
        by_id = channel.c.id == int(id_or_name)
        row = connection.execute(
            select(channel).where((channel.c.tenant_id == tenant_id) & by_id)
        ).one_or_none()
    return None if row is None else _read(row, vault)


def set_channel_status(
    connection: Connection, tenant_id: int, channel_id: int, status: str
) -> bool:
    """True when there is such a channel; `status` is "enabled" or "disabled"."""
    mine = (channel.c.id == channel_id) & (channel.c.tenant_id == tenant_id)
    found = connection.execute(update(channel).where(mine).values(status=status)).rowcount == 1
    if found:
        meta.bump_version(connection)
    return found


def remove_channel(connection: Connection, tenant_id: int, channel_id: int) -> bool:
    """True when there was such a channel; its prices go with it, its log rows stay."""
    mine = (channel.c.id == channel_id) & (channel.c.tenant_id == tenant_id)
    if connection.execute(select(channel.c.id).where(mine)).one_or_none() is None:
        return False
    connection.execute(delete(price).where(price.c.channel_id == channel_id))
    connection.execute(delete(channel).where(mine))
    meta.bump_version(connection)
    return True


def _row_name(channel_id: int) -> str:
    return f"channel/{channel_id}"


_PLAIN = (
    "name",
    "provider",
    "public_name",
    "base_url",
    "priority",
    "weight",
    "status",
    "proxy",
    "ca_file",
    "automatic",
)


def _fields(wanted: Channel) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _PLAIN}
    values["models"] = msgspec.json.encode(wanted.models).decode()
    return values


def _read(row: Row[Any], vault: Vault) -> Channel:
    fields = read_fields(row)
    try:
        key = vault.unseal(_row_name(fields["id"]), fields["sealed_key"])
    except ValueError:
        raise ValueError(
            f"the key of channel {fields['name']!r} does not open with this secret.key"
        ) from None
    return Channel(
        id=fields["id"],
        tenant_id=fields["tenant_id"],
        key=key,
        models=_models.decode(fields["models"]),
        created_at=fields["created_at"],
        **{name: fields[name] for name in _PLAIN},
    )
