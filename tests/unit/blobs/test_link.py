"""Links to media: what was given works until it expires, and nothing else does."""

import re

import pytest

from nexhina.blobs.link import LinkSigner, name_file, read_id, write_id
from nexhina.errors import PermissionDeniedError

SIGNER = LinkSigner(b"k" * 32)
NAME = name_file(write_id(bytes(range(20))), "image/png")
NOW = 1_700_000_000
LINK = SIGNER.sign(NAME, NOW + 60)
QUERY = LINK.partition("?")[2].encode()


def refuse(name: str, query: bytes, signer: LinkSigner = SIGNER, now: float = NOW) -> str:
    with pytest.raises(PermissionDeniedError) as caught:
        signer.require_valid(name, query, now)
    assert caught.value.status == 403
    return caught.value.code


def test_a_link_is_valid_until_the_second_of_its_expiry() -> None:
    assert re.fullmatch(r"/media/[a-z2-7]{32}\.png\?exp=\d+&sig=[\w-]{43}", LINK)
    assert SIGNER.require_valid(NAME, QUERY, NOW) == NOW + 60
    assert SIGNER.require_valid(NAME, QUERY, NOW + 59.999) == NOW + 60
    assert refuse(NAME, QUERY, now=NOW + 60) == "media_link_expired"


def test_another_file_is_not_opened_by_this_links_signature() -> None:
    other = name_file(write_id(b"\xff" + bytes(19)), "image/png")
    assert refuse(other, QUERY) == "invalid_media_link"


def test_another_extension_is_not_opened() -> None:
    assert refuse(NAME.replace(".png", ".jpg"), QUERY) == "invalid_media_link"
    assert refuse(NAME.removesuffix(".png"), QUERY) == "invalid_media_link"


def test_a_later_expiry_is_not_opened() -> None:
    assert (
        refuse(NAME, QUERY.replace(b"%d" % (NOW + 60), b"%d" % (NOW + 99))) == "invalid_media_link"
    )


def test_every_changed_character_of_the_signature_is_noticed() -> None:
    start = QUERY.index(b"sig=") + 4
    for place in range(start, len(QUERY)):
        other = b"A" if QUERY[place : place + 1] != b"A" else b"B"
        refuse(NAME, QUERY[:place] + other + QUERY[place + 1 :])


def test_a_signature_of_another_installation_is_not_taken() -> None:
    assert refuse(NAME, QUERY, LinkSigner(b"x" * 32)) == "invalid_media_link"


def test_an_expired_forgery_is_called_a_forgery() -> None:
    assert refuse(NAME, b"exp=1&sig=" + b"A" * 43) == "invalid_media_link"


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"exp=9999999999",
        b"sig=" + b"A" * 43,
        QUERY + b"&x=1",
        b"x=1&" + QUERY,
        QUERY + QUERY,
        b"&".join(reversed(QUERY.split(b"&"))),
        QUERY.replace(b"exp=", b"exp=0"),
        QUERY.replace(b"exp=", b"exp=+"),
        QUERY.replace(b"exp=", b"exp=-"),
        QUERY.replace(b"exp=", b"exp=1_"),
        QUERY + b"=",
        QUERY + b"\n",
        b"exp=99999999999999999999&sig=" + b"A" * 43,
        "exp=٣&sig=".encode() + b"A" * 43,
    ],
)
def test_a_query_that_is_not_exactly_ours_is_refused(query: bytes) -> None:
    assert refuse(NAME, query) == "invalid_media_link"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".png",
        "../secret.key",
        "..%2fsecret.key",
        f"../{NAME}",
        f"{NAME}/..",
        f"{NAME}\x00.png",
        f"{NAME}\n",
        NAME.upper(),
        f"{NAME[:32]}.exe",
        f"{NAME[:32]}.html",
        "a" * 10_000 + ".png",
        f"{NAME[:31]}1.png",
    ],
)
def test_a_name_that_we_never_gave_is_refused_even_with_a_true_signature(name: str) -> None:
    assert read_id(name) is None
    query = SIGNER.sign(name, NOW + 60).partition("?")[2].encode()
    assert refuse(name, query) == "invalid_media_link"


def test_ids_carry_all_their_entropy() -> None:
    names = {name_file(write_id((1 << bit).to_bytes(20, "big")), "image/png") for bit in range(160)}
    assert len(names) == 160
    assert read_id(NAME) == NAME[:32]
    with pytest.raises(ValueError, match="20 bytes"):
        write_id(b"few")
