"""An edit asked for in JSON as the form that it stands for: the sandbox knows one way to edit.

Pictures must be data URLs: nothing is fetched, and no files lie here.
"""

from binascii import Error, a2b_base64
from hashlib import sha256
from typing import Any, NoReturn

import msgspec

from nexhina.contract.schema.image import ImageReference, ImageReferenceEditRequest
from nexhina.errors import InvalidRequestError
from nexhina.sandbox.request import read_call


def write_edit_form(body: bytes) -> tuple[bytes, bytes]:
    """The form and its content type; raises InvalidRequestError."""
    call = read_call(body, ImageReferenceEditRequest)
    fields: dict[str, Any] = msgspec.json.decode(body)
    boundary = b"nexhina-" + sha256(body).hexdigest()[:32].encode()
    parts = [
        _write_part(boundary, name, b"", _write_text(value))
        for name, value in fields.items()
        if name not in ("images", "mask") and value is not None
    ]
    given = [(f"images[{place}]", "image[]", each) for place, each in enumerate(call.images)]
    if call.mask is not None:
        given.append(("mask", "mask", call.mask))
    for place, name, each in given:
        parts.append(_write_part(boundary, name, b'; filename="picture"', _read(each, place)))
    form = b"".join(parts) + b"--%b--\r\n" % boundary
    return form, b"multipart/form-data; boundary=" + boundary


def _write_part(boundary: bytes, name: str, more: bytes, value: bytes) -> bytes:
    shown = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode()
    head = b'Content-Disposition: form-data; name="%b"%b' % (shown, more)
    return b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, head, value)


def _write_text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _read(picture: ImageReference, place: str) -> bytes:
    """The picture's bytes; raises InvalidRequestError."""
    url = picture.image_url
    if url is None:
        _refuse("The sandbox keeps no files. Send the picture as a data URL.", f"{place}.file_id")
    head, mark, base64 = url.partition(";base64,")
    if not mark or head[:5].lower() != "data:":
        _refuse(
            "The sandbox works offline and fetches no pictures. Send the picture itself as a data "
            "URL: data:image/png;base64,…",
            f"{place}.image_url",
        )
    try:
        return a2b_base64(base64, strict_mode=True)
    except (Error, ValueError) as error:
        _refuse(f"The picture is not base64: {error}.", f"{place}.image_url", "invalid_image")


def _refuse(message: str, param: str, code: str = "invalid_image_url") -> NoReturn:
    raise InvalidRequestError(message, param=param, code=code)
