"""POST /v1/images/edits and /variations: checks a form like a vendor would and plans the work.

Files are told by their content, not by their names; the child decodes them.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from nexhina.dialects.image_input import list_images
from nexhina.errors import BodyTooLargeError, InvalidRequestError
from nexhina.ports import Spool
from nexhina.sandbox.child import Child
from nexhina.sandbox.form import FilePart, Form, find_file, read_bool
from nexhina.sandbox.image import plan_pictures, write_usage
from nexhina.sandbox.image_reply import Sheet, answer_pictures
from nexhina.sandbox.order import Order, Retouch
from nexhina.sandbox.picture import Picture
from nexhina.sandbox.reply import SandboxReply
from nexhina.sandbox.request import ImageCall, Quality

MOST_BYTES = 50 * 1024 * 1024  # of one picture
MOST_PICTURES = 16
_TOGETHER = 200 * 1024 * 1024


class _Fields(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """The text fields of both forms; numbers come as text."""

    prompt: Annotated[str, Meta(max_length=32_000)] = ""
    n: Annotated[int, Meta(ge=1, le=10)] = 1
    size: str | None = None
    quality: Quality | None = None
    output_format: Literal["png", "jpeg", "jpg", "webp"] | None = None
    output_compression: Annotated[int, Meta(ge=0, le=100)] | None = None
    background: Literal["auto", "opaque", "transparent"] | None = None
    response_format: Literal["url", "b64_json"] | None = None
    input_fidelity: Literal["high", "low"] | None = None
    partial_images: Annotated[int, Meta(ge=0, le=3)] = 0


class RetouchCall(msgspec.Struct, frozen=True):
    """What a form asks for: an order for each picture wanted, over the same files."""

    targets: list[Picture]
    files: tuple[Spool, ...]
    names: list[str]  # the files' fields
    masked: bool
    keep_size: bool
    stream: bool
    coarse: int
    prompt: str


def read_edit(form: Form, vendor_seed: int, model: str) -> RetouchCall:
    """An edit; raises InvalidRequestError that names the field."""
    fields = _read_fields(form)
    if not fields.prompt.strip():
        raise InvalidRequestError("The prompt is empty.", param="prompt")
    parts = [part for part in list_images(form) if part.is_file]
    if not 1 <= len(parts) <= MOST_PICTURES:
        raise InvalidRequestError(
            f"An edit takes 1 to {MOST_PICTURES} pictures in the field 'image', not {len(parts)}.",
            param="image",
        )
    files: list[Spool] = [FilePart(form, part) for part in parts]
    names = ["image"] if len(files) == 1 else [f"image[{place}]" for place in range(len(files))]
    masked = bool(form.files("mask"))
    if masked:
        files.append(find_file(form, "mask", MOST_BYTES))
        names.append("mask")
    stream = read_bool(form, "stream")
    return _plan(fields, files, names, vendor_seed, model, masked=masked, stream=stream)


def read_variation(form: Form, vendor_seed: int, model: str) -> RetouchCall:
    """A variation; raises InvalidRequestError that names the field."""
    fields = _read_fields(form)
    fields.prompt = ""
    file = find_file(form, "image", MOST_BYTES)
    return _plan(fields, [file], ["image"], vendor_seed, model, masked=False, stream=False)


def _read_fields(form: Form) -> _Fields:
    found = {
        name: text
        for name in _Fields.__struct_fields__
        if form.has(name) and (text := form.text(name)) not in {None, ""}
    }
    try:
        return msgspec.convert(found, _Fields, strict=False)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        param = place.strip("`.") or None
        raise InvalidRequestError(f"Invalid value for '{param}': {message}.", param=param) from None


def _plan(  # noqa: PLR0913  (all that both forms say)
    fields: _Fields,
    files: Sequence[Spool],
    names: list[str],
    vendor_seed: int,
    model: str,
    *,
    masked: bool,
    stream: bool,
) -> RetouchCall:
    for file, name in zip(files, names, strict=True):
        if file.size > MOST_BYTES:
            raise BodyTooLargeError(
                f"The picture has {file.size} bytes; the most is {MOST_BYTES}.", param=name
            )
        if file.size == 0:
            raise InvalidRequestError("The picture is empty.", param=name, code="invalid_image")
    if sum(file.size for file in files) > _TOGETHER:
        raise BodyTooLargeError(f"The pictures have more than {_TOGETHER} bytes together.")
    call = ImageCall(
        model=model,
        prompt=fields.prompt or "variation",
        n=fields.n,
        size=fields.size,
        quality=fields.quality,
        output_format=fields.output_format,
        output_compression=fields.output_compression,
        background=fields.background,
    )
    return RetouchCall(
        targets=plan_pictures(call, vendor_seed, model),
        files=tuple(files),
        names=names,
        masked=masked,
        keep_size=fields.size in {None, "auto"},
        stream=stream,
        coarse=fields.partial_images if stream else 0,
        prompt=fields.prompt,
    )


async def answer_retouch(
    call: RetouchCall, child: Child, created: int, *, usage: bool
) -> SandboxReply:
    """The changed pictures. Raises what the child's output does."""
    varies = not call.prompt
    outputs = [
        child.begin(
            Order(
                retouch=Retouch(target, call.masked, call.keep_size, place if varies else -1),
                coarse=call.coarse,
            ),
            *call.files,
        )
        for place, target in enumerate(call.targets)
    ]
    first, given = call.targets[0], len(call.files)
    sheet = Sheet(
        created=created,
        facts=tell_facts(first),
        usage=(lambda sizes: write_usage(call.prompt, sizes, first.detail, given))
        if usage
        else None,
        size=None,
        event="image_edit" if call.stream else "",
        coarse=call.coarse,
    )
    return await answer_pictures(outputs, sheet, call.names)


def tell_facts(picture: Picture) -> dict[str, object]:
    """What an answer says of its pictures beside their size."""
    return {
        "background": "transparent" if picture.transparent else "opaque",
        "output_format": picture.format,
        "quality": ("low", "medium", "high")[picture.detail],
    }
