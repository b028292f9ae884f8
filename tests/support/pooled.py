"""A pool on either event loop, and a vendor on a real port that says what a test scripts."""

import asyncio
import socket
from collections.abc import Callable, Iterator

import pytest
import uvloop

from support.scripted_upstream import ScriptedUpstream
from support.wire import Wire


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def wire(request: pytest.FixtureRequest) -> Wire:
    make_loop: Callable[[], asyncio.AbstractEventLoop] = request.param
    return Wire(make_loop)


@pytest.fixture
def vendor() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as started:
        yield started


def find_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
