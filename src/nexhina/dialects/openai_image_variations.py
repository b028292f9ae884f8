"""Variations of a picture in OpenAI's format: a form with one file, and no prompt."""

from nexhina.contract.schema.image import ImageVariationRequest
from nexhina.dialects.dialect import Peek
from nexhina.dialects.envelope import Envelope
from nexhina.dialects.form_fields import read_fields
from nexhina.dialects.image_input import require_pictures
from nexhina.dialects.image_operation import PLAIN_MODEL, ImageDialect
from nexhina.dialects.multipart import read_form
from nexhina.ports import Inbound

_FILES = frozenset({"image"})
_NOTHING = Envelope(text=b"{}", members={})


class OpenAIImageVariations(ImageDialect):
    """POST /v1/images/variations."""

    name = "openai_image_variations"

    def peek(self, call: Inbound) -> Peek:
        """What the request asks for; raises InvalidRequestError, UnsupportedMediaTypeError."""
        form = read_form(call)
        head = read_fields(form, ImageVariationRequest, _FILES)
        return Peek(
            model=head.model or PLAIN_MODEL,
            envelope=_NOTHING,
            form=form,
            text_bytes=form.text_bytes,
            media_parts=require_pictures(form, most=1),
            n=head.n or 1,
            size=head.size,
            response_format=head.response_format,
            call_id=call.id,
        )

    def prompt_bytes(self, peek: Peek, body: bytes | bytearray) -> int:  # noqa: ARG002  (there is no prompt)
        """None: the picture is all there is."""
        return 0
