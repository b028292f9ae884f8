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

DEFAULT_IMAGE_TOKENS = 16_384
"""Output of one picture by a model that nobody described and whose tokens have a price: what the
dearest known one takes (the built-in catalog, November 2026)."""

PARTIAL_IMAGE_TOKENS = 100
"""Output of one unfinished picture in a stream (what the dearest known model counts, 2026-11)."""

SLOWEST_CHARACTER_MS = 500
"""Time that one character of a text takes in the slowest speech: digits, or Chinese read slowly."""

MOST_TOKENS_MADE = 32
"""Tokens of a second of sound made; the vendors whose count is known have 25 at most."""

MOST_TOKENS_HEARD = 50
"""Tokens of a second of sound heard; the vendors whose count is known have 32 at most."""

_MOST_TEXT_HEARD = 30  # tokens of text from a second of sound
_USUAL_CHARACTER_MS = 70  # of English; Chinese takes three times as long
_USUAL_TOKENS_MADE = 20  # per second
_USUAL_TOKENS_HEARD = 10
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
    the model's whole context, and together no more than that.
    """
    most = chat_limits(model)
    output = most.output if max_tokens is None else max_tokens
    return Usage(
        input=text_bytes + most.bound_media(media_parts, file_parts),
        output=max(0, output) * max(1, n),
        estimated=True,
    )


class ChatLimits(NamedTuple):
    """What a model can use at most, in tokens: per image, per other file, per choice of output."""

    image: int
    file: int
    output: int
    context: int | None  # of input and output together

    def bound_media(self, parts: int, files: int) -> int:
        """Tokens of so many media parts, `files` of which are no images."""
        tokens = (parts - files) * self.image + files * self.file
        return tokens if self.context is None or not files else min(tokens, self.context)


def chat_limits(model: Model | None) -> ChatLimits:
    """The documented limits of a model, or what is assumed of one that nobody described."""
    return ChatLimits(
        image=(model and model.image_input_tokens) or DEFAULT_MEDIA_TOKENS,
        file=(model and model.context) or DEFAULT_FILE_TOKENS,
        output=(model and (model.output_limit or model.context)) or DEFAULT_OUTPUT_TOKENS,
        context=model and model.context,
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


def bound_images(  # noqa: PLR0913  (what a call for pictures says)
    model: Model | None,
    variant: str,
    text_bytes: int,
    n: int = 1,
    *,
    pictures: int = 0,
    partials: int = 0,
    in_tokens: bool = False,
) -> Usage:
    """The most that an image call can use: `n` images of `variant`, its prompt, `pictures` given.

    `partials`: unfinished pictures that come before each image of a stream. `in_tokens`: they alone
    have a price.

    For models that bill pictures in tokens, `output_limit` is the dearest picture's count.
    """
    count = max(1, n)
    tokens = (model.output_limit if model is not None else None) or 0
    if in_tokens and not tokens:
        tokens = DEFAULT_IMAGE_TOKENS
    if tokens:
        tokens += partials * PARTIAL_IMAGE_TOKENS
    return Usage(
        input=text_bytes,
        image_input=pictures * chat_limits(model).image if pictures else 0,
        output=tokens * count,
        image=count,
        image_variant=variant,
        estimated=True,
    )


def bound_speech(
    model: Model | None, characters: int, text_bytes: int, speed: float | None = None
) -> Usage:
    """The most that a text to be spoken can use: its characters, its tokens, the sound's tokens and time.

    `text_bytes`: of the text and what is said about how to speak it. Vendors of China count a
    Chinese character twice.
    """
    ms = ceil_div(characters * SLOWEST_CHARACTER_MS * 100, max(1, _percent(speed))) + 1000
    tokens = ceil_div(ms * MOST_TOKENS_MADE, 1000)
    limit = (model.output_limit if model is not None else None) or tokens
    return Usage(
        input=text_bytes,
        audio_output=min(tokens, limit),
        character=max(characters, min(2 * characters, text_bytes)),
        audio=ms,
        estimated=True,
    )


def bound_hearing(model: Model | None, ms: int, text_bytes: int) -> Usage:
    """The most that sound of at most `ms` can use when it is written down.

    Vendors round up to whole seconds. Text: what a model may write, or more where the sound is
    long, because vendors cut that in pieces.
    """
    ms = ceil_div(ms, 1000) * 1000 + 1000
    return Usage(
        input=text_bytes,
        audio_input=ceil_div(ms * MOST_TOKENS_HEARD, 1000),
        output=max(chat_limits(model).output, ceil_div(ms * _MOST_TEXT_HEARD, 1000)),
        audio=ms,
        estimated=True,
    )


def bound_video(
    model: Model | None, tariff: Tariff, ms: int, variant: str = "", n: int = 1, text_bytes: int = 0
) -> Usage:
    """The most that `n` films of `ms` each can use; `variant` "": the caller left it to the vendor.

    For models that bill film in tokens, `output_limit` is the dearest film's count.
    """
    count = max(1, n)
    tokens = (model.output_limit if model is not None else None) or 0
    return Usage(
        input=text_bytes,
        output=tokens * count,
        video=max(0, ms) * count,
        video_variant=variant or tariff.dearest_video(),
        estimated=True,
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


def estimate_images(tariff: Tariff, counted: Usage, text_bytes: int, hold: Usage) -> Usage:
    """`counted`, with tokens where they are what is priced and the vendor told none.

    Each picture then counts as the model's dearest, never above `hold`: it was made and delivered.
    """
    told = counted.input or counted.cached_input or counted.image_input or counted.output
    if told or tariff.prices_kind("image") or not tariff.prices_kind("output"):
        return counted
    made = min(counted.image, hold.image)
    return msgspec.structs.replace(
        counted,
        input=min(ceil_div(text_bytes, _BYTES_PER_TOKEN), hold.input),
        output=hold.output * made // max(1, hold.image),
        estimated=True,
    )


def estimate_speech(tariff: Tariff, characters: int, text_bytes: int, hold: Usage) -> Usage:
    """The usage of a spoken text whose vendor sent no count.

    By characters it is exact, because they are the caller's own: then nothing else is counted.
    Otherwise tokens by the usual pace of speech, and the time, never above `hold`.
    """
    if tariff.prices_kind("character"):
        return Usage(character=characters)
    wide = text_bytes > 2 * characters  # scripts whose characters are syllables or words
    pace = _USUAL_CHARACTER_MS * (3 if wide else 1)
    ms = min(characters * pace, hold.audio)
    return Usage(
        input=min(ceil_div(text_bytes, _BYTES_PER_TOKEN), hold.input),
        audio_output=min(ceil_div(ms * _USUAL_TOKENS_MADE, 1000), hold.audio_output),
        character=characters,
        audio=ms,
        estimated=True,
    )


def estimate_hearing(
    tariff: Tariff, ms: int, text_bytes_in: int, relayed_text_bytes: int, hold: Usage
) -> Usage:
    """The usage of sound of `ms` whose vendor sent no count, never above `hold`.

    Where time has a price it is all that counts; otherwise tokens by the usual pace.
    """
    ms = min(ms, hold.audio)
    if tariff.prices_kind("audio"):
        return Usage(audio=ms, estimated=True)
    return Usage(
        input=min(ceil_div(text_bytes_in, _BYTES_PER_TOKEN), hold.input),
        audio_input=min(ceil_div(ms * _USUAL_TOKENS_HEARD, 1000), hold.audio_input),
        output=min(ceil_div(relayed_text_bytes, _BYTES_PER_TOKEN), hold.output),
        audio=ms,
        estimated=True,
    )


def _percent(speed: float | None) -> int:
    """A pace in per cent: the slowest that a caller may ask for is a quarter."""
    return 100 if speed is None else int(min(max(speed, 0.25), 1.0) * 100)


def fitting_max_tokens(
    tariff: Tariff, available: int, bound: Usage, n: int = 1, multiplier_ppm: int = PPM
) -> int | None:
    """The largest max_tokens whose hold fits `available` nano-USD; 0: none does.

    None: output is free here, so no max_tokens helps.
    """
    rest = msgspec.structs.replace(bound, output=0)
    output = tariff.largest_output(available, rest, multiplier_ppm)
    return None if output is None else output // max(1, n)
