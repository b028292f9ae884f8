"""Runs a server until it is told to stop."""

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from nexhina.app.process import (
    find_runner,
    listen_for_signals,
    settle_memory,
)
from nexhina.app.product import Product
from nexhina.services.shapes import Installed
from nexhina.settings import Settings

_log = logging.getLogger("nexhina.app")

Announce = Callable[["Product", Installed], None]
"""Told once requests are answered: prints the welcome, writes the ready file."""


def serve(settings: Settings, sources: dict[str, str], data_dir: Path, announce: Announce) -> int:
    """Runs the server until SIGTERM or SIGINT; returns the exit code. Raises StartError."""
    return find_runner()(_serve(settings, sources, data_dir, announce))


async def _serve(
    settings: Settings, sources: dict[str, str], data_dir: Path, announce: Announce
) -> int:
    stop = listen_for_signals()
    async with AsyncExitStack() as stack:
        product = await Product.open(stack, settings, sources, data_dir)
        installed = await product.listen(stack)
        settle_memory()
        announce(product, installed)
        await stop.wait()
        _log.info("stopping: running answers have %g s to finish", settings.drain_s)
        await product.drain(settings.drain_s)
    return 0
