"""Vendors that take a request as a task: it is sent once, then asked for until it is ready.

To the pipeline this is one attempt like any other: its answer is the task's last one, whole. A
refusal of the submission is the attempt's answer as it is. Once the vendor has taken the task, a
poll that fails is repeated while there is time; giving the attempt up stops the asking (these
vendors have no way to stop the work).
"""

import asyncio
from functools import partial
from urllib.parse import quote

import msgspec

from nexhina.errors import UpstreamFailure
from nexhina.ports import Body, Exchange, Headers, Limits, Polling, Reply, Target, Upstream
from nexhina.tasks import Steps, Wait
from nexhina.upstream.call import Call, open_attempt

MOST_TROUBLES = 5
"""Polls in a row that may fail before the task counts as lost."""

_STEP = 1.5  # each wait is this times the one before

Json = dict[str, object]


class PolledUpstream:
    """Implements Upstream for targets with `polling`, over one that sends single requests."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def send(self, target: Target, body: Body, limits: Limits, extra: bytes = b"") -> Exchange:
        """Starts the task; never raises."""
        call, attempt = open_attempt(target, b"", limits)
        task = _Task(self._upstream, target, limits, call)
        call.line = task
        call.stage = "first_byte"
        task.begin(body, extra)
        return attempt


class _Task:
    """One task under way: the `Line` of its call."""

    def __init__(self, upstream: Upstream, target: Target, limits: Limits, call: Call) -> None:
        assert target.polling is not None
        self._upstream = upstream
        self._target = target
        self._polling = target.polling
        self._limits = limits
        self._call = call
        self._exchange: Exchange | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._steps: Steps | None = None
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + limits.total

    def begin(self, body: Body, extra: bytes) -> None:
        """Sends the request."""
        self._steps = steps = Steps(self._run(body, extra), self._finish)
        steps.advance()

    # --- the line of the call ---

    def pause(self) -> None:
        """Nothing to do: its answers are read whole."""

    def resume(self) -> None:
        """Nothing to do."""

    def drop(self, call: Call) -> None:  # noqa: ARG002  (there is one only)
        """Asks no more."""
        steps, self._steps = self._steps, None
        if self._timer is not None:
            self._timer.cancel()
        if self._exchange is not None:
            self._exchange.cancel()
        if steps is not None:
            steps.throw(asyncio.CancelledError())

    # --- the task ---

    async def _run(self, body: Body, extra: bytes) -> None:
        polling = self._polling
        reply = await self._send(self._target, body, polling.head + extra)
        answer = await reply.read()
        if reply.status != 200:
            self._answer(reply, answer)
            return
        name = _find(_read(answer), polling.id)
        if not isinstance(name, (str, int)) or name == "":
            self._answer(reply, answer)  # made at once, or not understood: the dialect will tell
            return
        await self._ask(_poll_target(self._target, polling, str(name)))

    async def _ask(self, target: Target) -> None:
        """Asks until the task has ended."""
        polling, wait, troubles = self._polling, self._polling.first, 0
        while True:
            await self._sleep(wait)
            wait = min(wait * _STEP, polling.most)
            try:
                reply = await self._send(target, b"", polling.head if polling.head_on_poll else b"")
                answer = await reply.read()
            except UpstreamFailure:
                troubles += 1
                if troubles >= MOST_TROUBLES:
                    raise
                continue
            if reply.status == 200:
                troubles = 0
                if _find(_read(answer), polling.state) not in polling.running:
                    self._answer(reply, answer)
                    return
                continue
            troubles += 1
            is_passing = reply.status == 429 or reply.status >= 500
            if not is_passing or troubles >= MOST_TROUBLES:
                raise UpstreamFailure(
                    "protocol", f"the task can't be asked for: status {reply.status}"
                )

    async def _send(self, target: Target, body: Body, extra: bytes) -> Reply:
        left = self._ends_at - self._loop.time()
        limits = msgspec.structs.replace(self._limits, total=max(1.0, left))
        self._exchange = exchange = self._upstream.send(target, body, limits, extra)
        return await exchange.reply

    async def _sleep(self, seconds: float) -> None:
        if self._loop.time() + seconds > self._ends_at:
            raise UpstreamFailure("total_timeout", "the task was not ready in time")
        wait: Wait[None] = Wait()
        self._timer = self._loop.call_later(seconds, partial(wait.resolve, None))
        await wait

    # --- how it ends ---

    def _answer(self, reply: Reply, body: bytes) -> None:
        headers: Headers = reply.headers
        self._steps = None
        self._call.begin(reply.status, headers, body, ended=True)

    def _finish(self, error: BaseException | None) -> None:
        if error is None or self._steps is None:
            return
        self._steps = None
        if not isinstance(error, UpstreamFailure):
            error = UpstreamFailure("protocol", f"the task could not be followed: {error!r}")
        self._call.fail(error)


def _poll_target(target: Target, polling: Polling, name: str) -> Target:
    """Where the task is asked for."""
    return msgspec.structs.replace(
        target,
        method="GET",
        path=polling.path.replace("{id}", quote(name, safe="")),
        head=target.head.replace(b"Content-Type: application/json\r\n", b""),
        headers={name: value for name, value in target.headers.items() if name != b"content-type"},
        polling=None,
    )


def _read(answer: bytes) -> Json:
    try:
        return msgspec.json.decode(answer, type=Json)
    except msgspec.DecodeError:
        return {}


def _find(value: object, way: tuple[str, ...]) -> object:
    """What lies at the end of the keys; None where it does not."""
    for key in way:
        value = value.get(key) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  (JSON)
    return value  # pyright: ignore[reportUnknownVariableType]  (JSON)
