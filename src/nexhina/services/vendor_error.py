"""What a vendor's error answer says, without the key that it may quote."""

from nexhina.dialects.registry import DIALECTS
from nexhina.domain.channel import Channel

_LONGEST = 300
_DIALECT = "openai_chat"  # every provider that is built answers errors in this shape


def read_complaint(status: int, body: bytes, channel: Channel) -> str:
    """The vendor's sentence on one line, cut to 300 characters; the channel's key never."""
    said = DIALECTS[_DIALECT].read_error(status, {}, body[:65536]).message
    for key in channel.key.reveal().split():  # one per line
        said = said.replace(key, "***")
    line = " ".join(said.split()).rstrip(".")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
