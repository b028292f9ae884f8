"""The usage object of OpenAI's formats, and what vendors made of it."""

from typing import Any

import msgspec
from msgspec import Struct

from nexhina.domain.usage import Usage

_LARGEST = 2**40
"""No honest count is larger; one that is would overflow the books."""


class _InputDetails(Struct, gc=False):
    cached_tokens: int | None = None
    text_tokens: int | None = None
    image_tokens: int | None = None  # counted apart where a call is for images


class UsageBody(Struct, gc=False):
    """The fields that count, under every name they are known by."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek
    cached_tokens: int | None = None  # Moonshot
    input_tokens: int | None = None  # images
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None


def read_usage(body: UsageBody | None) -> Usage | None:
    """The counts; None when there are none, all are zero, or they can't be true."""
    if body is None:
        return None
    asked, given = body.prompt_tokens, body.completion_tokens
    if asked is None:
        asked = body.input_tokens or 0
    if given is None:
        given = body.output_tokens
    if given is None:
        given = max((body.total_tokens or 0) - asked, 0)
    details = body.prompt_tokens_details or body.input_tokens_details
    cached = details.cached_tokens if details is not None else None
    if not cached:
        cached = body.prompt_cache_hit_tokens or body.cached_tokens or 0
    if not (
        0 <= asked <= _LARGEST and 0 <= given <= _LARGEST and cached >= 0 and asked + given > 0
    ):
        return None
    if cached:
        cached = min(cached, asked)
    return Usage(input=asked - cached, cached_input=cached, output=given)


def read_usage_object(found: Any) -> Usage | None:
    """The counts in decoded JSON that did not fit the types: whole numbers may come as floats."""
    try:
        return read_usage(msgspec.convert(found, UsageBody | None, strict=False))
    except msgspec.ValidationError:
        return None
