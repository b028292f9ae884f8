"""Secrets at rest: keys derived from the installation's master secret, and sealed texts.

A sealed text is "v1.<key id>.<nonce>.<ciphertext>": AES-256-GCM with the row it belongs to (and
key id) as associated data, so that a text copied into another row does not open. Several keys may
be active while one rotates. The nonce comes in: this room knows no chance.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping

_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_NO_SALT = bytes(32)


def derive_key(master: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose: HKDF-SHA-256 (RFC 5869) of the master secret, purpose as info."""
    if len(master) < _KEY_BYTES:
        raise ValueError(f"the master secret must have at least 32 bytes, not {len(master)}")
    # Written out, because one block of HKDF is two HMACs and the cipher's library costs start time.
    extracted = hmac.digest(_NO_SALT, master, "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")


def fingerprint(master: bytes) -> str:
    """Tells master secrets apart without telling them: 16 hexadecimal digits."""
    return derive_key(master, "fingerprint").hex()[:16]


def seal(keys: Mapping[str, bytes], key_id: str, nonce: bytes, row: str, text: str) -> str:
    """The sealed text; opens only with the same key and row. `nonce`: 12 bytes, never used twice.

    Raises ValueError for a key id that is unknown or holds a dot, or a nonce of another length.
    """
    if "." in key_id or key_id not in keys:
        raise ValueError(f"there is no sealing key {key_id!r}")
    if len(nonce) != _NONCE_BYTES:
        raise ValueError(f"a nonce has 12 bytes, not {len(nonce)}")
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    sealed = AESGCM(keys[key_id]).encrypt(nonce, text.encode(), _bind(key_id, row))
    return ".".join((_VERSION, key_id, _encode(nonce), _encode(sealed)))


def unseal(keys: Mapping[str, bytes], row: str, sealed: str) -> str:
    """The text inside. Raises ValueError when it does not open, without saying what is in it."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parts = sealed.split(".")
    if len(parts) != 4 or parts[0] != _VERSION:
        raise ValueError(f"the secret of {row} is not a sealed text of version {_VERSION}")
    key_id = parts[1]
    if key_id not in keys:
        raise ValueError(
            f"the secret of {row} was sealed with key {key_id!r}, which is not here; "
            "start with the secret.key that belongs to this database"
        )
    try:
        nonce, body = _decode(parts[2]), _decode(parts[3])
        return AESGCM(keys[key_id]).decrypt(nonce, body, _bind(key_id, row)).decode()
    except (InvalidTag, Base64Error, ValueError):
        raise ValueError(
            f"the secret of {row} does not open: it was changed, moved from another row, or "
            "sealed under another secret.key"
        ) from None


def _bind(key_id: str, row: str) -> bytes:
    return f"{_VERSION}.{key_id}.{row}".encode()


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
