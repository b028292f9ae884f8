"""The requests that the sandbox takes, as types: what does not fit is refused like a vendor would.

Fields that are not named here are accepted and mean nothing, as with OpenAI's older models.
"""

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from nexhina.errors import InvalidRequestError

T = TypeVar("T")

Count = Annotated[int, Meta(ge=1)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
Penalty = Annotated[float, Meta(ge=-2, le=2)]


class Named(msgspec.Struct):
    """The part of every request that says which model is meant."""

    model: Annotated[str, Meta(min_length=1, max_length=512)]


class Part(msgspec.Struct):
    """One part of a message's content; what is not text is kept unread."""

    type: str
    text: str | None = None
    image_url: msgspec.Raw = msgspec.Raw()
    input_audio: msgspec.Raw = msgspec.Raw()
    file: msgspec.Raw = msgspec.Raw()


class CalledFunction(msgspec.Struct):
    """The function of an earlier call, and its arguments as JSON text."""

    name: str
    arguments: str


class Called(msgspec.Struct):
    """A tool call of an earlier turn; other types than function have members of their own."""

    id: str
    type: Literal["function", "custom"] = "function"
    function: CalledFunction | None = None


class Detail(msgspec.Struct):
    """One detail of an earlier turn's reasoning; `data` is what was sealed."""

    type: str = ""
    data: str = ""


class Message(msgspec.Struct):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[Called] | None = None
    reasoning_details: list[Detail] | None = None

    def text(self) -> str:
        """The text of the message, its parts on lines of their own."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


class StreamOptions(msgspec.Struct):
    """What a stream carries beside its text."""

    include_usage: bool = False


class NamedSchema(msgspec.Struct):
    """The schema of an answer; `data` is the schema itself."""

    name: str
    data: object = msgspec.field(name="schema", default=True)


class ResponseFormat(msgspec.Struct):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: NamedSchema | None = None


class ChatCall(Named, kw_only=True):
    """POST /v1/chat/completions."""

    messages: Annotated[list[Message], Meta(min_length=1)]
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: msgspec.Raw = msgspec.Raw()
    parallel_tool_calls: bool | None = None
    functions: list[msgspec.Raw] | None = None  # the old form of `tools`
    function_call: msgspec.Raw = msgspec.Raw()
    reasoning_effort: Effort | None = None

    def stops(self) -> tuple[str, ...]:
        """The texts that end the answer."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    def wants_tools(self) -> bool:
        """Whether it says anything about tools."""
        return bool(self.tools or self.functions or bytes(self.tool_choice))


TokenIds = list[Annotated[int, Meta(ge=0)]]


class EmbeddingCall(Named, kw_only=True):
    """POST /v1/embeddings. Which of the four forms `input` has is checked by hand: types overlap."""

    input: str | list[str | int | TokenIds]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=3072)] | None = None


Quality = Literal["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]


class ImageCall(Named, kw_only=True):
    """POST /v1/images/generations."""

    model: str = ""  # OpenAI has a default
    prompt: Annotated[str, Meta(min_length=1, max_length=32_000)]
    n: Annotated[int, Meta(ge=1, le=10)] | None = None
    size: str | None = None
    quality: Quality | None = None
    output_format: Literal["png", "jpeg", "jpg", "webp"] | None = None
    output_compression: Annotated[int, Meta(ge=0, le=100)] | None = None
    background: Literal["auto", "opaque", "transparent"] | None = None
    style: Literal["vivid", "natural"] | None = None
    response_format: Literal["url", "b64_json"] | None = None
    seed: int | None = None
    stream: bool | None = None
    partial_images: Annotated[int, Meta(ge=0, le=3)] | None = None


def read_call(body: bytes, kind: type[T]) -> T:
    """The request; raises InvalidRequestError that names the field."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        param = place.strip("`.") or None
        if param is None and "required field `" in message:
            param = message.split("required field `")[1].rstrip("`")
        raise InvalidRequestError(
            f"Invalid value for '{param}': {message}." if param else f"{message}.", param=param
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequestError(
            "We could not parse the JSON body of your request. Send a JSON object in UTF-8."
        ) from None
