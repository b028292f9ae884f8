"""Passwords: argon2id hashes (salt and parameters inside) and the rule for new ones.

The rule follows NIST SP 800-63B: length instead of character classes, no rotation, a short list
of texts that everybody tries.
"""

from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12
LONGEST = 256
"""Characters. The upper bound keeps a sign-in from being a way to burn this machine's time."""

_FEWEST_DIFFERENT = 5
_TRIED_FIRST = frozenset(
    {
        "123456789012",
        "1234567890123",
        "1q2w3e4r5t6y",
        "adminadminadmin",
        "administrator",
        "changemechangeme",
        "correcthorsebatterystaple",
        "letmeinletmein",
        "passwordpassword",
        "password1234",
        "password12345",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdf",
    }
)


def hash_password(password: str) -> str:
    """The argon2id hash to store. Takes tens of milliseconds on purpose: call it in a thread."""
    return _hasher().hash(_normal(password))


def is_password(hash: str, password: str) -> bool:  # noqa: A002  (the word for it)
    """Whether the password belongs to the hash; False too for a hash that can't be read."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST:
        return False
    try:
        return _hasher().verify(hash, _normal(password))
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def is_outdated(hash: str) -> bool:  # noqa: A002
    """Whether the hash was made with weaker parameters than today's: hash again at sign-in."""
    return _hasher().check_needs_rehash(hash)


def require_strong(password: str) -> None:
    """Raises ValueError with the cure when a new password is too easy to guess or too long."""
    text = _normal(password)
    if len(text) < SHORTEST:
        raise ValueError(
            f"a password needs at least {SHORTEST} characters; this one has {len(text)}"
        )
    if len(text) > LONGEST:
        raise ValueError(
            f"a password may have at most {LONGEST} characters; this one has {len(text)}"
        )
    if len(set(text)) < _FEWEST_DIFFERENT:
        raise ValueError("this password repeats a few characters; use several different words")
    if text.casefold().replace(" ", "") in _TRIED_FIRST:
        raise ValueError(
            "this password is among the first that are tried; use several different words"
        )


def _normal(password: str) -> str:
    # The same keys on another keyboard or system may produce other code points.
    return normalize("NFKC", password)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()
