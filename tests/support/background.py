"""Background responses on the stage: asked for, asked about, and a vendor that is played by hand."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from nexhina.app.routes import Stored
from nexhina.contract.route import ROUTES
from nexhina.dialects.registry import DIALECTS
from nexhina.pipeline.stored import StoredRoutes
from nexhina.ports import Inbound
from nexhina.settings import Settings
from nexhina.tasks import Steps
from support.responses import write_chunks, write_completion
from support.stage import JSON, KEY, SSE, Stage, StageCall, StageClient

USAGE = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
WHOLE = write_completion({"content": "Hi there"}, "stop", USAGE)


def write_stream(*texts: str) -> list[bytes]:
    """The events of a chat stream, one by one."""
    chunks = write_chunks([{"content": text} for text in texts], "stop", USAGE)
    return [event + b"\n\n" for event in chunks.split(b"\n\n")[:-1]]


PIECES = write_stream("Hi", " there")


def set_stage(folder: Path) -> Stage:
    """A stage whose one vendor speaks chat."""
    stage = Stage(folder)
    stage.model("m", operations=("chat", "responses"), context=100_000, output_limit=500)
    stage.price("m", "input", 1.0)
    stage.price("m", "output", 2.0)
    stage.channel("a", {"m": "m"})
    return stage


class BackgroundDesk:
    """The routes of responses on a stage, without the gateway before them."""

    def __init__(self, stage: Stage, *, process: int = 8, key: int = 4) -> None:
        self.stage = stage
        self.settings = Settings(background_most=process, background_most_per_key=key)
        self.stored = Stored(stage.pipeline, self.settings)
        self._count = 0

    def restart(self) -> None:
        """What a new process knows: the store alone."""
        self.stored = Stored(self.stage.pipeline, self.settings)

    @property
    def routes(self) -> StoredRoutes:
        """The handlers."""
        return self.stored.routes()

    def post(
        self,
        text: Any = "hello",
        *,
        key: str = KEY,
        headers: dict[bytes, bytes] | None = None,
        raw: bytes | None = None,
        **fields: Any,
    ) -> StageCall:
        """POST /v1/responses with `background: true`."""
        body = {"model": "m", "input": text, "background": True} | fields
        call = self._make("POST", "", b"", key, headers, raw or msgspec.json.encode(body))
        route = next(each for each in ROUTES if each.path == "/v1/responses")
        return self._drive(
            partial(self.stored.run_create, route, DIALECTS["openai_responses"]), call
        )

    def ask(self, name: str, response: str, query: bytes = b"", *, key: str = KEY) -> StageCall:
        """A call of one of the routes around a stored response, such as `run_get`."""
        return self._drive(
            getattr(self.routes, name), self._make("GET", response, query, key, None, b"")
        )

    async def begin(self, *args: Any, **fields: Any) -> dict[str, Any]:
        """The object that POST answers, while the vendor is silent."""
        self.stage.vendor.hold()
        call = await self.stage.over(self.post(*args, **fields))
        assert call.client.status == 200, call.error
        await self.attempted()
        return call.client.json

    async def run(self, *, stream: bool) -> None:
        """One response from its request to its end."""
        self.stage.vendor.hold()
        call = self.post(stream=stream)
        await self.attempted()
        if stream:
            self.stream(*PIECES)
        else:
            self.answer()
        await self.stage.over(call)
        await until(lambda: not self.routes.background.running)

    async def attempted(self) -> None:
        """Until the vendor has the request."""
        await until(lambda: bool(self.stage.vendor.plays))

    async def get(self, response: str, **more: Any) -> dict[str, Any]:
        """The response as it is now."""
        call = await self.stage.over(self.ask("run_get", response, **more))
        if call.error is not None:
            raise call.error
        return call.client.json

    async def ended(self, response: str) -> dict[str, Any]:
        """The response once it has ended."""
        for _ in range(2000):
            found = await self.get(response)
            if found["status"] not in {"queued", "in_progress"}:
                return found
            await asyncio.sleep(0.001)
        raise AssertionError("it does not end")

    def answer(self, body: bytes = WHOLE) -> None:
        """The newest request gets a whole answer."""
        self.stage.vendor.plays[-1].answer(200, JSON, body)

    def stream(self, *pieces: bytes, begins: bool = True) -> None:
        """The newest request gets pieces of a stream."""
        play = self.stage.vendor.plays[-1]
        if begins:
            play.head(200, SSE)
        for piece in pieces:
            play.piece(piece)

    def _make(self, method, response, query, key, headers, body) -> Inbound:
        self._count += 1
        return Inbound(
            id=f"0189-{self._count:04x}",
            request_id="r",
            method=method,
            path="/v1/responses",
            params={"id": response} if response else {},
            query=query,
            headers={b"authorization": b"Bearer " + key.encode()} | JSON | (headers or {}),
            body=body,
            peer="",
            received=self.stage.clock.monotonic(),
        )

    def _drive(self, run, inbound) -> StageCall:
        call = StageCall(StageClient())
        call.client.call = call
        steps = call.running = Steps(run(inbound, call.client), call.finished)
        steps.advance()
        return call


async def until(so) -> None:
    """Lets the loop turn until it is so."""
    for _ in range(2000):
        if so():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it does not come to that")
