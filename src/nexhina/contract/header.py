"""The headers of the public contract: their names, and the one place that reads them."""

from urllib.parse import unquote_to_bytes

from nexhina.errors import InvalidApiKeyError, InvalidRequestError

X_REQUEST_ID = b"x-request-id"
X_NEXHINA_ID = b"x-nexhina-id"
X_TENANT_ID = b"x-tenant-id"
X_CHANNEL = b"x-channel"
IDEMPOTENCY_KEY = b"idempotency-key"

LANE = b"x-nexhina-lane"
CHANNEL = b"x-nexhina-channel"
ATTEMPTS = b"x-nexhina-attempts"
OVERHEAD_MS = b"x-nexhina-overhead-ms"
COST = b"x-nexhina-cost"
DROPPED = b"x-nexhina-dropped"

EXPOSED = (X_REQUEST_ID, X_NEXHINA_ID, LANE, CHANNEL, ATTEMPTS, OVERHEAD_MS, COST, DROPPED)
"""Answer headers that a browser's script may read."""


def read_request_id(headers: dict[bytes, bytes]) -> str | None:
    """The caller's X-Request-Id, None when absent or empty; raises InvalidRequestError."""
    raw = headers.get(X_REQUEST_ID)
    if not raw:
        return None
    if len(raw) > 128 or not all(0x21 <= byte <= 0x7E for byte in raw):
        raise InvalidRequestError(
            f"X-Request-Id must be at most 128 visible ASCII characters; this one has {len(raw)} bytes. "
            "Send a shorter one, or leave the header away.",
            param="X-Request-Id",
        )
    return raw.decode("ascii")


def read_idempotency_key(headers: dict[bytes, bytes]) -> str | None:
    """The Idempotency-Key, None when absent; raises InvalidRequestError."""
    raw = headers.get(IDEMPOTENCY_KEY)
    if raw is None:
        return None
    if not 1 <= len(raw) <= 255 or not all(0x20 <= byte <= 0x7E for byte in raw):
        raise InvalidRequestError(
            f"Idempotency-Key must be 1 to 255 printable ASCII characters; this one has {len(raw)} bytes.",
            param="Idempotency-Key",
        )
    return raw.decode("ascii")


def read_key(headers: dict[bytes, bytes], query: bytes) -> bytes:
    """The API key in any accepted form; raises InvalidApiKeyError when there is none.

    Order: Authorization: Bearer, x-api-key, x-goog-api-key, ?key=, WebSocket subprotocol
    `openai-insecure-api-key.<key>`. A malformed Authorization header is not passed over.
    """
    authorization = headers.get(b"authorization")
    if authorization:
        if authorization[:7] == b"Bearer " or authorization[:7].lower() == b"bearer ":
            return authorization[7:]
        raise InvalidApiKeyError
    key = headers.get(b"x-api-key") or headers.get(b"x-goog-api-key")
    if key:
        return key
    for pair in query.split(b"&") if query else ():
        if pair.startswith(b"key="):
            return unquote_to_bytes(pair[4:])
    for protocol in headers.get(b"sec-websocket-protocol", b"").split(b","):
        name = protocol.strip()
        if name.startswith(b"openai-insecure-api-key."):
            return name[24:]
    raise InvalidApiKeyError
