"""Faults on demand, so that users can test how their own application takes them.

Controls follow a model's name (`sandbox-chat;latency_ms=200;error_rate=0.2`, also as the upstream
name of a channel) or come in one request header (`x-sandbox: error_rate=1, error_code=503`), which
wins. CONTROLS is the whole list. Which calls fail is counted, not diced: of every hundred calls
with the same controls exactly the asked share fails, in an order that the vendor's seed moves.
"""

from collections import OrderedDict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.reply import Piece, SandboxReply, failure

HEADER = b"x-sandbox"


class Control(msgspec.Struct, frozen=True):
    """The bounds of one control, what it does, and whether it takes decimals."""

    low: int
    high: int
    meaning: str
    decimal: bool = False


CONTROLS: dict[str, Control] = {
    "latency_ms": Control(0, 600_000, "wait before the answer begins"),
    "jitter_ms": Control(0, 600_000, "up to so much more, differently for each call"),
    "error_rate": Control(0, 1, "share of calls that fail", decimal=True),
    "error_code": Control(400, 599, "status of the calls that fail"),
    "retry_after": Control(0, 86_400, "seconds in Retry-After of a 429 or 503"),
    "cut_after": Control(0, 1_000_000, "break the answer off after so many pieces"),
    "chunk_delay_ms": Control(0, 600_000, "wait before each piece"),
    "chunk_bytes": Control(1, 1_048_576, "send pieces of so many bytes"),
    "no_usage": Control(0, 1, "1: leave usage away"),
    "job_ms": Control(0, 3_600_000, "least time that a film takes"),
    "job_fails": Control(0, 1, "1: the film fails after its work has begun"),
}


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """The controls of one call. Without any, the answer is left alone."""

    latency_ms: int = 0
    jitter_ms: int = 0
    error_rate: Decimal = Decimal(0)
    error_code: int = 500
    retry_after: int = 1
    cut_after: int | None = None
    chunk_delay_ms: int = 0
    chunk_bytes: int | None = None
    no_usage: int = 0
    job_ms: int = 0
    job_fails: int = 0


NONE = Faults()


def split_model(name: str) -> tuple[str, str]:
    """The model's own name, and the controls behind its first semicolon."""
    model, _, controls = name.partition(";")
    return model.strip(), controls.strip()


def read_faults(model_controls: str, header: str) -> Faults:
    """The controls of both places, the header's first; raises InvalidRequestError naming the bad one."""
    if not model_controls and not header:
        return NONE
    found = _read_controls(model_controls, "the model's name")
    found |= _read_controls(header, "the header x-sandbox")
    return msgspec.convert(found, Faults)


def _read_controls(text: str, place: str) -> dict[str, int | Decimal]:
    found: dict[str, int | Decimal] = {}
    for item in text.replace(",", ";").split(";"):
        if not item.strip():
            continue
        name, _, value = (part.strip() for part in item.partition("="))
        control = CONTROLS.get(name)
        if control is None:
            near = get_close_matches(name, CONTROLS, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(CONTROLS)}."
            raise _bad(f"There is no sandbox control {name[:40]!r} (in {place}). {hint}", name)
        if name in found:
            raise _bad(f"The sandbox control {name} is given twice in {place}.", name)
        found[name] = _read_value(name, control, value, place)
    return found


def _read_value(name: str, control: Control, value: str, place: str) -> int | Decimal:
    try:
        number = Decimal(value) if len(value) <= 20 else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    whole = control.decimal or (number.is_finite() and number == number.to_integral_value())
    if not number.is_finite() or not whole or not control.low <= number <= control.high:
        kind = "a number" if control.decimal else "a whole number"
        raise _bad(
            f"The sandbox control {name} ({control.meaning}) takes {kind} from {control.low} to "
            f"{control.high}, not {value[:40]!r} (in {place}).",
            name,
        )
    return number if control.decimal else int(number)


def _bad(message: str, name: str) -> InvalidRequestError:
    return InvalidRequestError(message, param=name[:40], code="invalid_sandbox_control")


class Draws:
    """Counts the calls of each set of controls and says which of them fail."""

    def __init__(self, seed: int = 0, kept: int = 1024) -> None:
        self._seed = seed
        self._kept = kept
        self._counts: OrderedDict[Faults, int] = OrderedDict()  # the longest unused one is dropped

    def draw(self, faults: Faults) -> int:
        """The number of this call among those with the same controls, from 0."""
        count = self._counts.pop(faults, 0)
        self._counts[faults] = count + 1
        if len(self._counts) > self._kept:
            self._counts.popitem(last=False)
        return count

    def is_failing(self, faults: Faults, count: int) -> bool:
        """Whether the call of that number fails: exactly the asked share of every hundred."""
        block, place = divmod(count, 100)
        share = faults.error_rate * 100
        # What a hundred can't hold (0.5 %) is carried on to the next hundred.
        failing = int((block + 1) * share) - int(block * share)
        return (place * 37 + block * 11 + self._seed) % 100 < failing

    def latency_s(self, faults: Faults, count: int) -> float:
        """Seconds to wait before the answer begins."""
        if not faults.jitter_ms:
            return faults.latency_ms / 1000
        share = ((count * 61 + self._seed) % 101) / 100
        return (faults.latency_ms + faults.jitter_ms * share) / 1000


_ERRORS = {  # status: (type, code), as OpenAI names them
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    403: ("permission_error", "permission_denied"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("rate_limit_exceeded", "rate_limit_exceeded"),
    503: ("server_error", "overloaded"),
}


def asked_failure(faults: Faults) -> SandboxReply:
    """The error that the controls ask for."""
    status = faults.error_code
    fallback = ("invalid_request_error", None) if status < 500 else ("server_error", None)
    kind, code = _ERRORS.get(status, fallback)
    wait = str(faults.retry_after).encode()
    headers = [(b"retry-after", wait)] if status in {429, 503} else None
    message = f"The sandbox fails this call with {status}, as its fault controls ask for."
    return failure(status, message, kind, code, headers=headers)


def spoil(reply: SandboxReply, faults: Faults) -> SandboxReply:
    """The same reply, its body slowed down, split and cut as the controls say."""
    if faults.chunk_bytes is not None:
        reply.pieces = _split(reply.pieces, faults.chunk_bytes)
    if faults.chunk_delay_ms:
        reply.pieces = _delay(reply.pieces, faults.chunk_delay_ms / 1000)
    if faults.cut_after is not None:
        reply.pieces = _cut(reply, reply.pieces, faults.cut_after)
    return reply


def _split(pieces: Iterator[Piece], size: int) -> Iterator[Piece]:
    for piece in pieces:
        if not piece.data:
            yield piece
        for start in range(0, len(piece.data), size):
            yield Piece(0.0 if start else piece.delay_s, piece.data[start : start + size])


def _delay(pieces: Iterator[Piece], seconds: float) -> Iterator[Piece]:
    for piece in pieces:
        yield Piece(piece.delay_s + seconds, piece.data) if piece.data else piece


def _cut(reply: SandboxReply, pieces: Iterator[Piece], after: int) -> Iterator[Piece]:
    left = after
    for piece in pieces:
        if piece.data:
            if not left:
                reply.cut = True
                return
            left -= 1
        yield piece
