"""Forms (multipart/form-data) as clients write them, and a spool in memory that counts its reads."""

from collections.abc import Mapping, Sequence

from nexhina.ports import Inbound, Segments, Slice
from support.inbound import make_inbound

BOUNDARY = b"form-boundary-1"
File = tuple[str, str | None, str | None, bytes]
"""Field name, file name, content type, content."""


def write_form(
    fields: Mapping[str, str] | None = None,
    files: Sequence[File] = (),
    boundary: bytes = BOUNDARY,
) -> bytes:
    """The body: fields first, then files."""
    out = b""
    for name, value in (fields or {}).items():
        out += b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (
            boundary,
            name.encode(),
            value.encode(),
        )
    for name, filename, kind, content in files:
        out += b'--%b\r\nContent-Disposition: form-data; name="%b"' % (boundary, name.encode())
        if filename is not None:
            out += b'; filename="%b"' % filename.encode()
        if kind is not None:
            out += b"\r\nContent-Type: %b" % kind.encode()
        out += b"\r\n\r\n%b\r\n" % content
    return out + b"--%b--\r\n" % boundary


def form_kind(boundary: bytes = BOUNDARY) -> bytes:
    """The Content-Type of such a body."""
    return b"multipart/form-data; boundary=" + boundary


class MemorySpool:
    """A Spool over bytes; `reads` are the lengths that were asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.reads: list[int] = []

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append(length)
        return self.data[offset : offset + length]


def make_upload(body: bytes, kind: bytes | None = None, *, spooled: bool = False) -> Inbound:
    """A POST with this form, in memory or in a spool."""
    call = make_inbound(b"" if spooled else body, {b"content-type": kind or form_kind()})
    if spooled:
        call.upload = MemorySpool(body)
    return call


def join(body: bytes | Segments) -> bytes:
    """What a vendor would get."""
    if isinstance(body, bytes):
        return body
    return b"".join(
        each.spool.read(each.offset, each.length) if isinstance(each, Slice) else each
        for each in body.pieces
    )
