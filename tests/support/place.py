"""Three places where the same operations must work: the sandbox, and a Nexhina behind a Nexhina.

The second of two speaks either only chat to the first, so that responses are translated on the way
("chained"), or responses as well, so that they are passed on ("native").
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from support.control import ask
from support.product import Product, start_product

FAR = {
    "far-chat": "sandbox-chat",
    "far-embed": "sandbox-embedding",
    "far-image": "sandbox-image",
    "far-moderation": "sandbox-moderation",
    "far-rerank": "sandbox-rerank",
    "far-speech": "sandbox-speech",
    "far-hearing": "sandbox-hearing",
    "far-video": "sandbox-video",
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
    speech: str
    hearing: str
    video: str

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
        speech="sandbox-speech",
        hearing="sandbox-hearing",
        video="sandbox-video",
    )


@contextmanager
def chained_place(first: Product, data: Path) -> Generator[Place]:
    """A second installation whose only real channel is the first one, asked for chat at most."""
    with start_product(data, owner="second") as second:
        add_first(second, first, "openai_compatible", FAR)
        yield far_place("chained", second)


@contextmanager
def native_place(first: Product, data: Path) -> Generator[Place]:
    """A second installation that takes the first for OpenAI, which has everything but rerank."""
    with start_product(data, owner="second") as second:
        rerank = {near: far for near, far in FAR.items() if near == "far-rerank"}
        add_first(second, first, "openai", {k: v for k, v in FAR.items() if k not in rerank})
        add_first(second, first, "openai_compatible", rerank)
        yield far_place("native", second)


@contextmanager
def responses_place(first: Product, data: Path) -> Generator[Place]:
    """A second installation whose chat channel speaks Responses only to the first."""
    with start_product(data, owner="second") as second:
        add_first(second, first, "openai_responses", {"far-chat": FAR["far-chat"]})
        yield far_place("responses", second)


def add_first(
    second: Product, first: Product, provider: str, models: dict[str, str], name: str = ""
) -> None:
    """Gives the second installation a channel to the first: its names for the first's models."""
    ask(
        second,
        "channels.add",
        provider=provider,
        name=name or f"first-{provider}",
        base_url=first.base_url,
        key=first.key,
        models=",".join(f"{near}={far}" for near, far in models.items()),
    )


def far_place(name: str, second: Product) -> Place:
    """The second installation, with its own names for the first one's models."""
    return Place(
        name=name,
        product=second,
        chat="far-chat",
        embedding="far-embed",
        image="far-image",
        moderation="far-moderation",
        rerank="far-rerank",
        speech="far-speech",
        hearing="far-hearing",
        video="far-video",
    )
