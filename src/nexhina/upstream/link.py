"""Links that callers and vendors write, taken apart strictly. Pure.

A link must mean one thing to every reader: what browsers, resolvers and libraries are known to read
differently (blanks, backslashes, userinfo, addresses in octal or as one number) is refused.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from nexhina.errors import FetchError

LONGEST = 8192
_PORTS = {"http": 80, "https": 443}
_STRANGE = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?")
_KEPT = "/%:@!$&'()*+,;=~-._?[]|"


class Link(NamedTuple):
    """Where to go and what to ask for."""

    scheme: str
    host: str  # lower case, IPv6 without brackets
    port: int
    path: str  # with query, percent-encoded

    @property
    def authority(self) -> str:
        """For the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole link."""
        return f"{self.scheme}://{self.authority}{self.path}"


def read_link(text: str) -> Link:
    """The parts of an absolute link; raises FetchError("refused")."""
    if len(text) > LONGEST:
        raise _refuse(f"it is longer than {LONGEST} characters")
    if _STRANGE.search(text) is not None:
        raise _refuse("it has blanks, control characters or backslashes in it")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _refuse("it is no well-formed address") from None
    if parts.scheme not in _PORTS:
        raise _refuse("it does not begin with http:// or https://")
    if "@" in parts.netloc:
        raise _refuse("it has a user name in it")
    if not host or port == 0:
        raise _refuse("it names no host, or no port that is one")
    _require_host(host, bracketed="[" in parts.netloc)
    path = quote(parts.path or "/", safe=_KEPT)
    query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    return Link(parts.scheme, host, port or _PORTS[parts.scheme], path + query)


def follow_link(link: Link, location: str) -> Link:
    """Where a redirection leads; raises FetchError("refused")."""
    if _STRANGE.search(location) is not None:
        raise _refuse("it redirects to what is no address")
    try:
        target = read_link(urljoin(link.text, location))
    except ValueError:
        raise _refuse("it redirects to what is no address") from None
    if link.scheme == "https" and target.scheme == "http":
        raise _refuse("it redirects from https to http")
    return target


def _require_host(host: str, *, bracketed: bool) -> None:
    try:
        if bracketed:
            if "%" in host:  # a zone is this machine's business
                raise ValueError
            IPv6Address(host)
        elif _NUMBER.fullmatch(host) is not None:
            # "127.1", "0x7f.1" and "2130706433" are addresses to some; to us they are none.
            if str(IPv4Address(host)) != host:
                raise ValueError
        elif _NAME.fullmatch(host) is None or len(host) > 253:
            raise ValueError
    except ValueError:
        raise _refuse("its host is neither a name nor an address in its usual form") from None


def _refuse(why: str) -> FetchError:
    return FetchError("refused", why)
