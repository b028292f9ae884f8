"""The ready file: tells whoever started a server that it answers, and where."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from nexhina import __version__
from nexhina.errors import StartError


def write_ready(file: Path, facts: Mapping[str, str | None]) -> None:
    """Writes the facts, the pid and the version as one JSON document: whole at once, 0600."""
    document = {**facts, "pid": os.getpid(), "version": __version__}
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        scratch.touch(mode=0o600)
        scratch.write_bytes(msgspec.json.encode(document) + b"\n")
        scratch.replace(file)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise StartError(f"The ready file {file} can't be written: {error.strerror}.") from None
