"""The most that a call can use and cost: what the request says, applied to billing's bounds."""

from collections.abc import Callable

from nexhina.billing.bound import (
    bound_chat,
    bound_embeddings,
    bound_hearing,
    bound_images,
    bound_rerank,
    bound_speech,
    bound_video,
    chat_limits,
    dearest_variant,
    estimate_chat,
    estimate_hearing,
    estimate_speech,
    image_variant,
)
from nexhina.billing.tariff import Tariff
from nexhina.contract.operation import Operation
from nexhina.dialects.dialect import Peek
from nexhina.domain.model import Model
from nexhina.domain.usage import Usage

TEXT = frozenset({Operation.CHAT, Operation.RESPONSES, Operation.COMPLETIONS})
"""Operations that are held and estimated as text in and text out."""


HEARING = frozenset({Operation.TRANSCRIPTIONS, Operation.TRANSLATIONS})
"""Operations that write down what is heard."""

IMAGES = frozenset({Operation.IMAGES, Operation.IMAGE_EDITS, Operation.IMAGE_VARIATIONS})
"""Operations that make pictures."""

_MEDIA = HEARING | {Operation.SPEECH, Operation.VIDEO}

_TEXT_KINDS = frozenset({"input", "output", "request"})
_READING_KINDS = frozenset({"input", "request"})
_PRICED_BY = {
    **dict.fromkeys(TEXT, _TEXT_KINDS),
    **dict.fromkeys(IMAGES, frozenset({"image", "output", "request"})),
    **dict.fromkeys(HEARING, _TEXT_KINDS | {"audio", "audio_input"}),
    Operation.SPEECH: _TEXT_KINDS | {"character", "audio", "audio_output"},
    Operation.VIDEO: frozenset({"video", "request"}),
}
"""Kinds of which one must have a price, else calls of the operation are free. Without what only some
calls use: who prices a film or a cached token has not said what text costs."""


def is_priced(operation: Operation, tariff: Tariff) -> bool:
    """Whether calls of this operation are charged; else they are free and their rows `unpriced`."""
    kinds = _PRICED_BY.get(operation, _READING_KINDS)
    return any(price.kind in kinds for price in tariff.prices)


def bound_usage(operation: str, model: Model | None, tariff: Tariff, peek: Peek) -> Usage:
    """The most that this request can use."""
    if operation in TEXT:
        return bound_chat(
            model,
            peek.text_bytes,
            peek.media_parts,
            peek.max_tokens,
            peek.n,
            file_parts=peek.file_parts,
        )
    if operation in _MEDIA:
        return _bound_media(operation, model, tariff, peek)
    if operation == Operation.EMBEDDINGS:
        return bound_embeddings(peek.text_bytes, peek.media_parts, model)
    if operation == Operation.MODERATIONS:
        return bound_chat(model, peek.text_bytes, peek.media_parts, 0)
    if operation == Operation.RERANK:
        return bound_rerank(peek.text_bytes, peek.inputs)
    sizes = [peek.size] if peek.size and peek.size != "auto" else _sizes(model)
    qualities = [peek.quality] if peek.quality and peek.quality != "auto" else []
    variant = dearest_variant(tariff, sizes, qualities)
    return bound_images(
        model,
        variant,
        peek.text_bytes,
        peek.n,
        pictures=peek.media_parts,
        partials=peek.partial_images,
        in_tokens=tariff.prices_kind("output") and not tariff.prices_kind("image"),
    )


def _bound_media(operation: str, model: Model | None, tariff: Tariff, peek: Peek) -> Usage:
    """The most of sound and film."""
    if operation == Operation.SPEECH:
        return bound_speech(model, peek.characters, peek.text_bytes, peek.speed)
    if operation in HEARING:
        return bound_hearing(model, peek.sound_most_ms, peek.text_bytes)
    variant = image_variant(peek.size or "", peek.quality or "")
    return bound_video(model, tariff, peek.video_ms, variant, peek.n, peek.text_bytes)


def estimate_usage(  # noqa: PLR0913  (what an estimate rests on)
    operation: str,
    tariff: Tariff,
    peek: Peek,
    text_bytes: int,
    relayed: int,
    hold: Usage,
    *,
    counted: Usage | None = None,
) -> Usage:
    """The usage of a call whose vendor did not tell it, never above `hold`.

    `text_bytes`: of the prompt; `relayed`: of the text that came back; `counted`: see `estimate_chat`.
    """
    if operation == Operation.SPEECH:
        return estimate_speech(tariff, peek.characters, text_bytes, hold)
    if operation in HEARING:
        return estimate_hearing(tariff, peek.sound_ms, text_bytes, relayed, hold)
    return estimate_chat(text_bytes, relayed, hold, counted)


def make_bound(operation: Operation, model: Model | None, tariff: Tariff) -> Callable[[Peek], int]:
    """A function that tells the cost of the most a request can use, in nano-USD.

    Every call asks it, so what does not change between calls is worked out here.
    """
    if operation not in TEXT:
        return lambda peek: tariff.cost(bound_usage(operation, model, tariff, peek))
    most = chat_limits(model)
    usual = most.output
    rate_in, rate_out, fixed, scale = tariff.text_rates()

    def bound_chat_cost(peek: Peek) -> int:
        output = peek.max_tokens
        if output is None:
            output = usual
        tokens = peek.text_bytes
        if peek.media_parts:
            tokens += most.bound_media(peek.media_parts, peek.file_parts)
        return -(-(tokens * rate_in + output * peek.n * rate_out + fixed) // scale)  # rounded up

    return bound_chat_cost


def _sizes(model: Model | None) -> list[str]:
    return [size for size in model.image_sizes if size != "auto"] if model is not None else []
