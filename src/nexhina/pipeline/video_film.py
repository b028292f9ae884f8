"""A finished film on its way from the vendor to our store, piece by piece.

The vendor is read no faster than the store takes it, and nothing but a film is kept. Its length is read
from its bytes on the way, and held against what was asked for and what the vendor says.
"""

from typing import NamedTuple

from nexhina.dialects.video import Ask, Film
from nexhina.domain.film import FilmLength
from nexhina.errors import FetchError, UpstreamFailure
from nexhina.pipeline.media import MOST_FILM, MediaLinks
from nexhina.pipeline.video_vendor import Place, VideoVendors
from nexhina.ports import Blobs
from nexhina.tasks import spawn
from nexhina.upstream.pour import pour

FILMS = frozenset({"mp4", "webm", "mov", "mkv"})
PICTURES = frozenset({"png", "jpg", "webp", "gif"})


class Kept(NamedTuple):
    """A stored film; `ms`: its milliseconds as its container has them, None when it does not say."""

    name: str
    ms: int | None


class FilmError(Exception):
    """The film could not be had or kept; says why, without addresses. `final`: nor will it later."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(text)


class FilmStore:
    """Fetches films and keeps them."""

    def __init__(
        self, vendors: VideoVendors, blobs: Blobs, media: MediaLinks, most: int = MOST_FILM
    ) -> None:
        """`media` reads what is behind a link. `most`: bytes of one film."""
        self._vendors = vendors
        self._blobs = blobs
        self._media = media
        self._most = most

    async def keep(
        self, place: Place, film: Film, tenant_id: int, kinds: frozenset[str] = FILMS
    ) -> Kept:
        """The stored file. Raises FilmError, InsufficientQuotaError, OverloadedError."""
        length = FilmLength()
        if film.ask is not None:
            name = await self._read(place, film.ask, tenant_id, length)
        elif film.url is not None:
            name = await self._fetch(place, film.url, tenant_id, length)
        else:
            raise FilmError("the provider does not say where it is", final=True)
        if name.rpartition(".")[2] not in kinds:
            await self._blobs.remove(name)
            raise FilmError("what came is no film")
        return Kept(name, length.ms)

    async def drop(self, name: str) -> None:
        """Removes a file that nobody will ask for."""
        await self._blobs.remove(name)

    async def _read(self, place: Place, ask: Ask, tenant_id: int, length: FilmLength) -> str:
        writer = await self._blobs.begin(tenant_id, "")

        async def take(piece: bytes) -> None:
            length.feed(piece)
            await writer.append(piece)

        exchange = self._vendors.open(place, ask, self._most)
        try:
            reply = await exchange.reply
            if reply.status != 200:
                raise FilmError(
                    f"it was answered with status {reply.status}", final=reply.status in (404, 410)
                )
            await pour(reply, take, self._most)
            if not writer.size:
                raise FilmError("the file is empty")
            return await writer.commit()
        except BaseException as error:
            exchange.cancel()
            await writer.abandon()
            if isinstance(error, FetchError):
                raise FilmError(error.detail, final=True) from None
            if isinstance(error, UpstreamFailure):
                raise FilmError(f"the connection failed ({error.kind})") from None
            raise

    async def _fetch(self, place: Place, url: str, tenant_id: int, length: FilmLength) -> str:
        origin = place.target.origin
        try:
            return await spawn(self._media.keep(tenant_id, url, origin, length.feed), "film fetch")
        except FetchError as error:
            raise FilmError(error.detail) from None


def choose_length(asked: int | None, said: int | None, measured: int | None) -> int:
    """Milliseconds that a film is charged for: its vendor's word, else what was asked for.

    The file decides where they can't be true: a word above what was asked counts as far as the film
    goes, and a vendor that says nothing of a film shorter than asked is held to the film.
    """
    if measured is None:
        return said or asked or 0
    if said is None:
        is_short = asked is None or (measured < asked and is_lie(asked, measured))
        return measured if is_short else asked or 0
    if asked is not None and said > asked and is_lie(said, measured):
        return max(asked, min(said, measured))
    return said


def is_lie(said: int, measured: int) -> bool:
    """Whether a film's length can't be what was said: more than a tenth and half a second off."""
    return abs(said - measured) > max(500, said // 10)
