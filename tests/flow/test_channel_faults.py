"""One of three channels is broken, on real sockets: callers do not notice, each pays once."""

import asyncio
import http.client
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import msgspec
import pytest

from nexhina.app import Product
from nexhina.services.channel import add_channel
from nexhina.services.key import create_key
from nexhina.services.log import list_logs
from nexhina.services.shapes import AddChannel, CreateKey, ListLogs
from nexhina.settings import read_settings
from support.control import PRICE, chat_answer
from support.installation import make_installation
from support.scripted_upstream import GARBAGE, ScriptedUpstream, Stall, json_answer

CALLS = 400  # per fault; 2,000 in all
AT_ONCE = 16
FAULTS = {
    "dead": None,
    "stalling": [Stall()],
    "429": [json_answer({"error": {"message": "busy"}}, 429)],
    "500": [json_answer({"error": {"message": "broken"}}, 500)],
    "garbage": [GARBAGE],
}
BODY = msgspec.json.encode(
    {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}
)


def ask(base_url: str, key: str, times: int) -> Counter[int]:
    """The statuses of so many calls, one after the other on one connection."""
    address, seen = urlsplit(base_url), Counter[int]()
    client = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    for _ in range(times):
        client.request(
            "POST",
            "/v1/chat/completions",
            BODY,
            {"authorization": f"Bearer {key}", "content-type": "application/json"},
        )
        reply = client.getresponse()
        reply.read()
        seen[reply.status] += 1
    client.close()
    return seen


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    return make_installation(tmp_path_factory.mktemp("installation") / "data")


@pytest.mark.parametrize("fault", FAULTS)
async def test_one_of_three_channels_broken_costs_no_call(installation, tmp_path, fault):
    settings, sources = read_settings({"port": 0, "first_byte_timeout_s": 1}, {})
    with (
        ScriptedUpstream() as bad,
        ScriptedUpstream() as good,
        socket.socket() as silent,  # bound, not listening: refused
    ):
        silent.bind(("127.0.0.1", 0))
        bad.otherwise = FAULTS[fault] or []
        good.otherwise = [chat_answer()]
        dead = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        addresses = [dead if fault == "dead" else bad.base_url, good.base_url, good.base_url]
        async with AsyncExitStack() as stack:
            product = await Product.open(stack, settings, sources, installation.copy(tmp_path))
            await product.listen(stack)
            for number, address in enumerate(addresses):
                wanted = AddChannel(
                    provider="openai_compatible",
                    name=f"c{number}",
                    base_url=address,
                    key=f"k{number}",
                    models="m=scripted",
                    price=PRICE,
                )
                await add_channel(product.workspace, wanted)
            made = await create_key(product.workspace, CreateKey(name="app", budget_usd="100"))
            base = product.base_url
            with ThreadPoolExecutor(AT_ONCE) as threads:
                loop = asyncio.get_running_loop()
                each = CALLS // AT_ONCE
                runs = [
                    loop.run_in_executor(threads, ask, base, made.key, each) for _ in range(AT_ONCE)
                ]
                seen = sum(await asyncio.gather(*runs), Counter[int]())
            assert seen[200] >= 0.999 * CALLS, seen
            assert len(good.received) == seen[200]  # none was sent twice to a vendor that served
            if fault not in {"dead", "429"}:
                assert len(bad.received) <= 5 + 2 * AT_ONCE  # the breaker took it out
            rows = await list_logs(product.workspace, ListLogs(limit=1000))
            async with asyncio.timeout(10):
                while len(rows) < CALLS:  # written by a thread, soon after the answers
                    await asyncio.sleep(0.05)
                    rows = await list_logs(product.workspace, ListLogs(limit=1000))
            charged = [row for row in rows if row.charge_nano_usd]
            assert len(charged) == seen[200] == len({row.id for row in charged})
            assert len({row.charge_nano_usd for row in charged}) == 1
