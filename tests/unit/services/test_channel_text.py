"""How a person writes a channel down."""

import pytest

from nexhina.errors import InvalidRequestError
from nexhina.services import channel_text as text


def test_models_are_names_and_pairs_in_their_order() -> None:
    models = text.read_models("a, b=c ,ns/x:free=ns/y@2,")
    assert models == {"a": "a", "b": "c", "ns/x:free": "ns/y@2"}
    assert list(models) == ["a", "b", "ns/x:free"]


def test_a_model_named_twice_in_the_same_way_counts_once() -> None:
    assert text.read_models("a,a") == {"a": "a"}


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("", "at least one"),
        (" , ,", "at least one"),
        ("a=", "'a='"),
        ("=b", "'=b'"),
        ("a=b=c", "'a=b=c'"),
        ("two words", "'two words'"),
        ("a,a=b", "named twice"),
        ("auto,gpt-4o", "stands alone"),
        ("x" * 257, "is not a model"),
        ("a\x00b", "is not a model"),
    ],
)
def test_models_that_can_not_be_are_refused(written: str, part: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        text.read_models(written)
    assert part in caught.value.message


@pytest.mark.parametrize("name", ["openai", "gpu-1", "a.b_c", "X", "9a", "a" * 64])
def test_names_that_travel_in_headers_are_taken(name: str) -> None:
    assert text.read_name(name, "channel") == name


@pytest.mark.parametrize(
    "name", ["", " ", "12", "-x", "a b", "a,b", "a\nb", "ключ", "a" * 65, "a/b"]
)
def test_names_that_can_not_travel_or_look_like_an_id_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="can't name a channel"):
        text.read_name(name, "channel")


@pytest.mark.parametrize(
    "proxy", ["http://host:3128", "socks5://user:pw@host:1080", "socks5h://[::1]:1080/"]
)
def test_proxies_are_taken(proxy: str) -> None:
    assert text.read_proxy(proxy) == proxy.rstrip("/")


@pytest.mark.parametrize(
    "proxy",
    [
        "host:3128",
        "http://host",
        "ftp://host:1",
        "http://host:1/x",
        "http://host:99999",
        "http://h h:1",
    ],
)
def test_a_proxy_that_can_not_be_is_refused(proxy: str) -> None:
    with pytest.raises(InvalidRequestError, match="socks5"):
        text.read_proxy(proxy)


def test_a_vendors_controls_may_stand_behind_its_name() -> None:
    models = text.read_models("flaky=sandbox-chat;error_rate=0.5;error_code=503,plain")
    assert models == {"flaky": "sandbox-chat;error_rate=0.5;error_code=503", "plain": "plain"}
