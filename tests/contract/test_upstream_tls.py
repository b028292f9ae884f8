"""TLS to vendors, and the proxies between: HTTP and SOCKS."""

import asyncio
import time
from pathlib import Path

import pytest

from nexhina.ports import Limits
from nexhina.upstream.pool import Pool
from support.certificate import make_server_context
from support.pooled import find_closed_port
from support.proxy import HttpProxy, SocksProxy
from support.scripted_upstream import (
    Flood,
    ScriptedUpstream,
    answer,
)
from support.wire import (
    Collector,
    Wire,
    call,
    make_target,
    take,
    take_failure,
    until_still,
)


def test_tls_with_the_file_of_a_private_authority(wire: Wire, tmp_path: Path):
    context, ca_file = make_server_context(tmp_path)
    body = b"b" * 3_000_000
    with ScriptedUpstream(tls=context) as vendor:
        vendor.play(answer(200, body))

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https", ca_file=ca_file)
            _, got = await call(pool, target, body)
            assert got == body
            assert vendor.received[0].body == body
            await call(pool, target)
            assert (vendor.accepted, pool.opened) == (1, 1)

        wire.run(steps)


def test_a_paused_stream_over_tls_stops_the_vendor(wire: Wire, tmp_path: Path):
    context, ca_file = make_server_context(tmp_path)
    total = 64 << 20
    with ScriptedUpstream(tls=context) as vendor:
        vendor.play(f"HTTP/1.1 200 OK\r\ncontent-length: {total}\r\n\r\n".encode(), Flood(total))

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https", ca_file=ca_file)
            reply = await take(pool.send(target, b"{}", Limits()).reply)
            sink = Collector()
            reply.attach(sink)
            await sink.changed.wait()
            reply.pause()
            (connection,) = vendor.connections
            assert await until_still(connection) < total // 2
            begun = time.monotonic()
            reply.cancel()
            assert await asyncio.to_thread(connection.closed.wait, 5)
            assert connection.closed_at - begun < 0.5

        wire.run(steps)


def test_tls_of_an_unknown_authority_is_refused(wire: Wire, tmp_path: Path):
    context, ca_file = make_server_context(tmp_path)
    with ScriptedUpstream(tls=context) as vendor:

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https")
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert "certificate is not trusted" in failure.detail

            target = make_target(vendor.port, scheme="https", host="127.0.0.2", ca_file=ca_file)
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert failure.kind == "connect"

            for name in ("missing.pem", "empty.pem"):
                (tmp_path / "empty.pem").write_text("")
                target = make_target(vendor.port, scheme="https", ca_file=str(tmp_path / name))
                failure = await take_failure(pool.send(target, b"", Limits()).reply)
                assert "CA file" in failure.detail
            assert vendor.received == []

        wire.run(steps)


def test_tls_to_a_server_that_speaks_none_is_a_failure(wire: Wire):
    with ScriptedUpstream(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as vendor:

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, scheme="https")
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert "TLS failed" in failure.detail

        wire.run(steps)


def test_an_http_proxy_tunnels_tls_and_forwards_plain_requests(
    wire: Wire, vendor: ScriptedUpstream, tmp_path: Path
):
    context, ca_file = make_server_context(tmp_path)
    with HttpProxy("me", "p@ss") as proxy, ScriptedUpstream(tls=context) as secure:
        url = f"http://me:p%40ss@127.0.0.1:{proxy.port}"

        async def steps(pool: Pool) -> None:
            target = make_target(secure.port, scheme="https", proxy=url, ca_file=ca_file)
            await call(pool, target)
            await call(pool, target)
            assert proxy.asked == [f"127.0.0.1:{secure.port}"]
            assert "proxy-authorization" not in secure.received[0].headers
            assert secure.received[0].path == "/v1/chat/completions"

            target = make_target(vendor.port, proxy=url)
            await call(pool, target)
            request = vendor.received[0]
            assert request.path == f"http://127.0.0.1:{vendor.port}/v1/chat/completions"

        wire.run(steps)


def test_a_plain_request_that_the_proxy_refuses_never_reached_the_vendor(
    wire: Wire, vendor: ScriptedUpstream
):
    with HttpProxy("me", "right") as proxy:

        async def steps(pool: Pool) -> None:
            url = f"http://me:wrong@127.0.0.1:{proxy.port}"
            target = make_target(vendor.port, proxy=url)
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert vendor.accepted == 0

        wire.run(steps)


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nearly",
        b"SSH-2.0-server\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 20_000,
    ],
    ids=["refused", "early bytes", "not HTTP", "endless"],
)
def test_a_proxy_that_misbehaves_is_a_failure_to_connect(wire: Wire, told: bytes):
    with HttpProxy() as proxy:
        proxy.answer = told

        async def steps(pool: Pool) -> None:
            url = f"http://127.0.0.1:{proxy.port}"
            target = make_target(9, scheme="https", proxy=url)
            failure = await take_failure(pool.send(target, b"", Limits()).reply)
            assert (failure.kind, failure.sent) == ("connect", False)
            assert failure.detail.startswith(f"proxy 127.0.0.1:{proxy.port}: ")

        wire.run(steps)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_carries_requests(wire: Wire, vendor: ScriptedUpstream, scheme: str):
    with SocksProxy("me", "secret") as proxy:
        url = f"{scheme}://me:secret@127.0.0.1:{proxy.port}"

        async def steps(pool: Pool) -> None:
            target = make_target(vendor.port, host="localhost", proxy=url)
            await call(pool, target)
            await call(pool, target)
            resolved_here = scheme == "socks5"
            host = "127.0.0.1" if resolved_here else "localhost"
            assert proxy.asked == [f"{host}:{vendor.port}"]

        wire.run(steps)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h", "socks4", "ftp"])
def test_no_failure_tells_a_credential(wire: Wire, scheme: str):
    secrets = ("hunter2", "s3cret-user", "sk-vendor-secret")
    with HttpProxy("other", "pw") as http, SocksProxy("other", "pw") as socks:
        ports = [http.port if scheme == "http" else socks.port, find_closed_port(), 0, "no-number"]

        async def steps(pool: Pool) -> None:
            for port in ports:
                url = f"{scheme}://{secrets[1]}:{secrets[0]}@127.0.0.1:{port}"
                target = make_target(find_closed_port(), scheme="https", proxy=url)
                failure = await take_failure(pool.send(target, b"", Limits()).reply)
                assert (failure.kind, failure.sent) == ("connect", False)
                text = f"{failure} {failure!r} {failure.detail} {failure.__cause__!r}"
                assert not any(secret in text for secret in secrets)

        wire.run(steps)
