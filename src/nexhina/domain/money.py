"""Integers of money: amounts in nano-USD, multipliers in parts per million.

1 USD = 1,000,000,000 nano-USD. Nothing here (or elsewhere) holds money in a float.
"""

from decimal import Decimal, InvalidOperation

NANO = 1_000_000_000
PPM = 1_000_000


def ceil_div(numerator: int, denominator: int) -> int:
    """The quotient of two non-negative integers, rounded up."""
    return -(-numerator // denominator)


def format_usd(nano: int) -> str:
    """The amount as a decimal string in USD without trailing zeros: 1500000 -> "0.0015"."""
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    whole, fraction = divmod(nano, NANO)
    digits = f"{fraction:09d}".rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def write_usd(nano: int) -> bytes:
    """`format_usd` for a header."""
    if 0 < nano < NANO:
        return (b"0.%09d" % nano).rstrip(b"0")
    return format_usd(nano).encode()


def parse_usd(text: str) -> int:
    """The amount in nano-USD of a decimal text in USD; raises ValueError with the cure."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        msg = f"{text!r} is not an amount in USD; write it like 12.50"
        raise ValueError(msg) from None
    nano = amount * NANO
    if not amount.is_finite() or nano != nano.to_integral_value():
        msg = f"{text!r} is not an amount in USD with at most nine decimals"
        raise ValueError(msg)
    return int(nano)
