"""Going through a proxy: reading its address, CONNECT (RFC 9110 section 9.3.6), SOCKS.

SOCKS itself is python-socks' business, imported when the first such proxy is used. No text that
leaves this module holds a user name or password.
"""

import asyncio
import base64
import socket
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from nexhina.domain.secret import Secret
from nexhina.errors import UpstreamFailure

if TYPE_CHECKING:
    from python_socks import ProxyType

_DEFAULT_PORTS = {"http": 80, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}
_MAX_ANSWER = 16 * 1024


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy's address, taken apart."""

    scheme: str  # http | socks4 | socks4a | socks5 | socks5h
    host: str
    port: int
    user: str = ""
    password: Secret | None = None

    @property
    def authorization(self) -> bytes:
        """The Proxy-Authorization line with its CRLF; empty without a user."""
        if not self.user:
            return b""
        password = self.password.reveal() if self.password else ""
        token = base64.b64encode(f"{self.user}:{password}".encode())
        return b"Proxy-Authorization: Basic %b\r\n" % token


def read_proxy(url: str) -> Proxy:
    """The proxy of `url`; raises ValueError, whose text does not repeat the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the proxy's address can't be read") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"a proxy's address begins with one of {', '.join(_DEFAULT_PORTS)}")
    if not parts.hostname:
        raise ValueError("the proxy's address has no host")
    return Proxy(
        scheme=parts.scheme,
        host=parts.hostname,
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        user=unquote(parts.username or ""),
        password=Secret(unquote(parts.password)) if parts.password else None,
    )


def write_authority(host: str, port: int) -> str:
    """`host:port` as a request line takes it, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def connect_through_http(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Makes `sock`, which is connected to the proxy, a tunnel; raises UpstreamFailure."""
    loop = asyncio.get_running_loop()
    authority = write_authority(host, port).encode("idna" if not host.isascii() else "ascii")
    await loop.sock_sendall(
        sock,
        b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (authority, authority, proxy.authorization),
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = await loop.sock_recv(sock, 4096)
        answer += data
        if not data or len(answer) > _MAX_ANSWER:
            raise _refused(proxy, "it did not answer CONNECT")
    head, _, rest = answer.partition(b"\r\n\r\n")
    status = head[9:12]
    if not head.startswith(b"HTTP/1.") or not status.isdigit():
        raise _refused(proxy, "it does not speak HTTP")
    if not status.startswith(b"2"):
        raise _refused(proxy, f"it answered {status.decode()}")
    if rest:
        raise _refused(proxy, "it sent bytes before the tunnel was used")


async def open_through_socks(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A socket connected to `host` through the proxy; raises UpstreamFailure."""
    from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
    from python_socks.async_.asyncio import Proxy as Tunnel

    tunnel = Tunnel(
        proxy_type=_find_type(proxy.scheme),
        host=proxy.host,
        port=proxy.port,
        username=proxy.user or None,
        password=proxy.password.reveal() if proxy.password else None,
        rdns=proxy.scheme in {"socks5h", "socks4a"},
    )
    try:
        # The pool's sweep is what limits the time; the library insists on a number of its own.
        return await tunnel.connect(host, port, timeout=86_400)
    except ProxyConnectionError:
        raise _refused(proxy, "it can't be reached") from None
    except (ProxyError, ProxyTimeoutError) as error:
        code = getattr(error, "error_code", None)
        reason = "it refused" if code is None else f"it refused with code {code}"
        raise _refused(proxy, reason) from None


def _find_type(scheme: str) -> "ProxyType":
    from python_socks import ProxyType

    return ProxyType.SOCKS4 if scheme.startswith("socks4") else ProxyType.SOCKS5


def _refused(proxy: Proxy, reason: str) -> UpstreamFailure:
    address = write_authority(proxy.host, proxy.port)
    return UpstreamFailure("connect", f"proxy {address}: {reason}", sent=False)
