"""The ASGI bridge."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from nexhina.gateway.bridge import AsgiApp, AsgiBridge
from support.edge import MemoryConnection, split_answers

Scope = Any
GET = b"GET /page?x=1 HTTP/1.1\r\nHost: example.org:8443\r\n\r\n"


def connection(app: AsgiApp, **options: Any) -> MemoryConnection:
    return MemoryConnection({}, fallback=AsgiBridge(lambda: app, **options).handler)


async def settle(memory: MemoryConnection, until: Callable[[bytes], bool]) -> bytes:
    """What was written once `until` says that it is enough."""
    async with asyncio.timeout(5):
        while not until(bytes(memory.transport.written)):  # noqa: ASYNC110  (a transport has no event)
            await asyncio.sleep(0.001)
    return memory.take()


async def test_a_starlette_app_answers_like_anywhere() -> None:
    async def page(request: Request) -> PlainTextResponse:
        body = await request.body()
        text = f"{request.method} {request.url} {request.client and request.client.host} {body!r}"
        return PlainTextResponse(text, headers={"X-Seen": "yes"})

    memory = connection(Starlette(routes=[Route("/page", page, methods=["GET", "POST"])]))
    memory.send(
        GET.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nhi")
    )
    ((status, headers, body),) = split_answers(await settle(memory, lambda data: b"hi" in data))
    assert status == 200
    assert body == b"POST http://example.org:8443/page?x=1 192.0.2.7 b'hi'"
    assert headers[b"x-seen"] == b"yes"
    assert b"x-nexhina-id" in headers


async def test_an_answer_may_stream() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.sleep(0)
        yield b"two"

    async def page(request: Request) -> StreamingResponse:
        return StreamingResponse(pieces())

    memory = connection(Starlette(routes=[Route("/page", page)]))
    memory.send(GET)
    data = await settle(memory, lambda data: data.endswith(b"0\r\n\r\n"))
    assert b"3\r\none\r\n" in data
    assert b"3\r\ntwo\r\n" in data


async def test_the_app_is_made_once_and_on_first_use() -> None:
    made: list[int] = []

    def make() -> AsgiApp:
        made.append(1)

        async def app(scope: Scope, receive: Any, send: Any) -> None:
            await PlainTextResponse("ok")(scope, receive, send)

        return app

    bridge = AsgiBridge(make)
    first = MemoryConnection({}, fallback=bridge.handler)
    second = MemoryConnection({}, fallback=bridge.handler)
    assert made == []
    first.send(GET)
    second.send(GET)
    await settle(first, lambda data: b"ok" in data)
    await settle(second, lambda data: b"ok" in data)
    assert made == [1]


async def test_a_failing_app_gives_500_and_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        raise ZeroDivisionError("detail")

    memory = connection(app)
    memory.send(GET)
    data = await settle(memory, lambda data: b"internal_error" in data)
    assert b"detail" not in data
    assert "detail" in caplog.text


async def test_an_app_that_ends_without_an_answer_gives_500() -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await receive()

    memory = connection(app)
    memory.send(GET)
    assert b" 500 " in await settle(memory, bool)


async def test_the_app_is_told_when_the_client_leaves() -> None:
    seen: list[object] = []
    over = asyncio.Event()

    async def app(scope: Scope, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        seen.append((await receive())["type"])
        seen.append((await receive())["type"])
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        except OSError:
            seen.append("refused")
        over.set()

    memory = connection(app)
    memory.send(GET)
    await asyncio.sleep(0.01)
    memory.connection.eof_received()
    await asyncio.wait_for(over.wait(), 5)
    assert seen == ["http.request", "http.disconnect", "refused"]


async def test_an_app_waits_while_the_client_is_slow() -> None:
    sent: list[int] = []

    async def app(scope: Scope, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(3):
            sent.append(number)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    memory = connection(app)
    memory.connection.pause_writing()
    memory.send(GET)
    await settle(memory, bool)
    for _ in range(10):
        await asyncio.sleep(0)
    assert sent == [0]
    memory.connection.resume_writing()
    assert (await settle(memory, lambda data: data.endswith(b"0\r\n\r\n"))).count(
        b"1\r\nx\r\n"
    ) == 2


@pytest.mark.parametrize(
    ("host", "status"),
    [(b"example.org", 200), (b"EXAMPLE.org:8443", 200), (b"[::1]:80", 200), (b"evil.test", 400)],
)
async def test_only_allowed_hosts_are_served(host: bytes, status: int) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await PlainTextResponse("ok")(scope, receive, send)

    memory = connection(app, allowed_hosts=("Example.org", "[::1]"))
    memory.send(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert split_answers(await settle(memory, bool))[0][0] == status


async def test_the_scheme_is_that_of_the_outer_connection() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        seen.append(scope["scheme"])
        await PlainTextResponse("ok")(scope, receive, send)

    plain = connection(app)
    plain.send(GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-Proto: https\r\n\r\n"))
    await settle(plain, bool)
    secure = MemoryConnection({}, fallback=AsgiBridge(lambda: app).handler, tls=True)
    secure.send(GET)
    await settle(secure, bool)
    assert seen == ["http", "https"]
