"""Seals vendor keys on their way into a row and opens them on their way out."""

from collections.abc import Callable, Mapping

from nexhina.domain.secret import Secret
from nexhina.identity.sealing import seal, unseal

NONCE_BYTES = 12


class Vault:
    """`keys` by key id; new texts are sealed with `key_id`, older ids still open.

    `entropy(n)` gives n random bytes. The row's name is bound into the sealed text, so that a
    text which was copied to another row does not open there.
    """

    def __init__(
        self, keys: Mapping[str, bytes], key_id: str, entropy: Callable[[int], bytes]
    ) -> None:
        self._keys = keys
        self._key_id = key_id
        self._entropy = entropy

    def seal(self, row: str, secret: Secret) -> tuple[str, str]:
        """(nonce as hex, sealed text). No secret needs no cipher, and none is loaded for it."""
        nonce = self._entropy(NONCE_BYTES)
        if not secret:
            return nonce.hex(), ""
        return nonce.hex(), seal(self._keys, self._key_id, nonce, row, secret.reveal())

    def unseal(self, row: str, sealed: str) -> Secret:
        """The secret; ValueError when it was sealed for another row or with another key."""
        return Secret(sealed and unseal(self._keys, row, sealed))
