"""Image generation in OpenAI's format."""

import msgspec

from nexhina.contract.schema.image import ImageGenerationRequest
from nexhina.dialects.dialect import Peek
from nexhina.dialects.image_operation import (
    ImageDialect,
    choose_generation_model,
    refuse_links_in_stream,
)
from nexhina.dialects.openai import count_text, open_request, read_head
from nexhina.ports import Inbound

_head = msgspec.json.Decoder(ImageGenerationRequest)


class OpenAIImages(ImageDialect):
    """POST /v1/images/generations."""

    name = "openai_images"
    streams = True

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        envelope = open_request(call)
        head = read_head(envelope, _head, ImageGenerationRequest)
        refuse_links_in_stream(head)
        return Peek(
            model=choose_generation_model(head),
            envelope=envelope,
            stream=head.stream or False,
            include_usage=True,  # its events carry the usage unasked
            text_bytes=len(envelope.text),
            characters=len(head.prompt),
            n=head.n or 1,
            size=head.size,
            quality=head.quality,
            response_format=head.response_format,
            output_format=head.output_format,
            background=head.background,
            partial_images=head.partial_images or 0,
            call_id=call.id,
        )

    def prompt_bytes(
        self,
        peek: Peek,
        body: bytes | bytearray,  # noqa: ARG002  (formats that peek less need it)
    ) -> int:
        """UTF-8 bytes of the prompt."""
        return count_text(msgspec.json.decode(peek.envelope.members["prompt"], type=str))
