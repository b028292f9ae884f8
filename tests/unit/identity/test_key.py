"""Keys: long enough, shown once, recognised later by digests only."""

import hashlib
import hmac
import re

import pytest

from nexhina.identity.key import digest_key, key_hint, new_key, stored_digest


def test_a_key_is_the_prefix_and_letters_and_digits_of_all_its_entropy() -> None:
    assert re.fullmatch(r"sk-[0-9A-Za-z]{43}", new_key(bytes(range(32))))
    assert len(new_key(bytes(32))) == len(new_key(b"\xff" * 32)) == 46


def test_other_entropy_gives_another_key_down_to_the_last_bit() -> None:
    keys = {new_key((1 << bit).to_bytes(32, "big")) for bit in range(256)}
    assert len(keys | {new_key(bytes(32))}) == 257


def test_too_little_entropy_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        new_key(bytes(31))


def test_a_hint_shows_both_ends_and_less_of_a_short_key() -> None:
    assert key_hint("sk-ab12" + "x" * 30 + "wxyz") == "sk-ab12…wxyz"
    assert key_hint("sk-short") == "sk-…"
    assert key_hint("imported-from-elsewhere-1234") == "impo…1234"
    key = new_key(b"\x07" * 32)
    assert len(key_hint(key)) < 16
    assert key not in key_hint(key)


def test_the_stored_digest_is_an_hmac_of_the_keys_sha256() -> None:
    digest = digest_key(b"sk-abc")
    assert digest == hashlib.sha256(b"sk-abc").digest()
    assert stored_digest(b"pepper", digest) == hmac.new(b"pepper", digest, hashlib.sha256).digest()
    assert stored_digest(b"other", digest) != stored_digest(b"pepper", digest)
