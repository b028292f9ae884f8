"""A running installation whose model `m` is a scripted vendor's."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.control import add_vendor
from support.installation import Installation
from support.product import Product, spawn_product
from support.scripted_upstream import ScriptedUpstream


@contextmanager
def serve_installation(
    installation: Installation,
    folder: Path,
    vendor: ScriptedUpstream | None = None,
    env: Mapping[str, str] | None = None,
) -> Generator[Product]:
    """A copy of the installation in `folder`, served until the block ends."""
    product = spawn_product(installation.copy(folder), env=env)
    product.key = installation.key
    try:
        if vendor is not None:
            add_vendor(product, vendor)
        yield product
    finally:
        if product.process.poll() is None:
            product.process.kill()
            product.process.wait()
