"""Moderations in OpenAI's format. A caller may leave the model out."""

import msgspec
from msgspec import Struct

from nexhina.contract.schema.moderation import ModerationPart, ModerationRequest
from nexhina.dialects.dialect import Answer, Peek
from nexhina.dialects.openai import (
    OpenAIDialect,
    count_json,
    open_request,
    read_head,
    read_json_answer,
)
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers, Inbound

DEFAULT_MODEL = "omni-moderation-latest"
"""Taken when the caller names none, as OpenAI does (its API reference, 2024-09)."""


class _Result(Struct, gc=False):
    flagged: bool
    categories: dict[str, bool | None]
    category_scores: dict[str, float | None]


class _Moderation(Struct, gc=False):
    results: list[_Result]
    model: str | None = None


_head = msgspec.json.Decoder(ModerationRequest)
_answer = msgspec.json.Decoder(_Moderation)


class OpenAIModerations(OpenAIDialect):
    """POST /v1/moderations."""

    name = "openai_moderations"

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; parts of one list are one input, texts are one each."""
        envelope = open_request(call)
        head = read_head(envelope, _head, ModerationRequest)
        inputs, images = _count(head.input)
        return Peek(
            model=head.model or DEFAULT_MODEL,
            envelope=envelope,
            text_bytes=len(envelope.text),
            media_parts=images,
            inputs=inputs,
        )

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of the texts."""
        return min(count_json(peek.envelope.members["input"]), peek.text_bytes)

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None unless it judges each input. Nobody reports a usage."""
        found = read_json_answer(headers, body, _answer)
        if found is None:
            return None
        if len(found.results) != peek.inputs:
            return None
        return Answer(usage=None, text_bytes=0, model=found.model)


def _count(found: str | list[str | ModerationPart]) -> tuple[int, int]:
    """Inputs and images; raises InvalidRequestError for mixtures and parts without content."""
    if isinstance(found, str):
        return 1, 0
    parts = [each for each in found if isinstance(each, ModerationPart)]
    if not parts:
        return len(found), 0
    if len(parts) != len(found):
        raise InvalidRequestError(
            "'input' mixes texts and parts; send texts, or parts with a type.", param="input"
        )
    for index, part in enumerate(parts):
        if (part.text if part.type == "text" else part.image_url) is None:
            raise InvalidRequestError(
                f"'input[{index}].{part.type}' is missing: a part holds what its type says.",
                param="input",
            )
    return 1, sum(part.type == "image_url" for part in parts)
