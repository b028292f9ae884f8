"""The sandbox on a port of its own: plays the vendor's answers to a gateway client.

Any key is accepted. Pictures can be asked for as links here: a link carries the whole picture as
parameters, and whoever follows it has it drawn again. Nothing is stored.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from time import monotonic

import msgspec

from nexhina.errors import HeaderList, NexhinaError, NotFoundError
from nexhina.ports import Body, Client, Clock, Handler, Headers, Inbound, Segments, Slice
from nexhina.sandbox.image import MOST_PIXELS
from nexhina.sandbox.picture import Picture
from nexhina.sandbox.reply import Piece, SandboxReply, refusal
from nexhina.sandbox.turns import Turns, sleep
from nexhina.sandbox.vendor import SandboxVendor
from nexhina.tasks import Wait

MAX_BODY = 64 * 1024 * 1024
_MEDIA = "/media/"
_SPELL_S = 0.001  # how long one answer may be played before it is the others' turn


class Standalone:
    """Answers every route of the sandbox. `handler` is what a router needs; `close` ends the children."""

    def __init__(self, clock: Clock, *, seed: int = 0) -> None:
        self.vendor = SandboxVendor(clock, seed=seed, link=write_link)
        self.handler = Handler(run=self.run, write_error=write_error, max_body=MAX_BODY, spool=True)

    async def run(self, call: Inbound, client: Client) -> None:
        """Answers one request; driven as steps. ClientGone ends it."""
        if call.method in {"GET", "HEAD"} and call.path.startswith(_MEDIA):
            reply = await self._draw(call.path[len(_MEDIA) :])
        else:
            path = f"{call.path}?{call.query.decode('latin-1')}" if call.query else call.path
            body: Body = bytes(call.body)
            if call.upload is not None:
                body = Segments((Slice(call.upload, 0, call.upload.size),))
            reply = await self.vendor.answer(call.method, path, call.headers, body)
        await _Player(reply, client).play(self.vendor.turns)

    def close(self) -> None:
        """Ends the children."""
        self.vendor.close()

    async def _draw(self, name: str) -> SandboxReply:
        try:
            picture = read_link(name)
            data = await self.vendor.studio.drawing.draw(picture)
        except NexhinaError as error:
            return refusal(error)
        headers = {
            b"content-type": f"image/{picture.format}".encode(),
            b"x-content-type-options": b"nosniff",
            b"content-security-policy": b"sandbox",
        }
        return SandboxReply(status=200, headers=headers, pieces=iter((Piece(0.0, data),)))


def write_link(picture: Picture, headers: Headers) -> str:
    """The address of the picture on the host that was asked."""
    host = headers.get(b"host", b"localhost").decode("latin-1")
    packed = urlsafe_b64encode(msgspec.msgpack.encode(picture)).rstrip(b"=").decode("ascii")
    return f"http://{host}{_MEDIA}{packed}.{picture.format}"


def read_link(name: str) -> Picture:
    """The picture that a link's last part stands for; raises NotFoundError."""
    packed, _, form = name.rpartition(".")
    try:
        raw = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        picture = msgspec.msgpack.decode(raw, type=Picture)
    except (msgspec.DecodeError, Base64Error, ValueError):
        raise NotFoundError("There is no such picture.") from None
    if form != picture.format or picture.width * picture.height > MOST_PIXELS:
        raise NotFoundError("There is no such picture.")
    return picture


def write_error(error: NexhinaError) -> tuple[int, HeaderList, bytes]:
    """The error as OpenAI writes it, for what goes wrong before the vendor is asked."""
    reply = refusal(error)
    return reply.status, list(reply.headers.items()), b"".join(p.data for p in reply.pieces)


class _Gate:
    """Closed while the caller reads too slowly."""

    def __init__(self, client: Client) -> None:
        self._closed = False
        self._wait: Wait[None] | None = None
        client.on_pressure(self._pause, self._resume)

    def _pause(self) -> None:
        self._closed = True

    def _resume(self) -> None:
        self._closed = False
        wait, self._wait = self._wait, None
        if wait is not None:
            wait.resolve(None)

    async def pass_through(self) -> None:
        """Returns once the caller takes more."""
        if self._closed:
            self._wait = Wait()
            await self._wait


class _Player:
    """Sends one reply: whole in one write if nothing delays it, else piece by piece."""

    def __init__(self, reply: SandboxReply, client: Client) -> None:
        self._reply = reply
        self._client = client
        self._headers = list(reply.headers.items())
        self._gate = _Gate(client)
        self._gathered = bytearray()

    async def play(self, turns: Turns) -> None:
        """Sends the whole reply, as fast as the caller reads."""
        reply, client = self._reply, self._client
        if not reply.length_known:
            self._start()
        began = monotonic()
        for piece in reply.pieces:
            if piece.delay_s > 0:
                self._start()
                await sleep(piece.delay_s)
            if piece.until is not None:
                self._start()
                await piece.until
                began = monotonic()
                continue
            await self._send(piece.data)
            if monotonic() - began > _SPELL_S:
                await turns.turn()
                began = monotonic()
        if reply.cut:
            self._start()
            client.abort()
        elif client.started:
            client.end()
        else:
            client.answer(reply.status, self._headers, self._gathered)

    async def _send(self, data: bytes) -> None:
        if not self._client.started:
            self._gathered += data
        elif data:
            await self._gate.pass_through()
            self._client.write(data)

    def _start(self) -> None:
        """Begins a streamed answer with what was gathered so far."""
        if not self._client.started:
            self._client.start(self._reply.status, self._headers)
            if self._gathered:
                self._client.write(bytes(self._gathered))
