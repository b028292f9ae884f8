"""OpenAI's image generation for DashScope: prompts for tasks (wanx, wan up to 2.5) and messages (since).

The two ways differ in where the prompt lies and where the pictures: `output.results[].url` of a
task, `output.choices[].message.content[].image` of messages. Both take `WIDTH*HEIGHT` and count
pictures in `usage.image_count`. What OpenAI's format has beyond that can't be carried; the vendor's
own parameters may be added to the request by their names.
Sources: the vendor's pages "Wan text-to-image V2" and "Qwen-Image" (seen 2026-11), its Python SDK 2.0.2.
"""

import msgspec
from msgspec import Struct

from nexhina.dialects.dashscope import (
    Failure,
    list_given,
    read_made_at,
    require_served,
    write_size,
)
from nexhina.dialects.dialect import Answer, Outgoing, Peek
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.openai_images import OpenAIImages
from nexhina.dialects.quirk import Quirks
from nexhina.domain.usage import Usage
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

OURS = frozenset({"model", "prompt", "n", "size", "response_format", "stream"})
"""Members that are carried in other words, or answered by the gateway."""

INPUT = ("negative_prompt",)
PARAMETERS = ("seed", "prompt_extend", "watermark", "style")
"""The vendor's own parameters that a caller may add, by the place where they belong."""


class Part(Struct):
    """A picture of a message; texts have none."""

    image: str | None = None


class Message(Struct):
    """What the model made."""

    content: list[Part] = msgspec.field(default_factory=list[Part])


class Choice(Struct):
    """One answer."""

    message: Message = msgspec.field(default_factory=Message)


class Result(Failure):
    """One picture of a task, or why it was not made."""

    url: str | None = None
    actual_prompt: str | None = None


class Output(Failure):
    """What was made, in one of the two ways."""

    task_status: str | None = None
    results: list[Result] = msgspec.field(default_factory=list[Result])
    choices: list[Choice] = msgspec.field(default_factory=list[Choice])


class Count(Struct):
    """What is billed."""

    image_count: int | None = None


class Made(Struct):
    """The answer."""

    output: Output
    usage: Count | None = None


_made = msgspec.json.Decoder(Made)


class OpenAIImagesOverDashScope(OpenAIImages):
    """A `Dialect`: OpenAI's images towards the caller, DashScope's towards the vendor."""

    streams = False

    def __init__(self, *, messages: bool) -> None:
        self.name = "dashscope_messages" if messages else "dashscope_tasks"
        self._messages = messages

    def write_same(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (its members are in the envelope)
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Outgoing:
        """The request in the vendor's format; what it has no word for is dropped and told."""
        if peek.stream:
            raise InvalidRequestError(
                f"'stream' is true, but {peek.model} does not stream pictures; leave it out.",
                param="stream",
            )
        members = peek.envelope.members
        parameters: dict[str, object] = {
            name: members[name] for name in list_given(members, PARAMETERS)
        }
        parameters["n"] = peek.n
        if peek.size is not None and peek.size != "auto":
            parameters["size"] = write_size(peek.size)
        given: dict[str, object] = {name: members[name] for name in list_given(members, INPUT)}
        if self._messages:
            parameters |= given
            content = [{"text": members["prompt"]}]
            given = {"messages": [{"role": "user", "content": content}]}
        else:
            given["prompt"] = members["prompt"]
        told = {"model": upstream_model, "input": given, "parameters": parameters}
        lost = list_given(members, members.keys() - OURS - {*INPUT, *PARAMETERS})
        return Outgoing("translate", msgspec.json.encode(told), tuple(lost))

    def read_answer(self, peek: Peek, headers: Headers, body: bytes) -> Answer | None:
        """What a 200 says; None when it holds no picture. Raises InvalidRequestError, see dashscope."""
        found = read_json_answer(headers, body, _made)
        if found is None:
            return None
        count = len(_list_pictures(found))
        if not count:
            for failure in (found.output, *found.output.results):
                require_served(failure)
            return None
        told = found.usage.image_count if found.usage is not None else None
        made = max(count, min(told or 0, peek.n))  # one that its vendor counts may not have come
        usage = Usage(image=made, image_variant=_name_variant(peek))
        return Answer(usage=usage, text_bytes=0, model=None)

    def write_answer(self, peek: Peek, body: bytes, upstream: str, public: str) -> bytes:  # noqa: ARG002
        """OpenAI's list of pictures made of an answer that `read_answer` took."""
        found = _made.decode(body)
        answer: dict[str, object] = {
            "created": read_made_at(peek.call_id),
            "data": _list_pictures(found),
        }
        if peek.size is not None and peek.size != "auto":
            answer["size"] = peek.size
        return msgspec.json.encode(answer)


def _list_pictures(found: Made) -> list[dict[str, str]]:
    """The pictures in OpenAI's words."""
    pictures: list[dict[str, str]] = []
    for result in found.output.results:
        if result.url:
            picture = {"url": result.url}
            if result.actual_prompt:
                picture["revised_prompt"] = result.actual_prompt
            pictures.append(picture)
    parts = (part for choice in found.output.choices for part in choice.message.content)
    return pictures + [{"url": part.image} for part in parts if part.image]


def _name_variant(peek: Peek) -> str:
    """What the price list may name: the size; this vendor has no qualities."""
    return peek.size if peek.size is not None and peek.size != "auto" else ""
