"""Runs the offline vendor alone until it is told to stop; a gateway never needs this."""

from collections.abc import Callable

from nexhina.app.process import (
    explain_listen_error,
    find_runner,
    listen_for_signals,
    url_host,
)
from nexhina.errors import StartError
from nexhina.gateway.options import ServerOptions
from nexhina.gateway.router import Router
from nexhina.gateway.server import GatewayServer
from nexhina.ports import Handler
from nexhina.providers.vendors.sandbox import SANDBOX
from nexhina.sandbox.standalone import Standalone
from nexhina.telemetry.clock import SystemClock


def serve_sandbox(host: str, port: int, announce: Callable[[str], None]) -> int:
    """Runs the offline vendor alone until SIGTERM or SIGINT; `announce` gets its base URL."""
    return find_runner()(_serve_sandbox(host, port, announce))


async def _serve_sandbox(host: str, port: int, announce: Callable[[str], None]) -> int:
    stop = listen_for_signals()
    clock = SystemClock()
    vendor = Standalone(clock)
    server = GatewayServer(Router(sandbox_routes(vendor.handler)), clock, ServerOptions())
    try:
        try:
            address = await server.start(host, port)
        except OSError as error:
            raise StartError(explain_listen_error(host, port, error)) from None
        announce(f"http://{url_host(host)}:{address[1]}/v1")
        await stop.wait()
        await server.drain(5.0)
    finally:
        vendor.close()
        await vendor.vendor.wait_closed()
    return 0


def sandbox_routes(handler: Handler) -> dict[tuple[str, str], Handler]:
    """The routes that the sandbox speaks when it runs alone."""
    posts = {f"/v1{SANDBOX.paths[operation]}" for operation in SANDBOX.speaks}
    gets = {"/v1/models", "/v1/models/{model}", "/media/{name}"}
    film = "/v1/videos/{video}"
    return {
        **{(path, "POST"): handler for path in {*posts, "/v1/videos", f"{film}/remix"}},
        **{(path, "GET"): handler for path in {*gets, "/v1/videos", film, f"{film}/content"}},
        (film, "DELETE"): handler,
    }
