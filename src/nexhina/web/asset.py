"""Our own style sheets, served under a name that holds their hash, so that browsers keep them for ever."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nexhina.errors import NotFoundError

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def load_assets() -> dict[str, tuple[str, bytes]]:
    """Every asset by its public name `stem.hash.suffix`: (content type, bytes)."""
    found: dict[str, tuple[str, bytes]] = {}
    for file in sorted(_FOLDER.iterdir()):
        if file.suffix in _TYPES:
            data = file.read_bytes()
            digest = hashlib.sha256(data).hexdigest()[:16]
            found[f"{file.stem}.{digest}{file.suffix}"] = (_TYPES[file.suffix], data)
    return found


def asset_path(name: str) -> str:
    """The address of an asset, by its file name; raises KeyError for an unknown one."""
    stem, _, suffix = name.rpartition(".")
    for public in load_assets():
        if public.startswith(f"{stem}.") and public.endswith(f".{suffix}"):
            return f"/static/{public}"
    raise KeyError(name)


async def _serve(request: Request) -> Response:
    found = load_assets().get(request.path_params["name"])
    if found is None:
        raise NotFoundError("There is no such file; load the page again.")
    content_type, data = found
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(data, headers=headers, media_type=content_type)


ASSET_ROUTE = Route("/static/{name}", _serve, methods=["GET"])
