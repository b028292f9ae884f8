"""Pictures in answers: sent as the caller asked, a link or base64, whatever the vendor gave.

A vendor's link is read here and now and becomes one of ours, which outlives it, or base64. Base64 is
written and read in small steps: no answer, however large, keeps other callers waiting. What can't be
delivered is 502 and costs the caller nothing, like every answer that did not arrive.
"""

import asyncio
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from nexhina.dialects.image_payload import Given, join_pictures, list_pictures
from nexhina.errors import FetchError, UpstreamError
from nexhina.pipeline.life import Life
from nexhina.ports import Blobs, BlobWriter, Fetcher, Inbound, Origin
from nexhina.tasks import Wait, spawn

STEP = 256 * 1024
"""Characters of base64 that are decoded at once: about a millisecond."""
MOST_PICTURE = 64 * 1024 * 1024
MOST_FILM = 2 * 1024 * 1024 * 1024
FILM_SECONDS = 1800.0

T = TypeVar("T")


class MediaLinks:
    """Stores pictures and films, and puts our own signed links in their place."""

    def __init__(self, blobs: Blobs, public_url: str | None, fetcher: Fetcher) -> None:
        self._blobs = blobs
        self._public_url = public_url
        self._fetcher = fetcher

    async def link_pictures(self, life: Life, body: bytes, cut: Sequence[memoryview] = ()) -> bytes:
        """The answer with its pictures in the form that the caller wants; all else byte for byte.

        `cut`: base64 that `cut_pictures` took out of it. A caller who did not say gets links for
        links and base64 for base64. Raises UpstreamError, InsufficientQuotaError.
        """
        assert life.peek is not None
        links = life.plan is not None and life.plan.links
        text = life.peek.response_format == "b64_json"
        pictures = list_pictures(body, cut)
        wanted = [
            url is not None and not data if text else bool(url or links) for url, data in pictures
        ]
        if not (any(wanted) or cut):
            return body
        given = await self._gather(
            [self._deliver(life, url, data, text=text, links=links) for url, data in pictures],
            # Who may ask again under a key finds the answer then, though they have left by now.
            shielded=life.idempotency_key is not None,
        )
        return join_pictures(body, given)

    async def keep(
        self,
        tenant_id: int,
        url: str,
        origin: Origin | None = None,
        look: Callable[[bytes], None] | None = None,
    ) -> str:
        """The name under which the film at a vendor's address is kept from now on.

        Run it in a task. `origin`: where the vendor's channel lives; `look` sees each piece before
        it is stored. Raises FetchError, InsufficientQuotaError.
        """
        writer = await self._blobs.begin(tenant_id, "")

        async def take(piece: bytes) -> None:
            if look is not None:
                look(piece)
            await writer.append(piece)

        return await self._fill(
            writer, take, url, origin=origin, most=MOST_FILM, seconds=FILM_SECONDS
        )

    def write_link(self, life: Life, name: str) -> str:
        """The whole signed link to a file, for this caller."""
        return self.write_link_for(life.call, name)

    def write_link_for(self, call: Inbound, name: str) -> str:
        """The whole signed link to a file, for whoever sent this request."""
        return self._base_url(call) + self._blobs.link(name)

    # --- one picture ----------------------------------------------------------------------------

    async def _deliver(
        self,
        life: Life,
        url: str | None,
        data: bytes | memoryview,
        *,
        text: bool,
        links: bool,
    ) -> Given:
        tenant_id = life.row.tenant_id
        if data and not links:
            return Given(base64=(data,))
        if data:
            return Given(url=self.write_link(life, await self._keep_base64(tenant_id, data)))
        if url is None:
            raise UpstreamError("The channel's answer lacks a picture. Ask again.")
        origin = life.target.origin if life.target is not None else None
        try:
            if text:
                encoder = _Encoder()
                await self._fetcher.fetch(url, encoder.append, most=MOST_PICTURE, origin=origin)
                return Given(base64=encoder.finish())
            name = await self._fetch(tenant_id, url, origin, most=MOST_PICTURE)
        except FetchError as error:
            raise UpstreamError(
                "The channel gave a link to its picture that could not be read: "
                f"{error.detail}. Nothing was charged; ask again."
            ) from None
        return Given(url=self.write_link(life, name))

    async def _fetch(self, tenant_id: int, url: str, origin: Origin | None, *, most: int) -> str:
        writer = await self._blobs.begin(tenant_id, "")
        return await self._fill(writer, writer.append, url, origin=origin, most=most)

    async def _fill(
        self,
        writer: BlobWriter,
        take: Callable[[bytes], Coroutine[Any, Any, None]],
        url: str,
        *,
        origin: Origin | None,
        most: int,
        seconds: float | None = None,
    ) -> str:
        try:
            await self._fetcher.fetch(url, take, most=most, origin=origin, seconds=seconds)
            return await writer.commit()
        except (Exception, asyncio.CancelledError):
            await writer.abandon()
            raise

    async def _keep_base64(self, tenant_id: int, data: bytes | memoryview) -> str:
        writer = await self._blobs.begin(tenant_id, "")
        try:
            for start in range(0, len(data), STEP):
                piece = bytes(data[start : start + STEP])
                await writer.append(a2b_base64(piece + b"=" * (-len(piece) % 4), strict_mode=True))
                await asyncio.sleep(0)
            return await writer.commit()
        except Error:
            await writer.abandon()
            raise UpstreamError("The channel sent a picture that is not base64.") from None
        except (Exception, asyncio.CancelledError):
            await writer.abandon()
            raise

    async def _gather(
        self, work: Sequence[Coroutine[Any, Any, T]], *, shielded: bool = False
    ) -> list[T]:
        """What all return, run side by side in tasks; the first failure ends the others.

        In tasks, because a caller who leaves must not wait for a vendor's server; `shielded`: it goes
        on without them.
        """
        wait: Wait[None] = Wait(shielded=shielded)
        tasks = [spawn(_catch(each), "deliver a picture") for each in work]
        left = set(tasks)

        def ended(task: "asyncio.Task[T | Exception]") -> None:
            left.discard(task)
            if not left or task.cancelled() or isinstance(task.result(), Exception):
                wait.resolve(None)

        for task in tasks:
            task.add_done_callback(ended)
        try:
            await wait
            results = [task.result() for task in tasks if task.done() and not task.cancelled()]
            for result in results:
                if isinstance(result, Exception):
                    raise result
            return [each for each in results if not isinstance(each, Exception)]
        finally:
            for task in left:
                task.cancel()

    def _base_url(self, call: Inbound) -> str:
        """What links begin with: the setting public_url, else the host that the caller used."""
        if self._public_url:
            return self._public_url.rstrip("/")
        headers = call.headers
        scheme = headers.get(b"x-forwarded-proto", b"http")  # only of trusted proxies, see edge
        return (
            f"{scheme.decode('latin-1')}://{headers.get(b'host', b'localhost').decode('latin-1')}"
        )


async def _catch(work: Coroutine[Any, Any, T]) -> T | Exception:
    """What it returns or raises, as a value: the caller's steps raise it, the task logs nothing."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001  (handed on)
        return error


class _Encoder:
    """Bytes as they come, as base64."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._rest = b""

    async def append(self, piece: bytes) -> None:
        """The next bytes."""
        whole = self._rest + piece
        length = len(whole) - len(whole) % 3
        self._rest = whole[length:]
        if length:
            self._parts.append(b2a_base64(memoryview(whole)[:length], newline=False))

    def finish(self) -> Sequence[bytes]:
        """The base64 of all, in parts."""
        if self._rest:
            self._parts.append(b2a_base64(self._rest, newline=False))
        return self._parts
