"""Loads the built-in catalog (`storage/catalog/*.toml`) into tables, at first start and upgrade.

One file per maker: `maker = "…"`, then `[[model]]` tables with the fields of `domain.model.Model`,
each with `[[model.price]]` tables: kind, variant, usd (decimal text for `per` units), per, since
(date), source. Rows that an operator made or changed are left alone.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, select

from nexhina.domain.model import Model, Price
from nexhina.domain.money import parse_usd
from nexhina.domain.usage import KINDS
from nexhina.storage import meta
from nexhina.storage.model import list_models
from nexhina.storage.model import write_row as write_model
from nexhina.storage.price import write_row as write_price
from nexhina.storage.tables import price


class CatalogModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model of a file with its prices (their ids are 0)."""

    model: Model
    prices: tuple[Price, ...]


class CatalogChange(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a load wrote."""

    models: int
    prices: int


class _FilePrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: str
    usd: str
    per: int
    since: date
    source: str
    variant: str = ""


def load_catalog_if_new(connection: Connection, program_version: str) -> bool:
    """True when this version of the program had not loaded its catalog into this database yet."""
    if meta.load_value(connection, "catalog_of") == program_version:
        return False
    load_catalog(connection)
    meta.save_value(connection, "catalog_of", program_version)
    return True


def load_catalog(connection: Connection, folder: Traversable | None = None) -> CatalogChange:
    """What was written. Without a change in the files since the last load: nothing."""
    sources = sorted(
        (entry.name, entry.read_bytes())
        for entry in (folder or files("nexhina.storage") / "catalog").iterdir()
        if entry.name.endswith(".toml")
    )
    digest = hashlib.sha256(repr(sources).encode()).hexdigest()
    if meta.load_value(connection, "catalog_digest") == digest:
        return CatalogChange(models=0, prices=0)
    found = [item for name, data in sources for item in read_catalog(data.decode(), name)]
    _require_unique(found)
    change = CatalogChange(
        models=_load_models(connection, [item.model for item in found]),
        prices=_load_prices(connection, [row for item in found for row in item.prices]),
    )
    meta.save_value(connection, "catalog_digest", digest)
    meta.bump_version(connection)
    return change


def read_catalog(text: str, file: str) -> list[CatalogModel]:
    """The models of one file; ValueError names file, model and field."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: {error}") from None
    default = document.pop("maker", None)
    tables = cast("list[dict[str, Any]]", document.pop("model", []))
    if document:
        raise ValueError(f"{file}: unknown key {next(iter(document))!r}")
    return [_read_model(table, default, file) for table in tables]


def _read_model(table: dict[str, Any], maker: str | None, file: str) -> CatalogModel:
    where = f"{file}: model {table.get('name')!r}"
    fields = dict(table)
    prices = fields.pop("price", [])
    if maker is not None:
        fields.setdefault("maker", maker)
    unknown = set(fields) - (set(Model.__struct_fields__) - {"builtin"})
    if unknown:
        raise ValueError(f"{where}: unknown field {min(unknown)!r}")
    try:
        model = msgspec.convert(fields, Model)
        return CatalogModel(
            model=model,
            prices=tuple(_read_price(model.name, item) for item in prices),
        )
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from None


def _read_price(model: str, table: dict[str, Any]) -> Price:
    row = msgspec.convert(table, _FilePrice)
    if row.kind not in KINDS:
        raise ValueError(f"price kind {row.kind!r} is none of {', '.join(KINDS)}")
    nano = parse_usd(row.usd)
    if nano < 0 or row.per < 1 or not row.source:
        raise ValueError(f"price {row.kind!r} needs usd ≥ 0, per ≥ 1 and a source")
    since = datetime(row.since.year, row.since.month, row.since.day, tzinfo=UTC)
    return Price(
        id=0,
        model=model,
        channel_id=None,
        kind=row.kind,
        variant=row.variant,
        nano=nano,
        per=row.per,
        since=since.timestamp(),
        source=row.source,
    )


def _require_unique(found: Sequence[CatalogModel]) -> None:
    names: set[str] = set()
    for item in found:
        if item.model.name in names:
            raise ValueError(f"the catalog has the model {item.model.name!r} twice")
        names.add(item.model.name)
        keys = [_key(row) for row in item.prices]
        if len(set(keys)) != len(keys):
            raise ValueError(f"the catalog has a price of {item.model.name!r} twice")


def _key(row: Price) -> tuple[str, str, str, float]:
    return row.model, row.kind, row.variant, row.since


def _load_models(connection: Connection, wanted: Sequence[Model]) -> int:
    stored = {model.name: model for model in list_models(connection)}
    written = 0
    for model in wanted:
        before = stored.get(model.name)
        if before is None or (before.builtin and before != model):
            write_model(connection, model)
            written += 1
    return written


def _load_prices(connection: Connection, wanted: Sequence[Price]) -> int:
    """Rows that left the files stay: what was charged with them must remain readable."""
    stored = {
        (row.model, row.kind, row.variant, row.since): row
        for row in connection.execute(select(price).where(price.c.builtin))
    }
    written = 0
    for row in wanted:
        before = stored.get(_key(row))
        if before is None:
            write_price(connection, row, builtin=True)
        elif (before.nano, before.per, before.source) != (row.nano, row.per, row.source):
            write_price(connection, msgspec.structs.replace(row, id=before.id), builtin=True)
        else:
            continue
        written += 1
    return written
