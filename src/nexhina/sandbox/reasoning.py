"""The reasoning that `sandbox-reasoning` tells before its answer, and the seal it can be sent back in.

How long it is follows from `reasoning_effort`. A seal holds the text and a mark of it, so that a
client that changes one byte of it learns of that, as it would from a vendor that encrypts.
"""

from base64 import b64decode, b64encode
from hashlib import blake2b

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.composer import compose_thoughts
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.request import ChatCall

SENTENCES = {"none": 0, "minimal": 1, "low": 3, "medium": 6, "high": 12, "xhigh": 24}
"""How many sentences each `reasoning_effort` takes; `medium` where none is asked for."""

SEALED = "reasoning.encrypted"  # the type of those `reasoning_details` that hold a seal
_MARK = "sbx1."
_KEY = b"nexhina sandbox"  # no secret: what the sandbox says needs none


def write_reasoning(call: ChatCall, prompt: str, dice: Dice) -> str:
    """The text, of the length that was asked for; "" for the effort `none`."""
    return compose_thoughts(prompt, dice, SENTENCES[call.reasoning_effort or "medium"])


def seal(text: str) -> str:
    """The text as a caller keeps it for the next turn."""
    raw = text.encode()
    return _MARK + b64encode(_sign(raw) + raw).decode("ascii")


def open_seal(sealed: str) -> str | None:
    """The text of a seal; None when it is not ours or was changed."""
    if not sealed.startswith(_MARK):
        return None
    try:
        raw = b64decode(sealed[len(_MARK) :], validate=True)
        return raw[16:].decode() if _sign(raw[16:]) == raw[:16] else None
    except ValueError:
        return None


def require_seals(call: ChatCall) -> None:
    """Raises InvalidRequestError for sealed reasoning that is not what was handed out."""
    for place, message in enumerate(call.messages):
        for detail in message.reasoning_details or ():
            if detail.type == SEALED and open_seal(detail.data) is None:
                raise InvalidRequestError(
                    "The encrypted reasoning could not be verified: send it back unchanged.",
                    param=f"messages[{place}].reasoning_details",
                    code="invalid_encrypted_content",
                )


def _sign(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=16, key=_KEY).digest()
