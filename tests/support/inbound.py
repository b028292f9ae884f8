"""Requests as the dialects get them."""

from typing import Any

import msgspec

from nexhina.ports import Inbound

JSON = {b"content-type": b"application/json"}


def make_inbound(body: Any, headers: dict[bytes, bytes] | None = None) -> Inbound:
    """A POST with this body: bytes as they are, anything else as compact JSON."""
    raw = body if isinstance(body, bytes | bytearray) else msgspec.json.encode(body)
    return Inbound(
        id="0190",
        request_id="0190",
        method="POST",
        path="/v1",
        params={},
        query=b"",
        headers=JSON if headers is None else headers,
        body=raw,
        peer="127.0.0.1",
        received=0.0,
    )


def make_chat(**more: Any) -> dict[str, Any]:
    """A small chat request, with more parameters or other ones."""
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **more}
