"""Pictures that a caller gives, judged by their bytes before anything is sent: kind, size, mask.

Names and types that clients send are often wrong, so they decide nothing here. What a model takes
beyond that (how many, how large) is a fact of the catalog.
"""

import re
from binascii import Error, a2b_base64

from nexhina.contract.schema.image import MAX_IMAGES
from nexhina.dialects.multipart import Form, Part
from nexhina.domain.picture import (
    HEAD,
    MAX_PIXELS,
    TYPES,
    Picture,
    Read,
    read_picture,
    tell_kind,
)
from nexhina.errors import InvalidRequestError

_IMAGE = re.compile(r"image(?:\[\d*\])?")
_TAKEN = "PNG, JPEG, WebP or GIF"
_WITH_ALPHA = ("png", "webp")
_DATA_URL = re.compile(rb"data:[^,]{0,200};base64,", re.IGNORECASE)


def list_images(form: Form) -> list[Part]:
    """The parts `image`, `image[]` and `image[0]`, in order."""
    return [part for part in form.parts if _IMAGE.fullmatch(part.name)]


def find_mask(form: Form) -> Part | None:
    """The part `mask`; raises InvalidRequestError when there are several."""
    found = [part for part in form.parts if part.name in ("mask", "mask[]")]
    if len(found) > 1:
        raise InvalidRequestError(
            f"There are {len(found)} masks; send one, which is for the first image.", param="mask"
        )
    return found[0] if found else None


def require_pictures(form: Form, *, most: int = MAX_IMAGES) -> int:
    """How many pictures the form gives, the mask among them; raises InvalidRequestError."""
    parts = list_images(form)
    if not parts:
        raise InvalidRequestError(
            f"'image' is missing: it must be a file with a picture ({_TAKEN}).", param="image"
        )
    if len(parts) > most:
        many = f"up to {most} pictures" if most > 1 else "one picture"
        raise InvalidRequestError(
            f"'image' comes {len(parts)} times; {many} can be given.", param="image"
        )
    pictures = [_require_part(form, part, "image") for part in parts]
    mask = find_mask(form)
    if mask is None:
        return len(parts)
    require_mask(_require_part(form, mask, "mask"), pictures[0])
    return len(parts) + 1


def require_mask(mask: Picture, image: Picture | None) -> None:
    """Raises InvalidRequestError unless the mask fits the first image; None: that one is a link."""
    if not mask.alpha or mask.kind not in _WITH_ALPHA:
        raise InvalidRequestError(
            f"'mask' is a {mask.kind} without an alpha channel. Send a PNG whose transparent part "
            "is what shall change.",
            param="mask",
            code="invalid_image",
        )
    if image is None or (mask.width, mask.height) == (image.width, image.height):
        return
    # A photograph may be stored lying down, with a note that it is to be turned.
    if image.kind == "jpeg" and (mask.width, mask.height) == (image.height, image.width):
        return
    raise InvalidRequestError(
        f"'mask' has {mask.size} pixels and the first image {image.size}. "
        f"Send a mask of {image.size}.",
        param="mask",
        code="invalid_image",
    )


def require_picture(read: Read, size: int, name: str) -> Picture:
    """What a file of `size` bytes says of itself; raises InvalidRequestError."""
    if not size:
        raise InvalidRequestError(
            f"'{name}' is an empty file; send a picture ({_TAKEN}).",
            param=name,
            code="invalid_image",
        )
    picture = read_picture(read)
    if picture is None:
        head = read(0, HEAD)
        kind = tell_kind(head)
        why = f"begins with {head[:12]!r}" if kind is None else f"is a {kind} that is broken"
        raise InvalidRequestError(
            f"'{name}' is no picture that can be read: it {why}. Send {_TAKEN}.",
            param=name,
            code="invalid_image",
        )
    if picture.width * picture.height > MAX_PIXELS:
        raise InvalidRequestError(
            f"'{name}' has {picture.size} = {picture.width * picture.height:,} pixels; at most "
            f"{MAX_PIXELS:,} are taken. Send a smaller one.",
            param=name,
            code="invalid_image",
        )
    return picture


def require_data_url(url: memoryview, name: str) -> Picture:
    """What the picture in a data URL says of itself; raises InvalidRequestError."""
    start = bytes(url[:256])
    found = _DATA_URL.match(start)
    if found is None:
        shown = start[:40].decode(errors="replace")
        raise InvalidRequestError(
            f"'{name}' must be an http(s) address or a data URL like data:image/png;base64,…, "
            f"not {shown!r}.",
            param=name,
        )
    text = url[found.end() :]
    return require_picture(read_base64(text), len(text) // 4 * 3, name)


def read_base64(text: bytes | memoryview) -> Read:
    """A reader of what the base64 text holds; decodes only what is asked for."""

    def read(offset: int, length: int) -> bytes:
        start = offset // 3 * 4
        quads = -(-(offset % 3 + length) // 3)
        try:
            data = a2b_base64(text[start : start + 4 * quads])
        except (Error, ValueError):
            return b""
        return data[offset % 3 : offset % 3 + length]

    return read


def list_wrong_types(form: Form) -> dict[int, str]:
    """Pictures whose part says another type than their bytes: the right one, by the part's begin.

    Vendors refuse by the type, and many clients send application/octet-stream for everything.
    """
    wrong: dict[int, str] = {}
    mask = find_mask(form)
    for part in [*list_images(form), *([mask] if mask is not None else [])]:
        kind = tell_kind(form.head(part, HEAD))
        if kind is not None and _read_type(part) != TYPES[kind]:
            wrong[part.begin] = TYPES[kind]
    return wrong


def _read_type(part: Part) -> str:
    kind = (part.content_type or "").partition(";")[0].strip().lower()
    return "image/jpeg" if kind == "image/jpg" else kind


def _require_part(form: Form, part: Part, name: str) -> Picture:
    if not part.is_file:
        raise InvalidRequestError(
            f"'{name}' must be a file; this form sends a text there. Give the part a file name.",
            param=name,
        )

    def read(offset: int, length: int) -> bytes:
        return form.read_at(part, offset, length)

    return require_picture(read, part.length, name)
