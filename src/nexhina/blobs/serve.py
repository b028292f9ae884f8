"""GET and HEAD of /media/<id>.<ext>: the run of a ports.Handler; `app` adds the error writer.

Files are answered so that nothing in them can act in a browser: the type is ours, sniffing is off,
the document is sandboxed, and only pictures, sound and films are shown in place. Who has a link may
read it from any origin (CORS, by the gateway): a player's requests come from a sandbox without one.
Large files are read from the shelf piece by piece, no faster than the caller takes them.
"""

from nexhina.blobs.byte_range import Unsatisfiable, read_range
from nexhina.blobs.index import Head
from nexhina.blobs.media_type import is_shown
from nexhina.blobs.store import BlobStore
from nexhina.errors import HeaderList, MethodNotAllowedError, NotFoundError
from nexhina.ports import Client, Headers, Inbound
from nexhina.tasks import Wait


class MediaServer:
    """Serves what a BlobStore keeps."""

    def __init__(self, store: BlobStore) -> None:
        self.store = self._store = store

    async def run(self, call: Inbound, client: Client) -> None:
        """Answers one request.

        Raises MethodNotAllowedError, PermissionDeniedError (forged or expired link) and
        NotFoundError (gone).
        """
        if call.method not in ("GET", "HEAD"):
            raise MethodNotAllowedError(
                f"Media can be read with GET and HEAD, not with {call.method}.",
                headers=[(b"allow", b"GET, HEAD")],
            )
        name = call.params["name"]
        await self.serve(call, client, name, self._store.require_link(name, call.query))

    async def serve(self, call: Inbound, client: Client, name: str, seconds: float) -> None:
        """Answers with this file, which its reader may keep for `seconds`; raises NotFoundError."""
        head = await self._store.find(name)
        if head is None:
            raise NotFoundError("This file is gone: media are kept for a limited time.")
        common = _common_headers(head, int(seconds))
        if _is_known(call.headers, head):
            client.answer(304, common, b"")
            return
        try:  # RFC 9110 §14.2: a range means something to GET only
            part = _choose_range(call.headers, head) if call.method == "GET" else None
        except Unsatisfiable:
            missing = (b"content-range", b"bytes */%d" % head.size)
            client.answer(416, [*common, missing], b"")
            return
        status, first, length = (206, *part) if part else (200, 0, head.size)
        headers = [*common, *_body_headers(name, head)]
        if part:
            span = b"bytes %d-%d/%d" % (first, first + length - 1, head.size)
            headers.append((b"content-range", span))
        if call.method == "HEAD":
            client.start(status, [*headers, (b"content-length", b"%d" % length)])
            client.end()
        elif length <= self._store.read_size:
            data = await self._store.read(head, first, length)
            if len(data) != length:
                raise NotFoundError("This file is gone: media are kept for a limited time.")
            client.answer(status, headers, data)
        else:
            client.start(status, [*headers, (b"content-length", b"%d" % length)])
            await self._send(client, head, first, length)

    async def _send(self, client: Client, head: Head, first: int, length: int) -> None:
        gate = _Gate()
        client.on_pressure(gate.close, gate.open)
        end = first + length
        while first < end:
            await gate.passed()
            if client.gone:
                return
            data = await self._store.read(head, first, min(self._store.read_size, end - first))
            if not data:  # it expired while it was being sent
                client.abort()
                return
            first += len(data)
            if first < end:
                client.write(data)
            else:
                client.end(data)


class _Gate:
    """Closed while the caller reads too slowly."""

    def __init__(self) -> None:
        self._wait: Wait[None] | None = None

    def close(self) -> None:
        if self._wait is None:
            self._wait = Wait()

    def open(self) -> None:
        wait, self._wait = self._wait, None
        if wait is not None:
            wait.resolve(None)

    async def passed(self) -> None:
        if self._wait is not None:
            await self._wait


def _common_headers(head: Head, seconds: int) -> HeaderList:
    return [
        (b"etag", _etag(head)),
        (b"cache-control", b"private, max-age=%d, immutable" % max(0, seconds)),
        (b"accept-ranges", b"bytes"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"sandbox"),
    ]


def _body_headers(name: str, head: Head) -> HeaderList:
    place = "inline" if is_shown(head.content_type) else "attachment"
    return [
        (b"content-type", head.content_type.encode()),
        (b"content-disposition", f'{place}; filename="{name}"'.encode()),
    ]


def _etag(head: Head) -> bytes:
    # Files never change: the id is as strong a validator as there is.
    return b'"%s"' % head.id.encode()


def _is_known(headers: Headers, head: Head) -> bool:
    known = headers.get(b"if-none-match")
    if known is None:
        return False
    tags = [tag.strip().removeprefix(b"W/") for tag in known.split(b",")]
    return b"*" in tags or _etag(head) in tags


def _choose_range(headers: Headers, head: Head) -> tuple[int, int] | None:
    condition = headers.get(b"if-range")
    if condition is not None and condition.strip() != _etag(head):
        return None
    return read_range(headers.get(b"range"), head.size)
