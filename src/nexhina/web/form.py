"""Reads the small urlencoded forms of our own pages; uploads are no business of this room."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from nexhina.errors import BodyTooLargeError, InvalidRequestError, UnsupportedMediaTypeError

MAX_FORM = 16 * 1024  # bytes
MAX_FIELDS = 32


async def read_form(request: Request) -> dict[str, str]:
    """The fields by name; raises when it is no urlencoded UTF-8 form, too large, or ambiguous."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaTypeError(
            f"A form is sent as application/x-www-form-urlencoded, not as {content_type or 'nothing'}."
        )
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_FORM:
            raise BodyTooLargeError(f"This form takes at most {MAX_FORM} bytes.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MAX_FIELDS,
            errors="strict",
        )
    except ValueError as error:  # a UnicodeDecodeError too
        raise InvalidRequestError("The form can't be read: send it as UTF-8.") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidRequestError("The form names a field twice.")
    return fields
