"""Prices, models and log rows for tests, with everything that a test does not care about filled in."""

from itertools import count

from nexhina.domain.log import LogRow
from nexhina.domain.model import Model, Price
from nexhina.domain.money import parse_usd
from nexhina.domain.usage import ChargeLine

_ids = count(1)


def make_price(
    kind: str,
    usd: str,
    *,
    per: int = 1_000_000,
    variant: str = "",
    model: str = "m",
    channel_id: int | None = None,
    since: float = 0.0,
    currency: str = "USD",
) -> Price:
    return Price(
        id=next(_ids),
        model=model,
        channel_id=channel_id,
        kind=kind,
        variant=variant,
        nano=parse_usd(usd),
        currency=currency,
        per=per,
        since=since,
        source="test",
    )


def make_model(name: str = "m", **facts: object) -> Model:
    fields: dict[str, object] = {"maker": "test", "operations": ("chat",), **facts}
    return Model(name=name, **fields)  # pyright: ignore[reportArgumentType]


def make_row(**changes: object) -> LogRow:
    """A chat call that went well."""
    fields: dict[str, object] = {
        "id": "0193-call",
        "request_id": "0193-call",
        "created_at": 1_700_000_000.0,
        "tenant_id": 1,
        "user_id": 2,
        "token_id": 3,
        "token_name": "secret-project",
        "channel_id": 7,
        "channel_name": "my account",
        "operation": "chat",
        "model": "m",
        "upstream_model": "m",
        "dialect_in": "openai_chat",
        "dialect_out": "openai_chat",
        "lane": "verbatim",
        "attempts": 1,
        "status": 200,
        "error_code": "",
        "stream": False,
        "estimated": False,
        "unpriced": False,
        "abandoned": False,
        "queue_us": 300,
        "first_byte_us": 400_000,
        "total_us": 2_000_000,
        "hold_nano": 10_000,
        "charge_nano": 5_000,
        "lines": (ChargeLine("input", 10, 1, 100, 1, 1_000_000),),
        "trace": (),
    }
    fields |= changes
    return LogRow(**fields)  # pyright: ignore[reportArgumentType]
