"""What connections share: whose word on the caller's address counts, and the date."""

from ipaddress import ip_network

import pytest

from nexhina.gateway.edge import Edge
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.router import Router
from support.edge import FakeClock


def edge(*networks: str) -> Edge:
    options = ServerOptions(trusted_proxies=tuple(ip_network(network) for network in networks))
    return Edge(Router({}), FakeClock(), options, seed=1)


def test_nobody_is_trusted_by_default() -> None:
    assert not edge().is_trusted("127.0.0.1")


def test_a_network_is_trusted_also_in_mapped_form() -> None:
    shared = edge("10.0.0.0/8", "fd00::/8")
    assert shared.is_trusted("10.1.2.3")
    assert shared.is_trusted("::ffff:10.1.2.3")
    assert shared.is_trusted("fd00::1")
    assert not shared.is_trusted("11.0.0.1")
    assert not shared.is_trusted("")


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        (b"203.0.113.9", "203.0.113.9"),
        (b"203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (b"1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (b"1.1.1.1, nonsense, 10.0.0.2", "10.0.0.2"),
        (b"unknown", "10.0.0.1"),
        (b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ],
)
def test_the_caller_is_the_last_that_no_trusted_proxy_is(forwarded: bytes, caller: str) -> None:
    assert edge("10.0.0.0/8").read_forwarded("10.0.0.1", forwarded) == caller


def test_the_documented_limits_are_the_defaults() -> None:
    options = ServerOptions()
    assert (options.head_seconds, options.body_seconds, options.idle_seconds) == (10, 60, 75)
    assert (options.max_headers, options.max_head) == (100, 64 * 1024)


def test_the_date_is_written_once_a_second() -> None:
    shared = edge()
    line = shared.dated(784_111_777.0)
    assert line == b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    assert shared.dated(784_111_777.9) is line
    assert shared.dated(784_111_778.0) != line
