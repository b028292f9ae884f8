r"""Halves of UTF-16 pairs in JSON's escapes: `\ud83d` without the `\ude00` that belongs to it.

JSON's grammar allows them (RFC 8259 8.2) and vendors whose texts are UTF-16 inside send them where
they cut a text in the middle of a character; strict readers, ours among them, refuse the whole.
"""

import re

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)"
)
_HALF = 6
"""Bytes of an escape by itself; a pair has twice as many, other escapes are not matched whole."""


def replace_halves(text: bytes) -> bytes:
    """JSON text with U+FFFD in the place of each half; `text` itself where there is none."""
    replaced = _ESCAPE.sub(_replace, text)
    return text if replaced == text else replaced


def _replace(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if len(escape[0]) == _HALF else escape[0]
