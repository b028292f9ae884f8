"""Sealed secrets open with their key and in their row, and nowhere else."""

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from nexhina.identity.sealing import derive_key, fingerprint, seal, unseal

MASTER = bytes(range(32))
KEYS = {"k1": derive_key(MASTER, "channel"), "k2": derive_key(MASTER, "channel-2")}
NONCE = b"\x01" * 12


def test_a_derived_key_is_hkdf_sha256_and_differs_by_purpose() -> None:
    expected = HKDF(SHA256(), 32, salt=None, info=b"channel").derive(MASTER)
    assert derive_key(MASTER, "channel") == expected
    assert derive_key(MASTER, "media") != expected


def test_a_short_master_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        derive_key(b"too short", "channel")


def test_a_fingerprint_tells_masters_apart_and_is_no_part_of_them() -> None:
    assert fingerprint(MASTER) != fingerprint(MASTER[::-1])
    assert len(fingerprint(MASTER)) == 16
    assert fingerprint(MASTER) not in MASTER.hex()


def test_a_sealed_text_opens_again_whatever_is_in_it() -> None:
    for text in ("sk-vendor", "", "密钥 with spaces", "x" * 10_000):
        sealed = seal(KEYS, "k1", NONCE, "channel/7", text)
        assert unseal(KEYS, "channel/7", sealed) == text
        assert not text or text not in sealed


def test_it_opens_with_the_older_of_two_keys_while_one_rotates() -> None:
    sealed = seal({"k1": KEYS["k1"]}, "k1", NONCE, "r", "secret")
    assert unseal(KEYS, "r", sealed) == "secret"


def test_a_text_copied_into_another_row_does_not_open() -> None:
    sealed = seal(KEYS, "k1", NONCE, "channel/7", "secret")
    with pytest.raises(ValueError, match="does not open"):
        unseal(KEYS, "channel/8", sealed)


def test_every_change_of_a_sealed_text_is_noticed() -> None:
    sealed = seal(KEYS, "k1", NONCE, "r", "secret")
    for place in range(len(sealed)):
        other = "A" if sealed[place] != "A" else "B"
        changed = sealed[:place] + other + sealed[place + 1 :]
        try:
            text = unseal(KEYS, "r", changed)
        except ValueError:
            continue
        # The spare bits of the last base64 letter carry nothing.
        assert text == "secret"
        assert place == len(sealed) - 1


@pytest.mark.parametrize(
    "sealed", ["", "v1", "v1.k1.x", "v2.k1.AAAA.AAAA", "v1.k1.!!.??", "plain key"]
)
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(ValueError, match="of r"):
        unseal(KEYS, "r", sealed)


def test_a_missing_key_is_named_with_the_cure() -> None:
    sealed = seal(KEYS, "k2", NONCE, "r", "secret")
    with pytest.raises(ValueError, match=r"'k2'.*secret\.key"):
        unseal({"k1": KEYS["k1"]}, "r", sealed)


def test_another_master_secret_opens_nothing_and_the_error_tells_no_secret() -> None:
    sealed = seal(KEYS, "k1", NONCE, "r", "secret-text")
    with pytest.raises(ValueError, match="does not open") as caught:
        unseal({"k1": derive_key(MASTER[::-1], "channel")}, "r", sealed)
    assert "secret-text" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("key_id", "nonce"), [("unknown", NONCE), ("k.1", NONCE), ("k1", b"short")]
)
def test_sealing_refuses_unknown_keys_and_wrong_nonces(key_id: str, nonce: bytes) -> None:
    with pytest.raises(ValueError, match=r"key|nonce"):
        seal({**KEYS, "k.1": KEYS["k1"]}, key_id, nonce, "r", "secret")
