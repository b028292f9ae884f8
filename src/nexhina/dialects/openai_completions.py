"""Legacy text completions in OpenAI's format. Streams are the chat watch's: it reads `text` too."""

from typing import Annotated, cast

import msgspec
from msgspec import Meta, Raw, Struct

from nexhina.contract.schema.completion import CompletionRequest
from nexhina.contract.schema.parameter import Prompts
from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_strings,
    count_text,
    open_request,
    read_head,
    read_json_answer,
    tell_unsure,
)
from nexhina.dialects.openai_stream import ChatWatch
from nexhina.dialects.openai_usage import UsageBody, read_usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound


class _Choice(Struct, gc=False):
    text: str | None = None


class _Completion(Struct, gc=False):
    choices: Annotated[list[_Choice], Meta(min_length=1)]
    model: str | None = None
    usage: UsageBody | None = None


_head = msgspec.json.Decoder(CompletionRequest)
_completion = msgspec.json.Decoder(_Completion)


class OpenAICompletions(OpenAIDialect):
    """POST /v1/completions."""

    name = "openai_completions"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; `n` counts every text that the vendor has to write."""
        envelope = open_request(call)
        head = read_head(envelope, _head, CompletionRequest)
        written = head.n or 1
        if head.best_of is not None:
            if head.best_of < written:
                raise InvalidRequestError(
                    f"'best_of' is {head.best_of}, less than 'n', which is {written}; raise it.",
                    param="best_of",
                )
            if head.stream and head.best_of > 1:
                raise InvalidRequestError(
                    "'best_of' must be 1 where 'stream' is true; leave one of them out.",
                    param="best_of",
                )
            written = head.best_of
        options = head.stream_options
        return Peek(
            model=head.model,
            envelope=envelope,
            stream=head.stream is True,
            text_bytes=len(call.body),
            max_tokens=head.max_tokens,
            n=written * _count_prompts(head.prompt),
            include_usage=options is not None and options.include_usage is True,
        )

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of prompt and suffix; four for a token number."""
        members = peek.envelope.members
        found = msgspec.json.decode(members["prompt"], type=Prompts)
        total = count_strings(found) + count_strings(
            msgspec.json.decode(members.get("suffix", Raw(b"null")))
        )
        if isinstance(found, list):
            total += 4 * sum(
                len(each) if isinstance(each, list) else isinstance(each, int)
                for each in cast("list[str | int | list[int]]", found)
            )
        return min(total, peek.text_bytes)

    def read_answer(
        self,
        peek: Peek,  # noqa: ARG002  (other operations compare with it)
        headers: Headers,
        body: bytes,
    ) -> Answer | None:
        """What a 200 says; None when it holds no text."""
        found = read_json_answer(headers, body, _completion)
        if found is None:
            return None
        texts = [choice.text for choice in found.choices]
        if None in texts:
            return None
        usage = read_usage(found.usage)
        if usage is not None and usage.output:
            return Answer(usage=usage, text_bytes=0, model=found.model)
        return tell_unsure(usage, sum(count_text(each or "") for each in texts), found.model)

    def watch(self, peek: Peek, upstream_model: str, public_model: str) -> ChatWatch:
        """A watch for one stream."""
        return ChatWatch(upstream_model, public_model, include_usage=peek.include_usage)


def _count_prompts(prompt: str | list[str | int | list[int]]) -> int:
    """The number of prompts; a list of token numbers is one. Raises InvalidRequestError."""
    if isinstance(prompt, str):
        return 1
    first = type(prompt[0])
    for index, each in enumerate(prompt):
        if type(each) is not first:
            raise InvalidRequestError(
                f"'prompt' mixes texts and tokens at index {index}; send texts, or token numbers, "
                "or lists of token numbers.",
                param="prompt",
            )
    return 1 if first is int else len(prompt)
