"""How much a call can use at most, for its hold; how much it used when the vendor did not say.

A bound is a `Usage` that no honest answer exceeds, computed from what is known before the call is
sent. Text counts one token per byte (no tokenizer makes more). The refusals that follow from a
bound are in `refusal`.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import msgspec

from nexhina.billing.tariff import Tariff
from nexhina.domain.model import Model
from nexhina.domain.money import PPM, ceil_div
from nexhina.domain.usage import Usage

DEFAULT_OUTPUT_TOKENS = 131_072
"""Output of a call without max_tokens to a model whose limit and context nobody told us: what most
of today's large models may write (the built-in catalog, November 2026)."""

DEFAULT_MEDIA_TOKENS = 50_000
"""Input of one image when the model's maximum is not in the catalog.

Above the dearest documented image of the built-in catalog (48,169 tokens).
"""

DEFAULT_FILE_TOKENS = 200_000
"""Input of one document, sound or film when the model's context is not in the catalog."""

_BYTES_PER_TOKEN = 4
_PIECE_TOKENS = 500
_PIECES_PER_UNIT = 100


def bound_chat(
    model: Model | None,
    text_bytes: int,
    media_parts: int,
    max_tokens: int | None,
    n: int = 1,
    *,
    file_parts: int = 0,
) -> Usage:
    """The most that a chat call can use: bytes of text, media parts, output times `n`.

    `model` None: a name that the catalog does not know. `max_tokens` None: the caller set no
    limit. `file_parts`: how many of the media parts are documents, sound or film, which may fill
    the model's whole context.
    """
    most = chat_limits(model)
    output = most.output if max_tokens is None else max_tokens
    return Usage(
        input=text_bytes + (media_parts - file_parts) * most.image + file_parts * most.file,
        output=max(0, output) * max(1, n),
        estimated=True,
    )


class ChatLimits(NamedTuple):
    """What a model can use at most, in tokens: per image, per other file, per choice of output."""

    image: int
    file: int
    output: int


def chat_limits(model: Model | None) -> ChatLimits:
    """The documented limits of a model, or what is assumed of one that nobody described."""
    return ChatLimits(
        image=(model and model.image_input_tokens) or DEFAULT_MEDIA_TOKENS,
        file=(model and model.context) or DEFAULT_FILE_TOKENS,
        output=(model and (model.output_limit or model.context)) or DEFAULT_OUTPUT_TOKENS,
    )


def bound_embeddings(text_bytes: int, images: int = 0, model: Model | None = None) -> Usage:
    """The most that an embeddings call can use: tokens of text and pictures, and the pictures.

    For lists of token numbers pass the bytes of their JSON: each number takes at least two.
    """
    tokens = text_bytes + images * chat_limits(model).image if images else text_bytes
    return Usage(input=tokens, image=images, estimated=True)


def bound_rerank(text_bytes: int, documents: int) -> Usage:
    """The most that a rerank call can use: tokens, and search units.

    A unit is a query with up to 100 documents; a document of more than 500 tokens, query included,
    counts once for each such piece.
    """
    pieces = documents + text_bytes // _PIECE_TOKENS
    return Usage(input=text_bytes, request=ceil_div(pieces, _PIECES_PER_UNIT), estimated=True)


def bound_images(model: Model | None, variant: str, text_bytes: int, n: int = 1) -> Usage:
    """The most that an image call can use: `n` images of `variant`, and its prompt.

    For models that bill pictures in tokens, `output_limit` is the dearest picture's count.
    """
    count = max(1, n)
    tokens = (model.output_limit if model is not None else None) or 0
    return Usage(
        input=text_bytes, output=tokens * count, image=count, image_variant=variant, estimated=True
    )


def image_variant(size: str, quality: str) -> str:
    """The variant that a price row names: "1024x1024/high", "1024x1024", "/high" or ""."""
    return f"{size}/{quality}" if quality else size


def dearest_variant(tariff: Tariff, sizes: Sequence[str], qualities: Sequence[str]) -> str:
    """The dearest variant that an answer may have. Empty: the caller left it to the vendor."""
    known = [variant.partition("/") for variant in tariff.image_variants()]
    # "" stands for every size or quality that the table does not name.
    every_size = sizes or ["", *(size for size, _, _ in known)]
    every_quality = qualities or ["", *(quality for _, _, quality in known)]
    variants = {
        image_variant(size, quality) for size, quality in product(every_size, every_quality)
    }
    return max(variants, key=lambda variant: (tariff.image_rank(variant), variant))


def estimate_chat(
    text_bytes_in: int, relayed_text_bytes: int, hold: Usage, counted: Usage | None = None
) -> Usage:
    """The usage of an answer whose vendor sent no (whole) count, never above `hold`.

    `counted`: what the vendor did say before it stopped (some send the input at the beginning).
    """
    if counted is not None and (counted.input or counted.cached_input):
        cached = min(counted.cached_input, hold.input)
        tokens = min(counted.input, hold.input - cached)
    else:
        cached = 0
        tokens = min(ceil_div(text_bytes_in, _BYTES_PER_TOKEN), hold.input)
    output = ceil_div(relayed_text_bytes, _BYTES_PER_TOKEN)
    if counted is not None:
        output = max(output, counted.output)
    return Usage(input=tokens, cached_input=cached, output=min(output, hold.output), estimated=True)


def fitting_max_tokens(
    tariff: Tariff, available: int, bound: Usage, n: int = 1, multiplier_ppm: int = PPM
) -> int | None:
    """The largest max_tokens whose hold fits `available` nano-USD; 0: none does.

    None: output is free here, so no max_tokens helps.
    """
    rest = msgspec.structs.replace(bound, output=0)
    output = tariff.largest_output(available, rest, multiplier_ppm)
    return None if output is None else output // max(1, n)
