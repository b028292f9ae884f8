"""The limits of the HTTP edge, as values. Their settings (names, texts, bounds) are the caller's."""

from ipaddress import IPv4Network, IPv6Network

import msgspec

KIB = 1024
MIB = 1024 * KIB


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a server allows. Seconds and bytes."""

    head_seconds: float = 10.0  # from a head's first byte (or the connection's begin) to its end
    body_seconds: float = 60.0  # between two reads of a body
    idle_seconds: float = 75.0  # between two requests of one connection
    write_seconds: float = 60.0  # without the client taking a byte, while an answer waits for it
    linger_seconds: float = 5.0  # from the last byte of an answer that closes to the hang-up
    sweep_seconds: float = 1.0  # how often deadlines are looked at
    max_head: int = 64 * KIB
    max_headers: int = 100
    max_url: int = 8 * KIB
    spool_folder: str = ""  # where large uploads wait; empty = the system's temporary folder
    max_spooled: int = 8 * 1024 * MIB  # bytes of all of them together
    min_free: int = 64 * MIB  # bytes of that disk that uploads leave to others
    max_strangers: int = 128 * MIB  # unfinished bodies of callers who are not known, together
    max_backlog: int = 64 * KIB  # pipelined bytes kept while an answer is under way
    max_connections: int = 0  # 0 = what the process's limit of open files leaves
    accept_backlog: int = 8192
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()  # for the ASGI rooms; empty = any
