"""The ASGI bridge: ordinary Starlette rooms behind the same port, on the slow lane.

HTTP only; no lifespan. The app is made on first use, in a thread, because importing it takes time
that running streams would notice. Bodies arrive whole; answers may stream.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from nexhina.errors import ClientGone, HeaderList, InternalError, InvalidRequestError
from nexhina.gateway.answer import write_plain_error
from nexhina.ports import Client, Handler, Inbound
from nexhina.tasks import Wait, spawn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_GRACE = 5.0  # seconds that an app may go on after its client left


class AsgiBridge:
    """Serves an ASGI app as a handler."""

    def __init__(
        self,
        make_app: Callable[[], AsgiApp],
        *,
        allowed_hosts: tuple[str, ...] = (),
        max_body: int = 64 * 1024 * 1024,
    ) -> None:
        """`allowed_hosts`: names that the Host may have, without port; empty = any."""
        self._make_app = make_app
        self._app: AsgiApp | None = None
        self._loading = asyncio.Lock()
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self.handler = Handler(run=self.run, write_error=write_plain_error, max_body=max_body)

    async def run(self, inbound: Inbound, client: Client) -> None:
        """Steps: hands the request to the app and waits until it is done."""
        self._require_allowed(inbound.headers.get(b"host", b""))
        call = _AsgiCall(inbound, client)
        done: Wait[None] = Wait()
        task = spawn(self._serve(call), f"asgi {inbound.method} {inbound.path}")
        task.add_done_callback(lambda _: done.resolve(None))
        try:
            await done
        except ClientGone:
            call.disconnect()
            if not task.done():
                asyncio.get_running_loop().call_later(_GRACE, task.cancel)
            raise
        if task.cancelled() or task.exception() is not None:
            raise InternalError  # the cause was logged with the task's name
        call.require_complete()

    async def _serve(self, call: "_AsgiCall") -> None:
        app = self._app
        if app is None:
            async with self._loading:
                app = self._app
                if app is None:
                    app = self._app = await asyncio.to_thread(self._make_app)
        await app(call.scope(), call.receive, call.send)

    def _require_allowed(self, host: bytes) -> None:
        if not self._allowed_hosts:
            return
        name = _host_name(host.decode("latin-1"))[0].lower()
        if name not in self._allowed_hosts:
            raise InvalidRequestError(
                f"This server is not {name[:200]!r}; its operator can add the name to allowed_hosts."
            )


class _AsgiCall:
    """One request in ASGI's terms."""

    def __init__(self, inbound: Inbound, client: Client) -> None:
        self._inbound = inbound
        self._client = client
        self._body_taken = False
        self._over = asyncio.Event()  # the client left, or has its answer
        self._writable = asyncio.Event()
        self._writable.set()
        self._status = 0
        self._headers: HeaderList = []
        self._ended = False

    def scope(self) -> MutableMapping[str, Any]:
        """The connection scope (ASGI 3.0, HTTP 2.4)."""
        inbound = self._inbound
        scheme = inbound.headers.get(b"x-forwarded-proto", b"http").decode("latin-1")
        host, port = _host_name(inbound.headers.get(b"host", b"").decode("latin-1"))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": inbound.method,
            "scheme": "https" if scheme == "https" else "http",
            "path": inbound.path,
            "raw_path": quote(inbound.path, safe="/:@!$&'()*+,;=~").encode(),
            "root_path": "",
            "query_string": inbound.query,
            "headers": list(inbound.headers.items()),
            "client": (inbound.peer, 0),
            "server": (host, port or (443 if scheme == "https" else 80)),
            "state": {"request_id": inbound.request_id, "nexhina_id": inbound.id},
        }

    async def receive(self) -> Message:
        """The body, then the disconnect."""
        if not self._body_taken:
            self._body_taken = True
            return {"type": "http.request", "body": bytes(self._inbound.body), "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Passes the answer on; raises OSError when the client has left."""
        if self._client.gone:
            raise OSError("the client has left")
        kind = message["type"]
        if kind == "http.response.start":
            self._status = message["status"]
            self._headers = [
                (bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())
            ]
        elif kind == "http.response.body":
            await self._send_body(
                bytes(message.get("body", b"")), more=message.get("more_body", False)
            )
        else:
            raise ValueError(f"the app sent {kind!r}, which is not spoken here")

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        client = self._client
        if not self._status or self._ended:
            raise RuntimeError("the app sent a body before its head, or after its end")
        if more:
            if not client.started:
                client.start(self._status, self._headers)
                client.on_pressure(self._writable.clear, self._writable.set)
            client.write(body)
            await self._writable.wait()
            return
        self._ended = True
        if client.started:
            client.end(body)
        else:
            client.answer(self._status, self._headers, body)
        self._over.set()

    def disconnect(self) -> None:
        """The client has left."""
        self._over.set()
        self._writable.set()

    def require_complete(self) -> None:
        """Raises when the app returned without a whole answer."""
        if not self._ended:
            raise InternalError


def _host_name(host: str) -> tuple[str, int]:
    """Name and port (0 = none) of a Host field that the head's check has passed."""
    name, _, port = host.rpartition(":")
    if name and not port.endswith("]"):
        return name, int(port or 0)
    return host, 0
