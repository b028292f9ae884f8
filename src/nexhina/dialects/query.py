"""What callers ask for behind the question mark of an address."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from nexhina.errors import InvalidRequestError


def read_query(query: bytes) -> dict[str, str]:
    """The query's parameters, the first of each name; bytes that are no UTF-8 become U+FFFD."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return dict(reversed(pairs))


def read_many(query: bytes, name: str) -> list[str]:
    """The values of a parameter that may be repeated, as `name`, `name[]` or `name[0]`."""
    pairs = parse_qsl(query.decode("latin-1"))
    return [value for each, value in pairs if each.partition("[")[0] == name]


def read_count(query: Mapping[str, str], name: str, largest: int, *, least: int = 1) -> int | None:
    """The page size named so, None when it is not given; raises InvalidRequestError for another one."""
    raw = query.get(name)
    if raw is None:
        return None
    # At most four digits: int() of a long text is slow, and refuses the longest.
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 4 and least <= int(raw) <= largest):
        raise InvalidRequestError(
            f"{name} must be a whole number from {least} to {largest}; this one is {raw[:40]!r}.",
            param=name,
        )
    return int(raw)
