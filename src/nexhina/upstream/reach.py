"""Which addresses may be dialled for a link that somebody else wrote: public ones, and no others.

Pure. Not what is known to be bad is refused, but what is not known to be public: private, shared and
link-local networks, this machine, clouds' metadata, groups, and every form of IPv6 in which an IPv4
address travels (mapped, NAT64, 6to4, Teredo), because it would be checked as one and dialled as the
other.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

_NOT_4 = (
    IPv4Network("192.0.0.0/24"),  # protocols' own; some clouds' metadata. Python knew a part of it
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # a cloud's own services, seen from its machines
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_6 = (
    IPv6Network("2001::/23"),  # Teredo, ORCHID, benchmarks: the IETF's special uses
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
)


def read_networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of a setting; raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def is_reachable(address: str, allowed: tuple[Network, ...] = ()) -> bool:
    """Whether the address is public, or in one of the `allowed` networks."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(found in network for network in allowed):
        return True
    return _is_public_4(found) if isinstance(found, IPv4Address) else _is_public_6(found)


def _is_public_4(address: IPv4Address) -> bool:
    usual = address.is_global and not (address.is_multicast or address.is_reserved)
    return usual and not any(address in network for network in _NOT_4)


def _is_public_6(address: IPv6Address) -> bool:
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_6)
