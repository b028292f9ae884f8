"""Everything that can go wrong in the client arrives as one kind of the tree in errors.py."""

import asyncio
import socket
import ssl
from typing import get_args

import pytest
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

from nexhina.errors import FailureKind, UpstreamFailure
from nexhina.ports import Limits, Origin
from nexhina.upstream import dial, pool
from nexhina.upstream.call import Call
from nexhina.upstream.dial import Dialer
from nexhina.upstream.machine import Machine
from support.answer_corpus import BROKEN
from support.wire import make_target

PLAIN = Origin(scheme="http", host="h", port=1)
SOCKS = Origin(scheme="http", host="h", port=1, proxy="socks5://u:hunter2@127.0.0.1:1")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connection refused"),
        ConnectionResetError(104, "Connection reset by peer"),
        TimeoutError(110, "Connection timed out"),
        OSError(101, "Network is unreachable"),
        OSError(24, "Too many open files"),
        OSError(),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLCertVerificationError(1, "certificate verify failed"),
        ssl.SSLError(1, "WRONG_VERSION_NUMBER"),
        ssl.SSLEOFError(8, "EOF occurred"),
        ssl.CertificateError("hostname mismatch"),
        UnicodeError("label too long"),
        ValueError("the proxy's address can't be read"),
    ],
    ids=lambda error: f"{type(error).__name__} {error}",
)
async def test_whatever_connecting_raises_is_a_failure_to_connect(
    monkeypatch: pytest.MonkeyPatch, error: Exception
):
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(dial, "_open_route", fail)
    with pytest.raises(UpstreamFailure) as caught:
        await Dialer().connect(PLAIN, asyncio.Protocol)
    assert (caught.value.kind, caught.value.sent) == ("connect", False)
    assert len(caught.value.detail) > len("h:1: ")


@pytest.mark.parametrize(
    "error",
    [
        ProxyConnectionError(111, "Could not connect to proxy u:hunter2"),
        ProxyError("u:hunter2 is refused", error_code=5),
        ProxyError("no code"),
        ProxyTimeoutError("u:hunter2"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_socks_raises_is_a_failure_to_connect_without_its_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception
):
    from python_socks.async_.asyncio import Proxy

    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Proxy, "connect", fail)
    with pytest.raises(UpstreamFailure) as caught:
        await Dialer().connect(SOCKS, asyncio.Protocol)
    assert (caught.value.kind, caught.value.sent) == ("connect", False)
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_every_limit_of_a_call_is_a_kind_with_a_sentence():
    limits = Limits(connect=1, first_byte=2, idle=3, total=4)
    kinds: dict[str, str] = {}
    for stage, seconds in (("connect", 1.5), ("first_byte", 2.5), ("body", 3.5), ("body", 4.5)):
        call = Call(make_target(1), b"", limits, b"", b"")
        call.stage = stage  # type: ignore[assignment]
        assert call.find_overdue(0) is None
        kind = call.find_overdue(seconds)
        assert kind is not None
        failure = pool._describe(call, kind)
        kinds[kind] = failure.detail
        assert failure.sent == (stage != "connect")
    assert kinds == {
        "connect_timeout": "no connection within 1 s",
        "first_byte_timeout": "no answer within 2 s",
        "idle_timeout": "nothing came for 3 s",
        "total_timeout": "the answer was not whole within 4 s",
    }


def test_all_kinds_of_the_tree_are_covered_by_the_client():
    seen = {"connect", "connect_timeout", "first_byte_timeout", "idle_timeout", "total_timeout"}
    for case in BROKEN:
        machine = Machine()
        machine.begin(1 << 20)
        machine.feed(case.wire)
        machine.eof()
        assert machine.failure is not None
        seen.add(machine.failure.kind)
    assert seen == set(get_args(FailureKind))
