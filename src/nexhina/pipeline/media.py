"""Pictures in answers: sent as the caller asked, a link or base64, whatever the vendor gave."""

from binascii import Error, a2b_base64

from nexhina.dialects.openai_images import list_b64, replace_b64_with_urls
from nexhina.errors import UpstreamError
from nexhina.pipeline.life import Life
from nexhina.ports import Blobs


class MediaLinks:
    """Stores pictures and puts our own signed links in their place."""

    def __init__(self, blobs: Blobs, public_url: str | None) -> None:
        self._blobs = blobs
        self._public_url = public_url

    async def link_pictures(self, life: Life, body: bytes) -> bytes:
        """The answer with links for its base64 pictures; everything else stays byte for byte."""
        links: list[str] = []
        for picture in list_b64(body):
            try:
                data = a2b_base64(picture.data)
            except Error:
                raise UpstreamError("The channel sent a picture that is not base64.") from None
            name = await self._blobs.put(life.row.tenant_id, picture.content_type, data)
            links.append(self._base_url(life) + self._blobs.link(name))
        return replace_b64_with_urls(body, links) if links else body

    def _base_url(self, life: Life) -> str:
        """What links begin with: the setting public_url, else the host that the caller used."""
        if self._public_url:
            return self._public_url.rstrip("/")
        headers = life.call.headers
        scheme = headers.get(b"x-forwarded-proto", b"http")  # only of trusted proxies, see edge
        return (
            f"{scheme.decode('latin-1')}://{headers.get(b'host', b'localhost').decode('latin-1')}"
        )
