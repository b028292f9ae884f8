"""What may be dialled: public addresses, in the one form that means only them."""

import pytest

from nexhina.upstream.reach import is_reachable, read_networks

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:81b::200e"]
PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.192"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "168.63.129.16"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001::1"),
    *("2001:0:7f00:1::", "2001:db8::1", "2001:20::1", "2002:7f00:1::", "2002:808:808::1"),
    *("3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("", "localhost", "1.2.3", "0x7f.0.0.1", "2130706433"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_dialled(address: str) -> None:
    assert is_reachable(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_anything_else_may_not(address: str) -> None:
    assert not is_reachable(address)


def test_a_network_that_the_operator_names_may_be_dialled_and_its_neighbour_not() -> None:
    allowed = read_networks(("10.1.0.0/16", "fd00::/64"))
    assert is_reachable("10.1.2.3", allowed)
    assert is_reachable("fd00::5", allowed)
    assert not is_reachable("10.2.0.1", allowed)
    assert not is_reachable("::ffff:10.1.2.3", allowed)
    assert not is_reachable("127.0.0.1", allowed)
