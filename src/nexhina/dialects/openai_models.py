"""The list of models: one object that carries OpenAI's and Anthropic's fields, which do not clash.

Beside them what a caller needs to choose: price, context, modalities, operations. Prices are in
USD as decimal strings and as whole nano-dollars, for one million tokens or one image.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, Struct

from nexhina.contract.schema.model import Modalities, ModelList, ModelObject, ModelPrice
from nexhina.dialects.query import read_count
from nexhina.domain.model import Model, Price
from nexhina.domain.money import format_usd
from nexhina.errors import InvalidRequestError

_DAY = 86_400
LARGEST_PAGE = 1_000
_NO_QUERY: Mapping[str, str] = {}


class ModelEntry(Struct, frozen=True, kw_only=True):
    """A model that the caller may use; `operations` are those that have a channel and are built."""

    model: Model
    operations: tuple[str, ...]
    prices: tuple[Price, ...] = ()


class _ListedModel(Struct):
    id: str


class _ModelList(Struct):
    data: list[_ListedModel]


def write_models(entries: Sequence[ModelEntry], query: Mapping[str, str] = _NO_QUERY) -> bytes:
    """The body of GET /v1/models: all of it unless `limit`, `after_id` or `before_id` ask for less.

    Raises InvalidRequestError for a bad limit and for an id that is not in the list.
    """
    page, has_more = _cut_page(entries, query)
    data = [_write_entry(entry) for entry in page]
    return msgspec.json.encode(
        ModelList(
            object="list",
            data=data,
            has_more=has_more,
            first_id=data[0].id if data else None,
            last_id=data[-1].id if data else None,
        )
    )


def write_model(entry: ModelEntry) -> bytes:
    """The body of GET /v1/models/{id}."""
    return msgspec.json.encode(_write_entry(entry))


def read_model_names(body: bytes) -> list[str]:
    """The names in a vendor's list, in order and once each; raises ValueError when it is no list."""
    try:
        found = msgspec.json.decode(body, type=_ModelList).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"the provider's list of models can't be read: {error}"
        raise ValueError(msg) from None
    return list(dict.fromkeys(each.id for each in found if each.id))


def _cut_page(
    entries: Sequence[ModelEntry], query: Mapping[str, str]
) -> tuple[Sequence[ModelEntry], bool]:
    """What the query asks for, and whether more follows in the direction it goes."""
    limit = read_count(query, "limit", LARGEST_PAGE)
    after, before = query.get("after_id"), query.get("before_id")
    if after and before:
        raise InvalidRequestError(
            "A page is after one model or before one, not both. Send after_id or before_id.",
            param="before_id",
        )
    if before:
        rest = entries[: _find_place(entries, before, "before_id")]
        page = rest if limit is None else rest[-limit:]
    else:
        start = _find_place(entries, after, "after_id") + 1 if after else 0
        rest = entries[start:]
        page = rest if limit is None else rest[:limit]
    return page, len(page) < len(rest)


def _find_place(entries: Sequence[ModelEntry], name: str, param: str) -> int:
    for place, entry in enumerate(entries):
        if entry.model.name == name:
            return place
    raise InvalidRequestError(
        f"{param} names no model of this list: {name[:200]!r}. Use a first_id or last_id of it.",
        param=param,
    )


def _write_entry(entry: ModelEntry) -> ModelObject:
    model = entry.model
    return ModelObject(
        id=model.name,
        object="model",
        created=model.created,
        owned_by=model.maker,
        type="model",
        display_name=model.title or model.name,
        created_at=format_time(model.created),
        operations=list(entry.operations),
        modalities=Modalities(input=list(model.inputs), output=list(model.outputs)),
        context_length=model.context,
        max_output_tokens=model.output_limit,
        max_input_tokens=model.context,
        max_tokens=model.output_limit,
        price=[_write_price(price) for price in entry.prices],
        dimensions=UNSET if model.dimensions is None else model.dimensions,
        image_sizes=list(model.image_sizes) or UNSET,
        image_qualities=list(model.image_qualities) or UNSET,
    )


def _write_price(price: Price) -> ModelPrice:
    return ModelPrice(
        kind=price.kind,
        amount=format_usd(price.nano),
        currency=price.currency,
        per=price.per,
        amount_nano_usd=price.nano if price.currency == "USD" else UNSET,
        variant=price.variant or UNSET,
    )


def format_time(seconds: int) -> str:
    """The time as RFC 3339 in UTC: 0 -> "1970-01-01T00:00:00Z". Pure rooms have no clock module."""
    days, rest = divmod(seconds, _DAY)
    # Days to a civil date in the proleptic Gregorian calendar, by 400-year eras from 1 March.
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5 - 1
    year += 400 * era + (month >= 10)
    month += 3 if month < 10 else -9
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    return f"{year:04d}-{month:02d}-{day:02d}T{hours:02d}:{minutes:02d}:{seconds:02d}Z"
