"""A finished film on its way from the vendor to our store, piece by piece.

The vendor is read no faster than the store takes it, and nothing but a film is kept.
"""

from nexhina.dialects.video import Ask, Film
from nexhina.errors import FetchError, UpstreamFailure
from nexhina.pipeline.media import MOST_FILM, MediaLinks
from nexhina.pipeline.video_vendor import Place, VideoVendors
from nexhina.ports import Blobs
from nexhina.tasks import spawn
from nexhina.upstream.pour import pour

FILMS = frozenset({"mp4", "webm", "mov", "mkv"})
PICTURES = frozenset({"png", "jpg", "webp", "gif"})


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
    ) -> str:
        """The name of the stored file. Raises FilmError, InsufficientQuotaError."""
        if film.ask is not None:
            name = await self._read(place, film.ask, tenant_id)
        elif film.url is not None:
            name = await self._fetch(place, film.url, tenant_id)
        else:
            raise FilmError("the provider does not say where it is", final=True)
        if name.rpartition(".")[2] not in kinds:
            await self._blobs.remove(name)
            raise FilmError("what came is no film")
        return name

    async def drop(self, name: str) -> None:
        """Removes a file that nobody will ask for."""
        await self._blobs.remove(name)

    async def _read(self, place: Place, ask: Ask, tenant_id: int) -> str:
        writer = await self._blobs.begin(tenant_id, "")
        exchange = self._vendors.open(place, ask, self._most)
        try:
            reply = await exchange.reply
            if reply.status != 200:
                raise FilmError(
                    f"it was answered with status {reply.status}", final=reply.status in (404, 410)
                )
            await pour(reply, writer.append, self._most)
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

    async def _fetch(self, place: Place, url: str, tenant_id: int) -> str:
        try:
            return await spawn(self._media.keep(tenant_id, url, place.target.origin), "film fetch")
        except FetchError as error:
            raise FilmError(error.detail) from None
