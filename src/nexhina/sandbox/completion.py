"""Legacy completions: OpenAI's `text_completion` around the composer's texts, whole or as a stream.

A streamed and a whole answer to the same request have the same texts, finish reasons and usage.
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.chat import FINGERPRINT, ChatHead, end_text
from nexhina.sandbox.composer import compose_text
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.reply import BREATH, EVENTS, JSON, Piece, SandboxReply
from nexhina.sandbox.request import Named, StreamOptions
from nexhina.sandbox.tokenizer import count_tokens, slices

MOST_CHOICES = 128
MOST_CHARACTERS = 1_000_000  # of all prompts
DEFAULT_TOKENS = 16  # OpenAI's default for max_tokens here

_encode = msgspec.json.encode


class CompletionCall(Named, kw_only=True):
    """POST /v1/completions."""

    prompt: str | list[str | int | list[int]] | None = None
    suffix: str | None = None
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    n: Annotated[int, Meta(ge=1, le=MOST_CHOICES)] | None = None
    best_of: Annotated[int, Meta(ge=1, le=20)] | None = None
    echo: bool | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None

    def stops(self) -> tuple[str, ...]:
        """The texts that end the answer."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class _Choice(msgspec.Struct, frozen=True):
    before: str  # the echoed prompt
    tokens: list[str]
    finish_reason: str  # stop | length


def read_prompts(call: CompletionCall) -> list[str]:
    """The prompts; raises InvalidRequestError for what a type can't say."""
    given = [call.prompt] if isinstance(call.prompt, str) else (call.prompt or [""])
    prompts = [each for each in given if isinstance(each, str)]
    if len(prompts) != len(given):
        raise InvalidRequestError(
            "The sandbox shares no tokenizer with you: send 'prompt' as text, not as token ids.",
            param="prompt",
        )
    if len(prompts) * (call.n or 1) > MOST_CHOICES:
        raise InvalidRequestError(
            f"'prompt' times 'n' is {len(prompts) * (call.n or 1)}; the most is {MOST_CHOICES}.",
            param="prompt",
        )
    if sum(map(len, prompts)) > MOST_CHARACTERS:
        raise InvalidRequestError(
            f"'prompt' has more than {MOST_CHARACTERS} characters.", param="prompt"
        )
    return prompts


def require_completion(call: CompletionCall) -> None:
    """Raises InvalidRequestError for fields that do not go together."""
    if call.stream_options is not None and not call.stream:
        raise InvalidRequestError(
            "'stream_options' is only allowed when 'stream' is true.", param="stream_options"
        )
    if "" in call.stops():
        raise InvalidRequestError("A stop text must not be empty.", param="stop")
    if call.best_of is not None and (call.best_of < (call.n or 1) or call.stream):
        raise InvalidRequestError(
            f"'best_of' is {call.best_of}: it must not be below 'n' and cannot be streamed.",
            param="best_of",
        )


def answer_completion(
    call: CompletionCall, head: ChatHead, *, seed: int, usage: bool
) -> SandboxReply:
    """The answer. `usage` False leaves usage away (a fault control)."""
    require_completion(call)
    prompts = read_prompts(call)
    make = _stream if call.stream else _whole
    return SandboxReply(
        status=200,
        headers=dict(EVENTS if call.stream else JSON),
        pieces=make(call, prompts, head, seed, usage=usage),
        length_known=not call.stream,
    )


def _choices(call: CompletionCall, prompts: list[str], model: str, seed: int) -> Iterator[_Choice]:
    limit = DEFAULT_TOKENS if call.max_tokens is None else call.max_tokens
    for prompt in prompts:
        for index in range(call.n or 1):
            dice = Dice(seed, model, call.seed, prompt, call.suffix, index)
            text = compose_text(prompt, "", dice)
            ended = end_text(text, call.stops(), limit)
            yield _Choice(prompt if call.echo else "", ended.tokens, ended.finish_reason)


def _count(call: CompletionCall, prompts: list[str]) -> Iterator[int]:
    for text in (*prompts, call.suffix or ""):
        yield from map(count_tokens, slices(text))


def _write_usage(prompt: int, choices: list[_Choice]) -> dict[str, int]:
    written = sum(len(choice.tokens) for choice in choices)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
    }


def _logprobs(call: CompletionCall, tokens: list[str], offset: int) -> dict[str, object] | None:
    """The legacy shape; a token's probability follows from its letters alone."""
    if call.logprobs is None:
        return None
    offsets: list[int] = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token)
    values = [-round(Dice("logprob", token).between(0.01, 2.0), 6) for token in tokens]
    top = [{token: value} for token, value in zip(tokens, values, strict=True)]
    return {
        "tokens": tokens,
        "token_logprobs": values,
        "top_logprobs": top if call.logprobs else None,
        "text_offset": offsets,
    }


def _head(head: ChatHead) -> dict[str, object]:
    return {
        "id": head.id,
        "object": "text_completion",
        "created": head.created,
        "model": head.model,
        "system_fingerprint": FINGERPRINT,
    }


def _whole(
    call: CompletionCall, prompts: list[str], head: ChatHead, seed: int, *, usage: bool
) -> Iterator[Piece]:
    choices: list[_Choice] = []
    for choice in _choices(call, prompts, head.model, seed):
        choices.append(choice)
        yield BREATH
    body = _head(head)
    body["choices"] = [
        {
            "text": choice.before + "".join(choice.tokens),
            "index": index,
            "logprobs": _logprobs(call, choice.tokens, len(choice.before)),
            "finish_reason": choice.finish_reason,
        }
        for index, choice in enumerate(choices)
    ]
    if usage:
        prompt = 0
        for tokens in _count(call, prompts):
            prompt += tokens
            yield BREATH
        body["usage"] = _write_usage(prompt, choices)
    yield Piece(0.0, _encode(body))


def _stream(
    call: CompletionCall, prompts: list[str], head: ChatHead, seed: int, *, usage: bool
) -> Iterator[Piece]:
    options = call.stream_options
    show_usage = usage and options is not None and options.include_usage
    start = b"data: " + _encode(_head(head))[:-1]
    end = b',"usage":null}\n\n' if show_usage else b"}\n\n"
    choices: list[_Choice] = []
    for index, choice in enumerate(_choices(call, prompts, head.model, seed)):
        choices.append(choice)
        offset = len(choice.before)
        portions = [choice.tokens[at : at + 3] for at in range(0, len(choice.tokens), 3)]
        for place, tokens in enumerate(portions or [[]]):
            text = "".join(tokens)
            last = place + 1 >= len(portions)
            event = {
                "text": text if place else choice.before + text,
                "index": index,
                "logprobs": _logprobs(call, tokens, offset),
                "finish_reason": choice.finish_reason if last else None,
            }
            offset += len(text)
            yield Piece(0.0, start + b',"choices":[' + _encode(event) + b"]" + end)
    if show_usage:
        prompt = 0
        for tokens in _count(call, prompts):
            prompt += tokens
            yield BREATH
        counts = _encode(_write_usage(prompt, choices))
        yield Piece(0.0, start + b',"choices":[],"usage":' + counts + b"}\n\n")
    yield Piece(0.0, b"data: [DONE]\n\n")
