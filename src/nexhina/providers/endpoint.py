"""The address of a channel's operation: base URL rules, and the request head as ready bytes.

Prepared once per channel and operation. Nothing that a person typed reaches the head unchecked, so
no key, host or path can add a header.
"""

import re
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import msgspec

from nexhina import __version__
from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.ports import Headers, Origin, Target
from nexhina.providers.spec import Provider, Service

MOST_KEYS = 1000
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
_ADDRESS_6 = re.compile(r"[0-9a-f:.]+")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+")
_HEADER_VALUE = re.compile(rb"[\x20-\x7e\x80-\xff]*")
_OWN_KIND = frozenset(
    {
        Operation.IMAGE_EDITS,
        Operation.IMAGE_VARIATIONS,
        Operation.TRANSCRIPTIONS,
        Operation.TRANSLATIONS,
        Operation.VIDEO,
    }
)
"""Operations whose bodies may be forms: each request says itself what it is, see `write_kind_line`."""
_ENDPOINTS = (
    "/chat/completions",
    "/completions",
    "/embed",
    "/embeddings",
    "/images/generations",
    "/models",
    "/moderations",
    "/rerank",
    "/responses",
)


class BaseUrl(NamedTuple):
    """A checked base URL. `path` begins with "/" and does not end with one."""

    scheme: str
    host: str  # without brackets
    port: int
    path: str

    def write(self) -> str:
        """The URL as text."""
        return f"{self.scheme}://{self.authority()}{self.path}"

    def authority(self) -> str:
        """What the Host header says: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_base_url(text: str, bare: str = "/v1") -> BaseUrl:
    """The checked URL; no path becomes `bare`, a trailing slash goes. Raises ValueError with the cure."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _bad(text, str(error)) from None
    if parts.scheme not in _PORTS or not parts.netloc:
        raise _bad(text, "it must begin with http:// or https:// and name a host")
    if "?" in text or "#" in text:
        raise _bad(text, "it must not have a query or a fragment; a base URL ends with its path")
    if "@" in parts.netloc:
        raise _bad(parts.hostname or "", "it must not hold a user or password; give the key apart")
    path = parts.path.rstrip("/") or bare
    if not _PATH.fullmatch(path) or "/../" in f"{path}/" or "/./" in f"{path}/":
        raise _bad(text, "its path has characters that do not belong there")
    for endpoint in _ENDPOINTS:
        if path.endswith(endpoint):
            shorter = path.removesuffix(endpoint)
            raise _bad(text, f"it names an endpoint; leave {endpoint!r} away: …{shorter or '/v1'}")
    if port == 0:
        raise _bad(text, "port 0 can't be connected to")
    return BaseUrl(parts.scheme, _read_host(text, parts), port or _PORTS[parts.scheme], path)


def clean_base_url(text: str | None, provider: Provider) -> str | None:
    """The base URL to store for a channel; None where the provider's own will do.

    Raises ValueError when the provider needs one, has no use for one, or the text is not one.
    """
    if provider.scheme == "sandbox":
        if text:
            msg = f"Provider {provider.name!r} takes no base URL; leave it out."
            raise ValueError(msg)
        return None
    if not text:
        if provider.base_url is None:
            msg = f"Provider {provider.name!r} needs a base URL, like https://host/v1."
            raise ValueError(msg)
        return None
    return read_base_url(text, provider.root or "/v1").write()


def build_targets(
    provider: Provider, channel: Channel, operation: Operation, upstream_model: str = ""
) -> tuple[Target, ...]:
    """One target per key of the channel, one where it has none; raises ValueError with the cure."""
    keys = require_keys(provider, channel.key.reveal()) or ("",)
    service = provider.service(operation, upstream_model)
    if service is None:
        msg = f"Provider {provider.name!r} does not offer {operation.value}."
        raise ValueError(msg)
    return tuple(_build_target(provider, channel, service, key) for key in keys)


def build_target(
    provider: Provider, channel: Channel, operation: Operation, upstream_model: str = ""
) -> Target:
    """Where and how this channel takes the operation, with its first key; raises ValueError."""
    return build_targets(provider, channel, operation, upstream_model)[0]


def at_resource(target: Target, method: str, rest: str) -> Target:
    """The same origin and key for a thing below the address; `rest` is quoted, with its query."""
    head, headers = target.head, target.headers
    if method in {"GET", "DELETE"}:
        head = head.replace(b"Content-Type: application/json\r\n", b"")
        headers = {name: value for name, value in headers.items() if name != b"content-type"}
    return msgspec.structs.replace(
        target, method=method, path=target.path + rest, head=head, headers=headers
    )


def write_kind_line(target: Target, kind: bytes | None) -> bytes:
    """The Content-Type line of a body, None for JSON; nothing where the target's head has one."""
    if b"content-type" in target.headers:
        return b""
    return b"Content-Type: %b\r\n" % (kind or b"application/json")


def mark_key(provider: Provider, target: Target) -> str:
    """Which key a target goes out with, as a mark that does not tell it; "" where there is none."""
    value = target.headers.get(provider.auth.name.lower().encode()) if provider.auth else None
    return "" if value is None else blake2b(value, digest_size=8).hexdigest()


def _build_target(provider: Provider, channel: Channel, service: Service, key: str) -> Target:
    base = _find_base(provider, channel)
    if base is None:
        origin = Origin(scheme="sandbox", host="sandbox", port=0)
        authority = "sandbox"
    else:
        origin = Origin(
            scheme=base.scheme,
            host=base.host,
            port=base.port,
            proxy=channel.proxy,
            ca_file=channel.ca_file,
        )
        authority = base.authority()
    lines = {"Host": authority}
    if provider.auth is not None and key:
        lines[provider.auth.name] = f"{provider.auth.prefix}{key}"
    method = "GET" if service.operation is Operation.MODELS else "POST"
    if method == "POST" and service.operation not in _OWN_KIND:
        lines["Content-Type"] = "application/json"
    lines["Accept"] = "application/json, text/event-stream"
    lines["Accept-Encoding"] = "identity"
    lines["User-Agent"] = f"nexhina/{__version__}"
    lines |= service.headers
    polling = service.polling
    if polling is not None:
        path = find_path(provider, channel, polling.path)
        polling = msgspec.structs.replace(polling, path=path)
    return Target(
        origin=origin,
        method=method,
        path=find_path(provider, channel, service.path),
        polling=polling,
        head="".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode("ascii"),
        headers={name.lower().encode(): value.encode() for name, value in lines.items()},
    )


def _find_base(provider: Provider, channel: Channel) -> BaseUrl | None:
    """The channel's base URL, else the provider's; None: it is the sandbox in this process."""
    if provider.scheme == "sandbox":
        return None
    return read_base_url(clean_base_url(channel.base_url, provider) or provider.base_url or "")


def find_path(provider: Provider, channel: Channel, path: str) -> str:
    """The path below the channel's base URL; "~/…" stands in the place of the provider's root."""
    base = _find_base(provider, channel)
    prefix = "/v1" if base is None else base.path
    if path.startswith("~/"):
        return prefix.removesuffix(provider.root) + path[1:]
    return prefix + path


def require_key(provider: Provider, key: str) -> str:
    """The key without blanks around it, "" where none is needed; raises ValueError with the cure.

    The message never shows the key.
    """
    key = key.strip()
    if not key and provider.key_required:
        msg = f"Provider {provider.name!r} needs a key."
        raise ValueError(msg)
    if not all("!" <= character <= "~" for character in key):
        msg = "The key has blanks, line breaks or characters beyond ASCII; paste it again."
        raise ValueError(msg)
    return key


def require_keys(provider: Provider, text: str) -> tuple[str, ...]:
    """The keys of a channel, written one per line, each once; raises ValueError with the cure."""
    keys = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(keys) > MOST_KEYS:
        msg = f"A channel takes at most {MOST_KEYS} keys, one per line."
        raise ValueError(msg)
    if not keys:
        require_key(provider, "")
        return ()
    return tuple(require_key(provider, key) for key in keys)


def write_extra_head(provider: Provider, headers: Headers) -> bytes:
    """Those headers of the caller that the vendor may read, as lines that each end in CRLF."""
    if not provider.forward:
        return b""
    return b"".join(
        b"%b: %b\r\n" % (name, value)
        for name in provider.forward
        if (value := headers.get(name)) and _HEADER_VALUE.fullmatch(value)
    )


def _read_host(text: str, parts: SplitResult) -> str:
    """The host in ASCII, lower-case, without brackets."""
    host = parts.hostname or ""
    if ":" in host:
        if _ADDRESS_6.fullmatch(host):
            return host
        raise _bad(text, "its IPv6 address is not one")
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name):
        raise _bad(text, "its host name is not one")
    return name


def _bad(text: str, why: str) -> ValueError:
    return ValueError(f"{text[:200]!r} is not a base URL: {why}.")
