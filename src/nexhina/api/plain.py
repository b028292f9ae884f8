"""The plain endpoints: what a load balancer, a scraper and a curious caller ask for.

`/healthz`, also as `/health`: the process answers · `/readyz`: it may get traffic · `/metrics` for
Prometheus, with the owner's key or the metrics token · `GET /v1`: the list of routes ·
`/openapi.json`: the same as OpenAPI.
"""

import hmac
from collections.abc import Callable

import msgspec

from nexhina import __version__
from nexhina.contract.header import read_key
from nexhina.contract.route import ROUTES
from nexhina.errors import HeaderList, InvalidApiKeyError
from nexhina.identity.permission import actor_of, require_allowed
from nexhina.pipeline.pipeline import Pipeline
from nexhina.ports import Client, Inbound

JSON: HeaderList = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
DOCUMENT: HeaderList = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"public, max-age=300"),
]


class PlainEndpoints:
    """Handlers that need no pipeline run."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        troubles: Callable[[], list[str]],
        render_metrics: Callable[[], bytes],
        metrics_token: str | None,
    ) -> None:
        self._pipeline = pipeline
        self._troubles = troubles
        self._render_metrics = render_metrics
        self._metrics_token = metrics_token
        self._document = b""

    async def run_health(self, call: Inbound, client: Client) -> None:  # noqa: ARG002
        """200 as long as the loop turns."""
        client.answer(200, JSON, msgspec.json.encode({"status": "ok", "version": __version__}))

    async def run_ready(self, call: Inbound, client: Client) -> None:  # noqa: ARG002
        """200, or 503 with the reasons why calls would fail."""
        troubles = self._troubles()
        body = {"status": "unready" if troubles else "ready", "troubles": troubles}
        client.answer(503 if troubles else 200, JSON, msgspec.json.encode(body))

    async def run_metrics(self, call: Inbound, client: Client) -> None:
        """Prometheus' text format."""
        await self._require_reader(call)
        head: HeaderList = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]
        client.answer(200, head, self._render_metrics())

    async def run_index(self, call: Inbound, client: Client) -> None:  # noqa: ARG002
        """What answers under this base URL."""
        routes = [
            {"methods": list(route.methods), "path": route.path, "summary": route.summary}
            for route in ROUTES
        ]
        body = {"object": "api", "name": "nexhina", "version": __version__, "routes": routes}
        client.answer(200, JSON, msgspec.json.encode(body))

    async def run_document(self, call: Inbound, client: Client) -> None:  # noqa: ARG002
        """The OpenAPI document, made when it is first asked for."""
        if not self._document:
            from nexhina.contract.openapi import build_document  # most processes never need it

            self._document = msgspec.json.encode(build_document(__version__))
        client.answer(200, DOCUMENT, self._document)

    async def _require_reader(self, call: Inbound) -> None:
        """The metrics token, or a key that may see channels; raises what the gateway renders."""
        if self._metrics_token is not None:
            try:
                given = read_key(call.headers, call.query)
            except InvalidApiKeyError:
                given = b""
            if hmac.compare_digest(given, self._metrics_token.encode()):
                return
        principal = await self._pipeline.authenticate(call)
        require_allowed("metrics:read", actor_of(principal))
