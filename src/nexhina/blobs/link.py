"""Signed links to media: /media/<id>.<ext>?exp=<Unix seconds>&sig=<HMAC>.

Whoever has the link may read until it expires, nobody else; ids can't be guessed either. The
signature covers name and expiry, so neither can be changed. Pure: key, time and chance come in.
"""

import hmac
import re
from base64 import b32encode, urlsafe_b64encode

from nexhina.blobs.media_type import EXTENSIONS
from nexhina.errors import PermissionDeniedError

ID_BYTES = 20
_NAME = re.compile(rf"([a-z2-7]{{32}})\.({'|'.join(EXTENSIONS.values())})")
_QUERY = re.compile(rb"exp=([1-9][0-9]{0,11})&sig=([A-Za-z0-9_-]{43})")


def write_id(entropy: bytes) -> str:
    """The id made of 20 random bytes: 32 letters and digits."""
    if len(entropy) != ID_BYTES:
        raise ValueError(f"a media id is made of {ID_BYTES} bytes, not {len(entropy)}")
    return b32encode(entropy).decode().lower()


def name_file(blob_id: str, content_type: str) -> str:
    """The name "<id>.<ext>"."""
    return f"{blob_id}.{EXTENSIONS[content_type]}"


def read_id(name: str) -> str | None:
    """The id inside a name; None when it is no name that we ever gave."""
    match = _NAME.fullmatch(name)
    return match[1] if match else None


class LinkSigner:
    """Signs and checks links with one key (derive it from the master secret for this purpose)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, name: str, expires_at: int) -> str:
        """The path with its query."""
        return f"/media/{name}?exp={expires_at}&sig={self._signature(name, expires_at).decode()}"

    def require_valid(self, name: str, query: bytes, now: float) -> int:
        """Unix seconds of the expiry. Raises PermissionDeniedError; forged and malformed look alike."""
        match = _QUERY.fullmatch(query)
        if match is None or read_id(name) is None:
            raise PermissionDeniedError(_INVALID, code="invalid_media_link")
        expires_at = int(match[1])
        if not hmac.compare_digest(self._signature(name, expires_at), match[2]):
            raise PermissionDeniedError(_INVALID, code="invalid_media_link")
        if expires_at <= now:
            raise PermissionDeniedError(
                "This link has expired; media can be read for a limited time. "
                "Save files when you get their link.",
                code="media_link_expired",
            )
        return expires_at

    def _signature(self, name: str, expires_at: int) -> bytes:
        digest = hmac.digest(self._key, f"{name}\n{expires_at}".encode(), "sha256")
        return urlsafe_b64encode(digest).rstrip(b"=")


_INVALID = "This link is not valid. Use it exactly as it was given, with its exp and sig."
