"""Addresses of proxies are taken apart without ever being repeated."""

import pytest

from nexhina.upstream.proxy import read_proxy, write_authority


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("http://proxy.example:3128", "http", "proxy.example", 3128),
        ("http://proxy.example", "http", "proxy.example", 80),
        ("socks5://10.0.0.1", "socks5", "10.0.0.1", 1080),
        ("socks5h://[::1]:9050", "socks5h", "::1", 9050),
        ("socks4a://Proxy.Example:1", "socks4a", "proxy.example", 1),
    ],
)
def test_an_address_is_taken_apart(url: str, scheme: str, host: str, port: int):
    proxy = read_proxy(url)
    assert (proxy.scheme, proxy.host, proxy.port, proxy.user) == (scheme, host, port, "")
    assert proxy.authorization == b""


def test_user_and_password_are_percent_decoded_into_basic_credentials():
    proxy = read_proxy("http://me:p%40ss%3A%C3%A9@h:1")
    assert proxy.authorization == b"Proxy-Authorization: Basic bWU6cEBzczrDqQ==\r\n"


def test_a_user_without_password_is_sent_too():
    assert read_proxy("http://me@h:1").authorization.endswith(b"Basic bWU6\r\n")


def test_line_ends_in_a_password_do_not_reach_the_wire():
    assert read_proxy("http://me:a%0d%0aX-Evil:1@h:1").authorization.count(b"\r\n") == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:hunter2@h:1",
        "me:hunter2@h:1",
        "http://me:hunter2@h:port",
        "http://me:hunter2@h:99999",
        "http://me:hunter2@[::1:80",
        "http://me:hunter2@:80",
        "",
    ],
)
def test_an_address_that_can_not_be_read_is_not_repeated(url: str):
    with pytest.raises(ValueError, match="proxy's address") as caught:
        read_proxy(url)
    assert "hunter2" not in str(caught.value)


def test_a_proxy_does_not_show_its_password():
    assert "hunter2" not in repr(read_proxy("http://me:hunter2@h:1"))


def test_an_ipv6_address_stands_in_brackets():
    assert write_authority("::1", 80) == "[::1]:80"
    assert write_authority("h", 80) == "h:80"
