"""Which bytes a GET asks for (RFC 9110 §14). One range is served; more than one gets the whole."""

import re

_RANGE = re.compile(rb"bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))", re.IGNORECASE)


class Unsatisfiable(Exception):  # noqa: N818  (an outcome: it is answered with 416)
    """The range lies beyond the end."""


def read_range(value: bytes | None, size: int) -> tuple[int, int] | None:
    """First byte and length; None: the whole. Raises Unsatisfiable.

    What is not one well-formed range of bytes is passed over, as the RFC asks.
    """
    match = _RANGE.fullmatch(value.strip()) if value else None
    if match is None:
        return None
    if match[3] is not None:
        length = min(int(match[3]), size)
        if length == 0:
            raise Unsatisfiable
        return size - length, length
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return first, last - first + 1
