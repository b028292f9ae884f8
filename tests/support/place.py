"""Two places where the same operations must work: the sandbox, and a Nexhina behind a Nexhina."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from support.product import Product, start_product

FAR = {
    "far-chat": "sandbox-chat",
    "far-embed": "sandbox-embedding",
    "far-image": "sandbox-image",
    "far-moderation": "sandbox-moderation",
    "far-rerank": "sandbox-rerank",
}
"""The chained place's models, and what they are at the first."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where to call, and what the models are called there."""

    name: str
    product: Product
    chat: str
    embedding: str
    image: str
    moderation: str
    rerank: str

    @property
    def base_url(self) -> str:
        return self.product.base_url

    @property
    def key(self) -> str:
        return self.product.key


def sandbox_place(product: Product) -> Place:
    """The fresh installation itself."""
    return Place(
        name="sandbox",
        product=product,
        chat="sandbox-chat",
        embedding="sandbox-embedding",
        image="sandbox-image",
        moderation="sandbox-moderation",
        rerank="sandbox-rerank",
    )


@contextmanager
def chained_place(first: Product, data: Path) -> Generator[Place]:
    """A second installation whose only real channel is the first one."""
    with start_product(data) as second:
        second.run(
            *("channels", "add", "--provider", "openai_compatible", "--name", "first-nexhina"),
            *("--base-url", first.base_url, "--key", first.key),
            *("--models", ",".join(f"{near}={far}" for near, far in FAR.items())),
        )
        yield Place(
            name="chained",
            product=second,
            chat="far-chat",
            embedding="far-embed",
            image="far-image",
            moderation="far-moderation",
            rerank="far-rerank",
        )
