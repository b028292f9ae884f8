"""Opening connections: names, addresses (RFC 8305), proxies, TLS.

One way for both event loops: a connected socket is made first, then asyncio takes it over. Only new
connections come here, so this may use tasks. Time limits are the pool's.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from itertools import chain, zip_longest
from pathlib import Path
from typing import TypeVar

from nexhina.errors import UpstreamFailure, explain_os_error
from nexhina.ports import Origin
from nexhina.tasks import spawn
from nexhina.upstream.proxy import (
    connect_through_http,
    open_through_socks,
    read_proxy,
    write_authority,
)

P = TypeVar("P", bound=asyncio.BaseProtocol)

Address = tuple[socket.AddressFamily, tuple[str | int, ...] | tuple[int, bytes]]
Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""The addresses of a name and port; raises OSError, or UpstreamFailure for what may not be dialled."""

ATTEMPT_DELAY = 0.25
"""Seconds until the next address is tried beside the last (RFC 8305 section 8)."""


class Dialer:
    """Opens connections; keeps the TLS contexts, which are dear to make."""

    def __init__(self, resolve: Resolve | None = None) -> None:
        """`resolve` is asked once for each connection, and only what it says is dialled."""
        self._resolve = resolve or resolve_name
        self._contexts: dict[tuple[str | None, int], ssl.SSLContext] = {}

    async def connect(self, origin: Origin, make: Callable[[], P]) -> P:
        """The protocol of a new connection to `origin`; raises UpstreamFailure("connect")."""
        try:
            context = await self._find_context(origin.ca_file) if origin.scheme == "https" else None
            sock = await _open_route(origin, self._resolve)
            try:
                _, protocol = await asyncio.get_running_loop().create_connection(
                    make,
                    sock=sock,
                    ssl=context,
                    server_hostname=origin.host if context is not None else None,
                )
            except BaseException:
                sock.close()
                raise
            return protocol
        except (OSError, ValueError) as error:  # ValueError: names that IDNA refuses
            raise _describe(origin, error) from None

    async def _find_context(self, ca_file: str | None) -> ssl.SSLContext:
        """The context of a CA file (that file's CAs alone), made anew when the file changed."""
        loop = asyncio.get_running_loop()
        try:
            key = (ca_file, _find_change(ca_file))
            if key not in self._contexts:
                self._contexts[key] = await loop.run_in_executor(None, _make_context, ca_file)
            return self._contexts[key]
        except OSError as error:
            reason = error.strerror or "it holds no certificate"
            raise UpstreamFailure(
                "connect", f"the CA file can't be used: {reason}", sent=False
            ) from None


def _find_change(ca_file: str | None) -> int:
    return Path(ca_file).stat().st_mtime_ns if ca_file else 0


def _make_context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _open_route(origin: Origin, resolve: Resolve) -> socket.socket:
    """A socket whose other end is the vendor, or the HTTP proxy that forwards plain requests."""
    if origin.proxy is None:
        return await _open_socket(origin.host, origin.port, resolve)
    proxy = read_proxy(origin.proxy)
    if proxy.scheme != "http":
        return _prepare(await open_through_socks(proxy, origin.host, origin.port))
    try:
        sock = await _open_socket(proxy.host, proxy.port, resolve)
    except OSError as error:
        where = write_authority(proxy.host, proxy.port)
        detail = f"proxy {where}: {error.strerror or 'it can not be reached'}"
        raise UpstreamFailure("connect", detail, sent=False) from None
    if origin.scheme == "https":
        try:
            await connect_through_http(sock, proxy, origin.host, origin.port)
        except BaseException:
            sock.close()
            raise
    return sock


async def resolve_name(host: str, port: int) -> list[Address]:
    """What the system's resolver says; raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


async def _open_socket(host: str, port: int, resolve: Resolve) -> socket.socket:
    """A socket connected to the first of the name's addresses that answers; raises OSError."""
    addresses = _interleave(await resolve(host, port))
    errors: list[OSError] = []
    running: set[asyncio.Task[socket.socket | OSError]] = set()
    try:
        while addresses or running:
            if addresses:
                running.add(spawn(_try_address(*addresses.pop(0)), f"connect {host}"))
            done, running = await asyncio.wait(
                running,
                timeout=ATTEMPT_DELAY if addresses else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            results = [task.result() for task in done]
            open_sockets = [result for result in results if isinstance(result, socket.socket)]
            for late in open_sockets[1:]:
                late.close()
            if open_sockets:
                return open_sockets[0]
            errors += [result for result in results if isinstance(result, OSError)]
    finally:
        for task in running:
            _give_up(task)
    raise errors[0] if errors else OSError("the name has no address")


async def _try_address(
    family: socket.AddressFamily, address: tuple[str | int, ...] | tuple[int, bytes]
) -> socket.socket | OSError:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # a family that this machine lacks
        return error
    try:
        _prepare(sock)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except OSError as error:
        sock.close()
        return error
    except BaseException:
        sock.close()
        raise
    return sock


def _give_up(task: "asyncio.Task[socket.socket | OSError]") -> None:
    """Cancels an attempt; one that has just succeeded is closed again."""

    def close(ended: "asyncio.Task[socket.socket | OSError]") -> None:
        if not ended.cancelled() and isinstance(result := ended.result(), socket.socket):
            result.close()

    task.cancel()
    task.add_done_callback(close)


def _prepare(sock: socket.socket) -> socket.socket:
    sock.settimeout(0)
    with contextlib.suppress(OSError):  # not worth failing for
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _interleave(found: list[Address]) -> list[Address]:
    """The addresses with the families taking turns, the resolver's favourite first."""
    if not found:
        return []
    first = [each for each in found if each[0] == found[0][0]]
    rest = [each for each in found if each[0] != found[0][0]]
    mixed = chain.from_iterable(zip_longest(first, rest))
    return [each for each in mixed if each is not None]


def _describe(origin: Origin, error: OSError | ValueError) -> UpstreamFailure:
    """A failure to connect, in words that hold no credential."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", None) or "it does not verify"
        reason = f"its certificate is not trusted: {why}"
    elif isinstance(error, ssl.SSLError):
        reason = f"TLS failed: {getattr(error, 'reason', None) or 'the connection broke'}"
    elif isinstance(error, socket.gaierror):
        reason = "its name can't be resolved"
    elif isinstance(error, OSError):
        reason = explain_os_error(error) or "the connection broke while it was made"
    else:
        reason = str(error) if not isinstance(error, UnicodeError) else "its name is not valid"
    where = write_authority(origin.host, origin.port)
    return UpstreamFailure("connect", f"{where}: {reason}", sent=False)
