"""The control socket: the same calls as the command line makes by itself."""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.api import control
from nexhina.api.control import ControlSocket
from nexhina.domain.log import LogRow
from nexhina.errors import StartError
from nexhina.services import control_wire
from nexhina.services.registry import CALLS
from nexhina.storage.log_insert import insert_logs
from support.workspace import Bench, bench, stocked

__all__ = ["bench", "stocked"]


@asynccontextmanager
async def serving(bench: Bench) -> AsyncGenerator[Path]:
    path = bench.workspace.folder.control
    server = ControlSocket(path, bench.workspace)
    await server.open()
    try:
        yield path
    finally:
        await server.close()


async def ask(path: Path, line: bytes) -> Any:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(line)
        answer = await reader.readline()
        return msgspec.json.decode(answer) if answer else None
    finally:
        writer.close()


def request(call: str, **arguments: object) -> bytes:
    return msgspec.json.encode({"call": call, "arguments": arguments}) + b"\n"


async def test_the_socket_is_its_owner_s_alone_and_goes_away_with_the_server(bench: Bench) -> None:
    async with serving(bench) as path:
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not path.exists()


async def test_a_call_is_answered_after_memory_was_renewed(bench: Bench) -> None:
    await bench.install()
    before = bench.refreshed
    async with serving(bench) as path:
        answer = await ask(path, request("keys.create", name="app", budget_usd="2"))
    assert answer["result"]["key"].startswith("sk-")
    assert answer["result"]["budget_usd"] == "2"
    assert bench.refreshed == before + 1


async def test_arguments_may_be_left_away(bench: Bench) -> None:
    await bench.install()
    async with serving(bench) as path:
        answer = await ask(path, b'{"call":"keys.list"}\n')
    assert [key["name"] for key in answer["result"]] == ["owner"]


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        (b"nonsense\n", "invalid_request_error", "not a call"),
        (b"\n", "invalid_request_error", "not a call"),
        (b"\xff\xfe\n", "invalid_request_error", "not a call"),
        (b'{"call":3}\n', "invalid_request_error", "not a call"),
        (b'{"call":"keys.list","more":1}\n', "invalid_request_error", "not a call"),
        (request("keys.lst"), "invalid_request_error", "did you mean keys.list?"),
        (request("keys.create"), "invalid_request_error", "name"),
        (request("keys.create", name=3), "invalid_request_error", "$.name"),
        (request("keys.create", name="a", nmae="b"), "invalid_request_error", "nmae"),
        (request("keys.list", extra=1), "invalid_request_error", "extra"),
        (request("keys.revoke", key="zzz"), "not_found", "zzz"),
        (request("keys.create", name="owner"), "conflict", "owner"),
    ],
)
async def test_a_call_that_can_not_be_is_refused_with_its_code(
    bench: Bench, line: bytes, code: str, part: str
) -> None:
    await bench.install()
    async with serving(bench) as path:
        answer = await ask(path, line)
    assert answer["error"]["code"] == code
    assert part in answer["error"]["message"]


async def test_an_error_of_the_server_s_own_is_logged_and_not_told(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise RuntimeError("secret detail")

    await bench.install()
    bench.workspace.refresh = broken
    async with serving(bench) as path:
        answer = await ask(path, request("keys.create", name="app"))
        assert answer["error"]["code"] == "internal_error"
        assert "secret detail" not in answer["error"]["message"]
        assert "secret detail" in caplog.text
        bench.workspace.refresh = asyncio.sleep  # type: ignore[assignment]
        assert "result" in await ask(path, request("keys.list"))


async def test_a_caller_that_hangs_up_before_it_asked_leaves_the_server_well(bench: Bench) -> None:
    await bench.install()
    async with serving(bench) as path:
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"call":"keys')
        writer.close()
        await writer.wait_closed()
        assert "result" in await ask(path, request("keys.list"))


async def test_a_silent_caller_is_let_go(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_IDLE_S", 0.05)
    async with serving(bench) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.read() == b""
        writer.close()


async def test_a_line_over_the_limit_is_not_taken(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_wire, "MAX_LINE", 1024)
    async with serving(bench) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x" * 4096)
        assert await reader.read() == b""
        writer.close()


async def test_a_process_of_another_user_is_not_answered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.install()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert control.is_same_user(ours) is (os.getuid() == 0)
    monkeypatch.setattr(control, "is_same_user", lambda _connection: False)
    async with serving(bench) as path:
        with contextlib.suppress(ConnectionResetError):  # it was not even read
            assert await ask(path, request("keys.list")) is None


async def test_a_socket_that_a_dead_server_left_is_taken_over(bench: Bench) -> None:
    await bench.install()
    path = bench.workspace.folder.control
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serving(bench):
        assert "result" in await ask(path, request("keys.list"))


async def test_followed_rows_come_one_by_one_until_the_caller_leaves(bench: Bench) -> None:
    await bench.install()
    async with serving(bench) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(request("logs.follow", since=1.0))
        write_row(bench, "first")
        assert msgspec.json.decode(await reader.readline())["item"]["id"] == "first"
        write_row(bench, "second")
        assert msgspec.json.decode(await reader.readline())["item"]["id"] == "second"
        writer.close()
        await writer.wait_closed()
        assert "result" in await ask(path, request("keys.list"))


async def test_closing_ends_calls_that_stream(bench: Bench) -> None:
    await bench.install()
    async with serving(bench) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(request("logs.follow"))
        assert "result" in await ask(path, request("keys.list"))
    assert await reader.read() == b""
    writer.close()


def test_every_call_of_the_registry_has_its_function() -> None:
    for name, call in CALLS.items():
        assert callable(call.load()), name


def test_a_path_too_long_for_a_socket_is_shortened_or_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with pytest.raises(StartError, match="shorter --data-dir"):
        control_wire.socket_address(deep / "control.sock")
    monkeypatch.chdir(deep)
    address = control_wire.socket_address(deep / "control.sock")
    assert address == "control.sock"
    assert Path(address).absolute() == deep / "control.sock"


def write_row(bench: Bench, id_: str) -> None:
    row = LogRow(
        id=id_,
        request_id=id_,
        created_at=bench.clock.now(),
        tenant_id=1,
        user_id=1,
        token_id=1,
        token_name="owner",
        operation="chat",
        model="m",
        dialect_in="openai_chat",
        status=404,
        error_code="model_not_found",
        total_us=1,
    )
    with bench.workspace.database.write() as connection:
        insert_logs(connection, [row])
