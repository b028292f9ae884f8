"""How a person writes a channel down: names, models, proxies. Pure.

Prices are in `price_text`. Base URLs and vendor keys are read by `providers.endpoint`, which builds requests of them.
"""

import re
from urllib.parse import urlsplit

from nexhina.errors import InvalidRequestError

AUTO = "auto"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MODEL = re.compile(r"[^\s,=;\x00-\x1f\x7f]{1,256}")
_UPSTREAM = re.compile(r"[^\s,=;\x00-\x1f\x7f]{1,256}(;[^\s,\x00-\x1f\x7f]{1,256})?")
"""The vendor's name, perhaps with controls behind it: sandbox-chat;latency_ms=200;error_rate=0.1."""
_PROXIES = ("http", "socks5", "socks5h")


def read_name(text: str, noun: str) -> str:
    """The name of a channel or key, which travels in headers and is told apart from an id."""
    name = text.strip()
    if not _NAME.fullmatch(name) or name.isdigit():
        raise InvalidRequestError(
            f"{text!r} can't name a {noun}: use 1 to 64 letters, digits, dots, dashes and "
            "underscores, not digits alone."
        )
    return name


def read_models(text: str) -> dict[str, str]:
    """Public name → vendor's name, of "a,b" and "public=upstream" parts, in the order written."""
    models: dict[str, str] = {}
    for part in text.split(","):
        public, mark, upstream = (piece.strip() for piece in part.partition("="))
        if not public and not mark:
            continue  # a trailing comma
        if not mark:
            upstream = public
        if not _MODEL.fullmatch(public) or not _UPSTREAM.fullmatch(upstream):
            raise InvalidRequestError(
                f"{part.strip()!r} is not a model; write names with commas between them, and "
                "public=upstream where the vendor calls a model otherwise: gpt-4o,fast=llama-3.1-8b."
            )
        if models.get(public, upstream) != upstream:
            raise InvalidRequestError(
                f"The model {public!r} is named twice, as {models[public]!r} and {upstream!r}; "
                "one channel serves it in one way."
            )
        models[public] = upstream
    if not models:
        raise InvalidRequestError(
            "A channel needs at least one model: --models gpt-4o,gpt-4o-mini, or --models auto to "
            "take the vendor's list."
        )
    if AUTO in models:
        raise InvalidRequestError(
            "'auto' stands alone: it takes the vendor's whole list. Name the models, or only auto."
        )
    return models


def read_proxy(text: str) -> str:
    """The proxy's URL: http://, socks5:// or socks5h://, with a host and port."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        good = parts.scheme in _PROXIES and bool(parts.hostname) and bool(parts.port)
        good = good and parts.path in ("", "/") and not re.search(r"\s", url)
    except ValueError:
        good = False
    if not good:
        raise InvalidRequestError(
            "The proxy must be like http://host:3128 or socks5://host:1080 (socks5h:// lets the "
            "proxy look names up)."
        )
    return url.rstrip("/")
