"""Choosing addresses and contexts; the dialling itself is tested on real ports."""

import asyncio
import os
import socket
import ssl
from pathlib import Path

import pytest

from nexhina.errors import UpstreamFailure
from nexhina.ports import Origin
from nexhina.upstream import dial
from nexhina.upstream.dial import Dialer
from support.certificate import make_server_context

V4, V6 = socket.AF_INET, socket.AF_INET6


def test_the_families_take_turns_and_the_resolvers_favourite_comes_first():
    found = [(V6, ("a", 1)), (V6, ("b", 1)), (V6, ("c", 1)), (V4, ("d", 1)), (V4, ("e", 1))]
    mixed = dial._interleave(found)  # type: ignore[arg-type]
    assert [address[0] for _, address in mixed] == ["a", "d", "b", "e", "c"]
    assert dial._interleave([]) == []


class Net:
    """Addresses that answer, refuse, or never say anything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fates: dict[str, str]) -> None:
        self.tried: list[str] = []
        self.opened: list[socket.socket] = []
        self.fates = fates
        monkeypatch.setattr(dial, "_try_address", self.try_address)
        monkeypatch.setattr(dial, "ATTEMPT_DELAY", 0.01)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self.resolve)

    async def resolve(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(V4, socket.SOCK_STREAM, 6, "", (name, port)) for name in self.fates]

    async def try_address(self, family: object, address: tuple[str, int]) -> object:
        self.tried.append(address[0])
        fate = self.fates[address[0]]
        if fate == "silent":
            await asyncio.Event().wait()
        if fate == "refuses":
            return ConnectionRefusedError(111, f"refused by {address[0]}")
        sock = socket.socket()
        self.opened.append(sock)
        return sock


async def test_a_silent_address_does_not_hold_up_the_next(monkeypatch: pytest.MonkeyPatch):
    net = Net(monkeypatch, {"a": "silent", "b": "refuses", "c": "answers", "d": "answers"})
    sock = await dial._open_socket("host", 1, dial.resolve_name)
    assert sock is net.opened[0]
    assert net.tried == ["a", "b", "c"]
    sock.close()


async def test_when_every_address_refuses_the_first_reason_is_told(
    monkeypatch: pytest.MonkeyPatch,
):
    Net(monkeypatch, {"a": "refuses", "b": "refuses"})
    with pytest.raises(ConnectionRefusedError, match="refused by a"):
        await dial._open_socket("host", 1, dial.resolve_name)


async def test_a_name_without_addresses_is_an_error(monkeypatch: pytest.MonkeyPatch):
    Net(monkeypatch, {})
    with pytest.raises(OSError, match="no address"):
        await dial._open_socket("host", 1, dial.resolve_name)


async def test_a_second_winner_is_closed(monkeypatch: pytest.MonkeyPatch):
    net = Net(monkeypatch, {"a": "answers", "b": "answers"})
    real_wait = asyncio.wait

    async def wait_for_both(tasks, **settings):
        if len(tasks) < 2:  # the first one's answer is seen together with the second one's
            return set(), tasks
        return await real_wait(tasks, return_when=asyncio.ALL_COMPLETED)

    monkeypatch.setattr(asyncio, "wait", wait_for_both)
    sock = await dial._open_socket("host", 1, dial.resolve_name)
    assert sock.fileno() >= 0
    assert len(net.opened) == 2
    assert [each.fileno() >= 0 for each in net.opened] == [each is sock for each in net.opened]
    sock.close()


async def test_a_context_verifies_and_is_made_once_per_file(tmp_path: Path):
    _, ca_file = make_server_context(tmp_path)
    dialer = Dialer()
    context = await dialer._find_context(ca_file)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert await dialer._find_context(ca_file) is context
    os.utime(ca_file, (1, 1))
    assert await dialer._find_context(ca_file) is not context
    assert len(context.get_ca_certs()) == 1


async def test_a_ca_file_that_is_missing_is_named_as_the_cause(tmp_path: Path):
    origin = Origin(scheme="https", host="h", port=1, ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(UpstreamFailure, match="CA file can't be used: No such file"):
        await Dialer().connect(origin, asyncio.Protocol)
