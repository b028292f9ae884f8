"""The control socket: the command line's calls, served by the process that holds the data folder.

Only processes of the same user get an answer: the file is 0600, and where the system tells who
connected, that is checked too. A call's change is in the server's memory before it is answered.
"""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec

from nexhina.errors import InvalidRequestError, NexhinaError, StartError, explain_os_error
from nexhina.services import control_wire as wire
from nexhina.services.registry import Call, require_call
from nexhina.services.workspace import Workspace
from nexhina.tasks import spawn

_log = logging.getLogger("nexhina.control")
_read_request = msgspec.json.Decoder(wire.Request).decode
_IDLE_S = 60.0
_INTERNAL = "The server met an error of its own; its log says more."


class ControlSocket:
    """Listens in the data folder until `close`."""

    def __init__(self, path: Path, workspace: Workspace) -> None:
        self._path = path
        self._workspace = workspace
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listens."""
        if self._server is None:
            await self.bind()
        assert self._server is not None
        await self._server.start_serving()

    async def bind(self) -> None:
        """Takes the address, or raises StartError; nobody is answered before `open`.

        The caller holds the folder, so a socket that lies there is a dead one's.
        """
        address = wire.socket_address(self._path)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        # Bound by hand: the file must have its rights before anyone can connect.
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(address)
            self._path.chmod(0o600)
            listener.setblocking(False)  # noqa: FBT003  (its only argument)
            self._server = await asyncio.start_unix_server(
                self._connected, sock=listener, limit=wire.MAX_LINE, start_serving=False
            )
        except OSError as error:
            listener.close()
            raise StartError(
                f"The control socket {self._path} can't be made: {explain_os_error(error)}."
            ) from None

    async def close(self) -> None:
        """Takes no more calls, ends those that run, removes the socket."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = spawn(self._serve(reader, writer), "control call")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not is_same_user(writer.get_extra_info("socket")):
                return
            async with asyncio.timeout(_IDLE_S):
                line = await reader.readline()
            if line.endswith(b"\n"):
                await self._answer(line, reader, writer)
        except (TimeoutError, ValueError, ConnectionError):
            pass  # silent for too long, a line over the limit, or gone: nobody to answer
        finally:
            writer.close()

    async def _answer(
        self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request = read_request(line)
            call = require_call(request.call)
            arguments = read_arguments(call, request.arguments)
            if call.stream:
                await self._stream(call, arguments, reader, writer)
                result: object = None
            else:
                result = await call.load()(self._workspace, arguments)
        except ConnectionError:
            raise
        except NexhinaError as error:
            await _send(writer, error=wire.Refusal(error.message, error.code))
        except StartError as error:
            await _send(writer, error=wire.Refusal(str(error), "start_error", error.exit_code))
        except Exception:  # noqa: BLE001  (the edge of a call: what it met must not end the server)
            _log.exception("a call of the control socket failed")
            await _send(writer, error=wire.Refusal(_INTERNAL, "internal_error"))
        else:
            await _send(writer, result=result)

    async def _stream(
        self,
        call: Call,
        arguments: msgspec.Struct,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Sends items until the command goes away: it says nothing more, so its end is an EOF."""
        gone = spawn(reader.read(1), "control caller")
        sending = spawn(_send_items(call, self._workspace, arguments, writer), "control stream")
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            refusal = sending.result() if sending.done() else None
        finally:
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
        if refusal is not None:
            raise refusal


async def _send_items(
    call: Call, workspace: Workspace, arguments: msgspec.Struct, writer: asyncio.StreamWriter
) -> NexhinaError | None:
    """The call's refusal; None when its items ended or the command is gone."""
    items: AsyncGenerator[object] = call.load()(workspace, arguments)
    try:
        async with contextlib.aclosing(items):
            async for item in items:
                await _send(writer, item=item)
    except NexhinaError as error:
        return error
    except ConnectionError:
        pass
    return None


def read_request(line: bytes) -> wire.Request:
    """The call on a line; raises InvalidRequestError."""
    try:
        return _read_request(line)
    except msgspec.MsgspecError as error:
        raise InvalidRequestError(f"This line is not a call: {error}.") from None


def read_arguments(call: Call, raw: msgspec.Raw) -> msgspec.Struct:
    """The typed arguments; raises InvalidRequestError that names the field."""
    try:
        return msgspec.json.decode(raw, type=call.arguments)
    except msgspec.MsgspecError as error:
        raise InvalidRequestError(f"These arguments don't fit: {error}.") from None


def is_same_user(connection: Any) -> bool:
    """Whether the other end runs as this user; root may too. True where the system can't tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", packed)
    return uid in (0, os.geteuid())


async def _send(writer: asyncio.StreamWriter, **parts: object) -> None:
    writer.write(msgspec.json.encode(parts) + b"\n")
    await writer.drain()
