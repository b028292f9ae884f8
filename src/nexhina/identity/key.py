"""API keys: their text, their hint, and the two digests under which they are known.

A key is shown once. Memory knows SHA-256(key); the database knows HMAC(pepper, SHA-256(key)), so
that plaintext keys and plain SHA-256 digests of other platforms can both be taken over.
"""

import hashlib
import hmac
import string

KEY_PREFIX = "sk-"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHOWN = 4


def new_key(entropy: bytes) -> str:
    """The text of a new key made of at least 32 random bytes: prefix and letters and digits."""
    if len(entropy) < 32:
        raise ValueError(f"a key needs at least 32 random bytes, not {len(entropy)}")
    number = int.from_bytes(entropy, "big")
    ceiling = 256 ** len(entropy) - 1
    digits: list[str] = []
    while ceiling:
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
        ceiling //= 62
    return KEY_PREFIX + "".join(reversed(digits))


def key_hint(key: str) -> str:
    """What may be shown of a key later: "sk-ab12…wxyz"; less of a short one."""
    prefix = KEY_PREFIX if key.startswith(KEY_PREFIX) else ""
    body = key[len(prefix) :]
    if len(body) < 4 * _SHOWN:
        return f"{prefix}…"
    return f"{prefix}{body[:_SHOWN]}…{body[-_SHOWN:]}"


def digest_key(key: bytes) -> bytes:
    """SHA-256 of the whole key text, prefix included."""
    return hashlib.sha256(key).digest()


def stored_digest(pepper: bytes, digest: bytes) -> bytes:
    """What the database keeps of a key: HMAC-SHA-256 of its digest under the pepper."""
    return hmac.digest(pepper, digest, "sha256")
