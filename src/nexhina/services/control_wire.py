"""The control socket's wire: one JSON document per line, and where the socket is.

    {"call": "keys.list", "arguments": {}}            from the command
    {"result": …} | {"error": {"message", "code"}}    from the server, once
    {"item": …} … then {"result": null}               from the server, for a call that streams

Both ends read this file: the server is `api.control`, the command `cli.installation`.
"""

import os
from pathlib import Path

import msgspec

from nexhina.errors import StartError

MAX_LINE = 16 * 1024 * 1024
_LONGEST_PATH = 100  # sun_path holds 104 bytes on BSD and macOS, 108 on Linux


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call."""

    call: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Refusal(msgspec.Struct, frozen=True):
    """Why a call was refused: a NexhinaError's code, or "start_error" with an exit code."""

    message: str
    code: str
    exit_code: int = 1


class Response(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line from the server: exactly one of the three."""

    result: msgspec.Raw = msgspec.Raw(b"")
    item: msgspec.Raw = msgspec.Raw(b"")
    error: Refusal | None = None


def socket_address(path: Path) -> str:
    """An address of the socket that the system takes, however deep the data folder lies."""
    choices = [str(path), os.path.relpath(path)]
    for address in choices:
        if len(os.fsencode(address)) <= _LONGEST_PATH:
            return address
    raise StartError(
        f"The path of {path} is too long for a socket ({_LONGEST_PATH} bytes at most); "
        "choose a shorter --data-dir, or change into it first."
    )
