"""Times as a person writes and reads them."""

import re
from datetime import UTC, datetime

from nexhina.errors import InvalidRequestError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AGO = re.compile(r"(\d{1,6})([smhdw])")


def show_time(at: float | None) -> str:
    """Unix seconds as date and time in UTC; empty for None."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def read_since(text: str, now: float) -> float:
    """Unix seconds of "15m", "2h", "7d" ago, of an ISO date or time (UTC by default), or themselves."""
    word = text.strip()
    ago = _AGO.fullmatch(word)
    if ago is not None:
        return now - int(ago[1]) * _UNITS[ago[2]]
    if re.fullmatch(r"\d{9,12}(\.\d+)?", word):
        return float(word)
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise InvalidRequestError(
            f"{text!r} is no time; write 15m, 2h or 7d for so long ago, or 2026-08-01 or "
            "2026-08-01T12:00:00Z."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
