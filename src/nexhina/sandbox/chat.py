"""Chat completions: OpenAI's wire format around the composer's texts, whole or as a stream.

A streamed and a whole answer to the same request have the same texts, finish reasons and usage.
Without a seed the text follows from the prompt, so it is the same each time. Which tools are called
is decided in `tools`; what is said about a tool's result, and values for schemas, come first.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain

import msgspec
from msgspec import structs

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.composer import compose_json, compose_text
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.errand import drop_notes
from nexhina.sandbox.logprobs import write_logprobs
from nexhina.sandbox.reasoning import SEALED, require_seals, seal, write_reasoning
from nexhina.sandbox.reply import BREATH, EVENTS, JSON, Piece, SandboxReply
from nexhina.sandbox.request import ChatCall
from nexhina.sandbox.schema_check import SchemaError
from nexhina.sandbox.schema_value import make_value
from nexhina.sandbox.tokenizer import (
    AUDIO_TOKENS,
    IMAGE_TOKENS,
    MESSAGE_TOKENS,
    count_tokens,
    slices,
    split_tokens,
)
from nexhina.sandbox.tools import (
    ToolCall,
    choose_tools,
    schema_refusal,
    write_called,
    write_calls,
)
from nexhina.sandbox.wish import Wish, grant_wish, read_wish

FINGERPRINT = "fp_sandbox_1"

_encode = msgspec.json.encode


class Choice(msgspec.Struct, frozen=True):
    """The text of one choice as the tokens that are really sent."""

    tokens: list[str]
    finish_reason: str  # stop | length | tool_calls | function_call
    calls: tuple[ToolCall, ...] = ()
    thoughts: tuple[str, ...] = ()  # the reasoning's tokens
    thought_out: bool = True  # False: the limit cut the reasoning short

    def seal(self) -> dict[str, object]:
        """The member of a message or delta that carries the whole reasoning to the next turn."""
        data = seal("".join(self.thoughts))
        return {"reasoning_details": [{"type": SEALED, "data": data, "index": 0}]}

    def count(self) -> int:
        """What the choice costs in tokens, its reasoning included."""
        called = sum(count_tokens(call.name) + count_tokens(call.arguments) for call in self.calls)
        return len(self.thoughts) + len(self.tokens) + called


class ChatHead(msgspec.Struct, frozen=True, kw_only=True):
    """What every object of one answer repeats."""

    id: str
    created: int
    model: str


def require_chat(call: ChatCall) -> None:
    """Raises InvalidRequestError for what a type can't say."""
    if call.stream_options is not None and not call.stream:
        raise InvalidRequestError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    if "" in call.stops():
        raise InvalidRequestError("A stop text must not be empty.", param="stop")
    if call.max_tokens is not None and call.max_completion_tokens is not None:
        raise InvalidRequestError(
            "Set max_completion_tokens or max_tokens, not both.", param="max_tokens"
        )
    if call.top_logprobs is not None and not call.logprobs:
        raise InvalidRequestError("top_logprobs needs logprobs to be true.", param="top_logprobs")
    for place, message in enumerate(call.messages):
        if any(each.type == "function" and not each.function for each in message.tool_calls or ()):
            raise InvalidRequestError(
                "A tool call of the type function needs a function.",
                param=f"messages[{place}].tool_calls",
            )
    form = call.response_format
    if form is not None and form.type == "json_schema" and form.json_schema is None:
        raise InvalidRequestError(
            "The type json_schema needs a json_schema.", param="response_format"
        )


def write_choices(
    call: ChatCall, vendor_seed: int, model: str, *, reasons: bool = False, told: str = ""
) -> Iterator[Choice]:
    """The choices one by one, all different where their length allows it.

    `told` is what is to be said of the message's attachments; it comes before the rest.
    """
    limit = call.max_completion_tokens or call.max_tokens
    digest = _digest(call, told)
    users = [drop_notes(each.text()) for each in call.messages if each.role == "user"]
    prompt = users[-1] if users else call.messages[-1].text()
    earlier = users[-2] if len(users) > 1 else ""
    chosen = choose_tools(call, prompt) if call.wants_tools() else []
    wish = read_wish(call)
    seen: set[str] = set()
    for index in range(call.n or 1):
        text = ""
        thoughts: list[str] = []
        if reasons:
            dice = Dice(vendor_seed, model, call.seed, digest, index, "thoughts")
            thoughts = split_tokens(write_reasoning(call, prompt, dice))
            if limit is not None and len(thoughts) >= limit:
                yield Choice([], "length", (), tuple(thoughts[:limit]), thought_out=False)
                continue
        for draw in range(16):  # short texts have few forms: draw until this choice is a new one
            dice = Dice(vendor_seed, model, call.seed, digest, index, draw)
            if chosen:
                calls = tuple(write_calls(chosen, prompt, dice))
                yield Choice([], calls[0].finish_reason, calls, tuple(thoughts))
                break
            text = _compose(call, prompt, earlier, dice, told, wish)
            if text not in seen:
                break
        if not chosen:
            seen.add(text)
            left = None if limit is None else limit - len(thoughts)
            ended = end_text(text, call.stops(), left)
            yield structs.replace(ended, thoughts=tuple(thoughts)) if thoughts else ended


def _compose(
    call: ChatCall, prompt: str, earlier: str, dice: Dice, told: str, wish: Wish | None
) -> str:
    """The text of one choice in the form that was asked for."""
    form = call.response_format
    if told and form is not None and form.type != "text":
        prompt = f"{told} {prompt}"
    if form is not None and form.json_schema is not None and form.type == "json_schema":
        try:
            return _encode(make_value(form.json_schema.data, prompt, dice)).decode()
        except SchemaError as error:
            raise schema_refusal(error, "response_format.json_schema.schema") from None
    if form is not None and form.type == "json_object":
        made = None if wish is None else grant_wish(wish, prompt, dice)
        return compose_json(prompt, dice) if made is None else _encode(made).decode()
    made = None if wish is None else grant_wish(wish, prompt, dice)
    if made is not None:
        return f"```json\n{_encode(made).decode()}\n```"
    text = compose_text(prompt, earlier, dice)
    if told:
        return f"{told}\n\n{text}" if prompt.strip() else told
    if call.messages[-1].role in {"tool", "function"}:
        result = " ".join(call.messages[-1].text().split())[:2000]
        chinese = any("\u4e00" <= char <= "\u9fff" for char in prompt)
        return (
            f"工具的结果是：{result}\n\n{text}" if chinese else f"The tool says: {result}\n\n{text}"
        )
    return text


def _digest(call: ChatCall, told: str) -> str:
    hashed = blake2b(told.encode(), digest_size=16)
    for message in call.messages:
        hashed.update(f"\x1e{message.role}\x1f{message.text()}".encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


def end_text(text: str, stops: Sequence[str], limit: int | None) -> Choice:
    """The text up to its first stop, and no more tokens than the limit."""
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    tokens = split_tokens(text[: min(ends)] if ends else text)
    if limit is not None and len(tokens) > limit:
        return Choice(tokens[:limit], "length")
    return Choice(tokens, "stop")


def count_prompt(call: ChatCall) -> Iterator[int]:
    """Counts the prompt's tokens, slice by slice; their sum is `prompt_tokens`."""
    for message in call.messages:
        yield MESSAGE_TOKENS
        if isinstance(message.content, list):
            yield IMAGE_TOKENS * sum(part.type == "image_url" for part in message.content)
            yield AUDIO_TOKENS * sum(part.type == "input_audio" for part in message.content)
        yield from map(count_tokens, slices(message.text()))
    for tool in call.tools or call.functions or ():
        yield from map(count_tokens, slices(bytes(tool).decode("utf-8", "replace")))


def write_usage(prompt: int, completion: int, reasoning: int = 0) -> dict[str, object]:
    """OpenAI's usage object."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def answer_chat(
    call: ChatCall,
    head: ChatHead,
    *,
    seed: int,
    usage: bool,
    reasons: bool = False,
    told: str = "",
) -> SandboxReply:
    """The answer. `usage` False leaves usage away (a fault control)."""
    require_chat(call)
    require_seals(call)
    form = call.response_format
    choices = write_choices(call, seed, head.model, reasons=reasons, told=told)
    if call.wants_tools() or (form is not None and form.type == "json_schema"):
        choices = chain((next(choices),), choices)  # refuses before the answer begins
    make = _stream if call.stream else _whole
    return SandboxReply(
        status=200,
        headers=dict(EVENTS if call.stream else JSON),
        pieces=make(call, head, choices, usage=usage),
        length_known=not call.stream,
    )


def _whole(
    call: ChatCall, head: ChatHead, written: Iterator[Choice], *, usage: bool
) -> Iterator[Piece]:
    choices: list[Choice] = []
    for choice in written:
        choices.append(choice)
        yield BREATH
    prompt = 0
    for tokens in count_prompt(call):
        prompt += tokens
        if tokens > MESSAGE_TOKENS:
            yield BREATH
    body: dict[str, object] = {
        "id": head.id,
        "object": "chat.completion",
        "created": head.created,
        "model": head.model,
        "choices": [
            {
                "index": index,
                "message": _write_message(choice),
                "logprobs": write_logprobs(choice.tokens, 0, call.top_logprobs or 0)
                if call.logprobs and not choice.calls
                else None,
                "finish_reason": choice.finish_reason,
            }
            for index, choice in enumerate(choices)
        ],
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }
    if usage:
        body["usage"] = _sum_usage(prompt, choices)
    yield Piece(0.0, _encode(body))


def _sum_usage(prompt: int, choices: list[Choice]) -> dict[str, object]:
    return write_usage(
        prompt,
        sum(choice.count() for choice in choices),
        sum(len(choice.thoughts) for choice in choices),
    )


def _write_message(choice: Choice) -> dict[str, object]:
    message: dict[str, object] = {
        "role": "assistant",
        "content": None if choice.calls else "".join(choice.tokens),
        "refusal": None,
        "annotations": [],
    }
    if choice.thoughts:
        message["reasoning_content"] = "".join(choice.thoughts)
        message |= choice.seal() if choice.thought_out else {}
    return message | write_called(choice.calls)


def _stream(
    call: ChatCall, head: ChatHead, written: Iterator[Choice], *, usage: bool
) -> Iterator[Piece]:
    options = call.stream_options
    show_usage = usage and options is not None and options.include_usage
    frame = _Frame(head, with_usage=show_usage)
    choices: list[Choice] = []
    first: dict[str, object] = {"role": "assistant", "content": "", "refusal": None}
    for index, choice in enumerate(written):
        choices.append(choice)
        yield frame.delta(index, {**first, "content": None} if choice.calls else first)
        yield from _thought_deltas(frame, index, choice)
        yield from _call_deltas(frame, index, choice)
    deltas = [
        _deltas(choice.tokens, Dice(head.model, index)) for index, choice in enumerate(choices)
    ]
    running = dict(enumerate(deltas))
    sent = [0] * len(choices)
    while running:
        for index in tuple(running):
            text = next(running[index], None)
            if text is None:
                del running[index]
                yield frame.delta(index, {}, choices[index].finish_reason)
            elif call.logprobs:
                tokens = split_tokens(text)
                shown = write_logprobs(tokens, sent[index], call.top_logprobs or 0)
                sent[index] += len(tokens)
                yield frame.delta(index, {"content": text}, logprobs=shown)
            else:
                yield frame.delta(index, {"content": text})
    if show_usage:
        prompt = 0
        for tokens in count_prompt(call):
            prompt += tokens
            if tokens > MESSAGE_TOKENS:
                yield BREATH
        yield frame.usage(_sum_usage(prompt, choices))
    yield Piece(0.0, b"data: [DONE]\n\n")


def _thought_deltas(frame: "_Frame", index: int, choice: Choice) -> Iterator[Piece]:
    """The reasoning in portions, then its seal."""
    if not choice.thoughts:
        return
    for part in _deltas(list(choice.thoughts), Dice("thoughts", index)):
        yield frame.delta(index, {"reasoning_content": part})
    if choice.thought_out:
        yield frame.delta(index, choice.seal())


def _call_deltas(frame: "_Frame", index: int, choice: Choice) -> Iterator[Piece]:
    """Every tool call: its name first, then its arguments in portions."""
    for place, made in enumerate(choice.calls):
        yield frame.delta(index, made.write_start(place))
        for part in _deltas(split_tokens(made.arguments), Dice(made.id)):
            yield frame.delta(index, made.write_piece(place, part))


def _deltas(tokens: list[str], dice: Dice) -> Iterator[str]:
    """The text in portions of one to four tokens."""
    start = 0
    while start < len(tokens):
        end = start + 1 + dice.below(4)
        yield "".join(tokens[start:end])
        start = end


class _Frame:
    """Writes the events of one stream around a head that is encoded once."""

    def __init__(self, head: ChatHead, *, with_usage: bool) -> None:
        fixed = {
            "id": head.id,
            "object": "chat.completion.chunk",
            "created": head.created,
            "model": head.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }
        self._start = b"data: " + _encode(fixed)[:-1]
        self._end = b',"usage":null}\n\n' if with_usage else b"}\n\n"

    def delta(
        self,
        index: int,
        delta: Mapping[str, object],
        finish: str | None = None,
        logprobs: object = None,
    ) -> Piece:
        """A chunk of one choice."""
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return Piece(0.0, self._start + b',"choices":[' + _encode(choice) + b"]" + self._end)

    def usage(self, usage: Mapping[str, object]) -> Piece:
        """The chunk without choices that tells the usage."""
        return Piece(0.0, self._start + b',"choices":[],"usage":' + _encode(usage) + b"}\n\n")
