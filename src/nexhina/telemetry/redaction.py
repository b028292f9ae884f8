"""Masks secrets in text that is about to be written down. Better one mask too many.

What has a shape is found by its shape (our keys, vendors' keys, credentials in headers and URLs,
signatures in links); what has none (a key of some private server) by registering it.
"""

import re

MASK = "…"

_KEPT = re.compile(
    r"""
      (?P<bearer> \b (?:bearer|basic) \s+ (?= \S* [\d.=_-] | \S{20} ) ) [\w.~+/=:-]{6,}
    | (?P<header> \b (?: authorization | proxy-authorization | x-api-key | x-goog-api-key | api-key
                       | api_?key | secret | password | passwd | access_token | client_secret | cookie
                       | set-cookie )
          ["']? \s* [:=] \s* (?: b? ["'] )? (?: (?:bearer|basic) \s+ )? ) [^\s"',;&)}]{3,}
    | (?P<query> [?&] (?: key | sig | token | api_?key | access_token ) = ) [^\s&"'\#]+
    | (?P<url> \b [a-z][a-z0-9+.-]{1,15} :// ) [^\s/@"'<>]+ (?=@)
    | (?P<shape>
          \b (?: sk | rk | pk ) - (?= [\w-]{8} )
        | \b (?: gsk_ | hf_ | r8_ | ghp_ | xai- | pplx- | nvapi- | tgp_v1_ | csk- | fw_ ) (?= \w{8} )
        | \b (?: AIza | AKIA | ASIA ) (?= [\w-]{12} )
      ) [\w-]+
    | (?P<subprotocol> openai-insecure-api-key\. ) [\w.-]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SHORTEST_SECRET = 8


class Redactor:
    """Replaces secrets by a mask, leaving what helps to find the place."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._exact: re.Pattern[str] | None = None

    def watch(self, secret: str) -> None:
        """Masks this text from now on, whatever its shape; very short texts are not watched."""
        if len(secret) >= _SHORTEST_SECRET and secret not in self._secrets:
            self._secrets.add(secret)
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._exact = re.compile("|".join(map(re.escape, longest_first)))

    def redact(self, text: str) -> str:
        """The text with every secret masked."""
        if self._exact is not None:
            text = self._exact.sub(MASK, text)
        return _KEPT.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    kept = match.group(match.lastgroup or 0)
    return f"{kept}{MASK}"
