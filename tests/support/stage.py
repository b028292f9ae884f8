"""A stage for the pipeline: real parts, a scripted vendor, a clock and a client played by hand.

stage = Stage(tmp_path)
stage.channel("a", models={"m": "m-up"})
call = stage.post("/v1/chat/completions", {"model": "m", "messages": [...]})
stage.vendor.plays[-1].answer(200, JSON, b'{…}')
assert call.client.status == 200
"""

import asyncio
from pathlib import Path
from types import CoroutineType
from typing import Any, cast

import msgspec

from nexhina.blobs.media_type import choose_type
from nexhina.contract.route import ROUTES
from nexhina.dialects.registry import DIALECTS
from nexhina.domain.channel import Channel
from nexhina.domain.identity import Principal, Tenant, Token, wallet_account
from nexhina.domain.model import Model, Price
from nexhina.domain.secret import Secret
from nexhina.domain.snapshot import Snapshot
from nexhina.errors import ClientGone, FetchError, NexhinaError
from nexhina.identity.key import digest_key
from nexhina.pipeline.admission import Admission
from nexhina.pipeline.attempts import Attempts
from nexhina.pipeline.life import read_lines
from nexhina.pipeline.media import MediaLinks
from nexhina.pipeline.memory import Memory
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.plan import Planner
from nexhina.pipeline.purse import Purse
from nexhina.pipeline.replay import Replays
from nexhina.pipeline.responses import Responses
from nexhina.pipeline.steady import Steady, is_steady
from nexhina.pipeline.vendor_store import VendorStore
from nexhina.ports import Fetched, Inbound, Limits, Media, Origin, Running, StoredAnswer
from nexhina.storage.journal import open_journal
from nexhina.storage.memory_directory import MemoryDirectory
from nexhina.storage.memory_ledger import MemoryLedger
from nexhina.tasks import Steps
from nexhina.telemetry.clock import ManualClock
from nexhina.telemetry.metrics import MemoryMetrics
from nexhina.upstream.fake import FakeUpstream

KEY = "sk-stage"
JSON = {b"content-type": b"application/json"}
SSE = {b"content-type": b"text/event-stream"}


class StageClient:
    """ports.Client that remembers."""

    def __init__(self) -> None:
        self.gone = False
        self.started = False
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.pieces: list[bytes] = []
        self.ended = False
        self.aborted = False
        self.pressure = None
        self.call: StageCall

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def json(self):
        return msgspec.json.decode(self.body)

    def answer(self, status, headers, body, lines=b""):
        assert not self.started
        self.start(status, headers, lines)
        self.pieces.append(bytes(body))
        self.ended = True

    def start(self, status, headers, lines=b""):
        assert not self.started
        assert not lines or lines.endswith(b"\r\n")
        self.started = True
        self.status = status
        self.headers = dict([*headers, *read_lines(lines)])

    def write(self, data):
        assert self.started and not self.ended and data
        self.pieces.append(data)

    def end(self, data=b""):
        assert self.started and not self.ended
        if data:
            self.pieces.append(data)
        self.ended = True

    def abort(self):
        self.aborted = self.ended = True

    def on_pressure(self, pause, resume):
        self.pressure = (pause, resume)

    def answer_usual(self, kind, body, lines):
        self.answer(200, [(b"content-type", kind)], body, lines)

    def conclude(self, error):
        self.call.finished(error)


class StageCall:
    """One call on the stage."""

    def __init__(self, client: StageClient) -> None:
        self.client = client
        self.running: Running
        self.error: BaseException | None = None
        self._finished = False

    @property
    def over(self) -> bool:
        """Whether nothing more will happen; the steady path ends with its answer."""
        return self._finished or self.client.ended

    def finished(self, error: BaseException | None) -> None:
        self._finished = True
        self.error = error

    def leave(self) -> None:
        """The caller hangs up."""
        self.client.gone = True
        self.running.throw(ClientGone())

    @property
    def refusal(self) -> NexhinaError:
        assert isinstance(self.error, NexhinaError), self.error
        return self.error


class MemoryBlobs:
    """Pictures in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def put(self, tenant_id, content_type, data):
        name = f"{len(self.kept)}.{content_type.partition('/')[2]}"
        self.kept[name] = data
        return name

    async def begin(self, tenant_id, content_type):
        return MemoryWriter(self, tenant_id, content_type)

    async def remove(self, name):
        self.kept.pop(name, None)

    async def get(self, name):
        data = self.kept.get(name)
        if data is None:
            return None
        return Media(name=name, content_type="image/png", size=len(data), data=data)

    def link(self, name):
        return f"/media/{name}?exp=1&sig=s"


class MemoryWriter:
    """A file of MemoryBlobs on its way."""

    def __init__(self, blobs, tenant_id, content_type):
        self._blobs, self._tenant_id, self._content_type = blobs, tenant_id, content_type
        self._data = b""
        self.size = 0

    async def append(self, piece):
        self._data += piece
        self.size = len(self._data)

    async def commit(self):
        kind = choose_type(self._content_type, self._data)
        return await self._blobs.put(self._tenant_id, kind, self._data)

    async def abandon(self):
        self._data = b""


class MemoryFetcher:
    """ports.Fetcher over a dict; `asked` has each link and the origin it came from."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[tuple[str, Origin | None]] = []

    async def fetch(self, url, into, *, most, origin=None, seconds=None):
        self.asked.append((url, origin))
        if url not in self.pages:
            raise FetchError("failed", "its server answered 404")
        data = self.pages[url]
        for start in range(0, len(data), 100_001):
            await into(data[start : start + 100_001])
        return Fetched(size=len(data), content_type="")


class MemoryIdempotency:
    """Answers in a dict; conflicts are tested with the real store."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], StoredAnswer | None] = {}

    async def begin(self, token_id, key, body_hash):
        if (token_id, key) in self.kept:
            return self.kept[token_id, key]
        self.kept[token_id, key] = None
        return None

    async def finish(self, token_id, key, answer):
        self.kept[token_id, key] = answer

    async def forget(self, token_id, key):
        self.kept.pop((token_id, key), None)

    async def revoke(self, token_id, key):
        self.kept.pop((token_id, key), None)


class MemoryResponses:
    """Responses in a dict."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], Any] = {}

    async def save(self, response):
        self.kept[response.tenant_id, response.id] = response

    async def find(self, tenant_id, name):
        return self.kept.get((tenant_id, name))

    async def update(self, tenant_id, name, answer):
        kept = self.kept.get((tenant_id, name))
        if kept is not None:
            self.kept[tenant_id, name] = msgspec.structs.replace(kept, answer=answer)
        return kept is not None

    async def find_chain(self, tenant_id, name, most, most_bytes):
        chain = []
        while (found := self.kept.get((tenant_id, name))) is not None:
            chain.append(found)
            name = found.previous_id
        return chain

    async def remove(self, tenant_id, name):
        return self.kept.pop((tenant_id, name), None) is not None


class Stage:
    """The whole pipeline with a vendor that the test plays. Use inside a running loop."""

    def __init__(
        self,
        folder: Path,
        *,
        balance: int | None = None,
        limits: Limits | None = None,
        steady: bool = True,
    ) -> None:
        """`steady`: calls go the way that the gateway takes them; else all by the coroutine."""
        self.steady = steady
        self.clock = ManualClock()
        self.overloaded = False
        self.vendor = FakeUpstream()
        self.blobs = MemoryBlobs()
        self.fetcher = MemoryFetcher()
        self.idempotency = MemoryIdempotency()
        self.responses = MemoryResponses()
        self.ledger = MemoryLedger()
        self.ledger.create(wallet_account(1), None if balance is None else 0, balance or 0)
        self.purse = Purse(self.ledger)
        self.metrics = MemoryMetrics("test")
        self.models: list[Model] = []
        self.channels: list[Channel] = []
        self.prices: list[Price] = []
        self.directory = MemoryDirectory(self._snapshot(), self.clock)
        self.planner = Planner(self.directory)
        folder.mkdir(exist_ok=True)
        self.journal = open_journal(folder, "installation", "main", 1)
        self.admission = Admission(self.purse, lambda: self.overloaded, self.journal.list_open)
        self.draws: list[float] = []
        self.token(KEY)
        self.pipeline = Pipeline(
            directory=self.directory,
            planner=self.planner,
            admission=self.admission,
            attempts=Attempts(
                upstream=self.vendor,
                metrics=self.metrics,
                clock=self.clock,
                limits=limits or Limits(),
                memory=Memory(lambda: self.draws.pop(0) if self.draws else 0.0),
                most=4,
            ),
            journal=self.journal,
            replays=Replays(self.idempotency),
            responses=Responses(
                self.responses, VendorStore(self.vendor, self.directory, limits or Limits())
            ),
            media=MediaLinks(self.blobs, None, self.fetcher),
            metrics=self.metrics,
            clock=self.clock,
            commit_after=15.0,
        )
        self._steady = {
            route.path: Steady(
                self.pipeline,
                self.vendor,
                route,
                DIALECTS[route.dialect],
                self.journal.waiting,
                10**6,
            )
            for route in ROUTES
            if "POST" in route.methods and is_steady(route)
        }
        self._count = 0

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            version=len(self.channels),
            models=tuple(self.models),
            channels=tuple(self.channels),
            prices=tuple(self.prices),
        )

    def refresh(self) -> None:
        self.directory.change(self._snapshot())
        self.planner.refresh(self.clock.now())

    def stranger(self, key: str) -> None:
        """A key of another tenant."""
        theirs = self.token(key, id=9, tenant_id=2)
        tenant = msgspec.structs.replace(theirs.tenant, id=2, slug="two")
        self.directory.add(digest_key(key.encode()), msgspec.structs.replace(theirs, tenant=tenant))

    def token(
        self, key: str, *, slow: bool = False, budget: int | None = None, **fields
    ) -> Principal:
        values: dict[str, Any] = {
            "id": 7,
            "tenant_id": 1,
            "user_id": 1,
            "name": "t",
            "hint": "sk-…",
            "status": "enabled",
            "budget_nano": budget,
            "models": None,
            "permissions": ("channel:pin", "channel:see"),
            "created_at": 0.0,
        }
        values.update(fields)
        accounts = [wallet_account(1)]
        if budget is not None:
            name = f"budget/{values['id']}/0"
            self.ledger.create(name, 0, budget)
            accounts.append(name)
        principal = Principal(
            token=Token(**values),
            tenant=Tenant(id=1, slug="owner", name="Owner", postpaid=True, created_at=0.0),
            accounts=tuple(accounts),
        )
        self.directory.add(digest_key(key.encode()), principal, slow=slow)
        return principal

    def model(self, name: str, **fields: Any) -> None:
        values: dict[str, Any] = {"name": name, "maker": "maker", "operations": ("chat",)}
        values.update(fields)
        self.models.append(Model(**values))
        self.refresh()

    def channel(self, name: str, models: dict[str, str], **fields: Any) -> None:
        values: dict[str, Any] = {
            "id": len(self.channels) + 1,
            "tenant_id": 1,
            "name": name,
            "provider": "openai_compatible",
            "public_name": "openai_compatible",
            "base_url": f"http://{name}.test/v1",
            "key": Secret("sk-vendor-secret"),
            "models": models,
        }
        values.update(fields)
        self.channels.append(Channel(**values))
        self.refresh()

    def price(self, model: str, kind: str, usd_per_million: float, **fields: Any) -> None:
        values: dict[str, Any] = {
            "id": len(self.prices) + 1,
            "model": model,
            "channel_id": None,
            "kind": kind,
            "nano": int(usd_per_million * 1_000_000_000),
            "per": 1_000_000,
            "since": 0.0,
            "source": "test",
        }
        values.update(fields)
        self.prices.append(Price(**values))
        self.refresh()

    def call(
        self, method: str, path: str, body: bytes, headers: dict[bytes, bytes], key: str
    ) -> StageCall:
        self._count += 1
        route = next(route for route in ROUTES if route.path == path)
        inbound = Inbound(
            id=f"id-{self._count}",
            request_id=f"id-{self._count}",
            method=method,
            path=path,
            params={},
            query=b"",
            headers={b"authorization": b"Bearer " + key.encode(), b"host": b"gw.test"}
            | JSON
            | headers,
            body=body,
            peer="127.0.0.1",
            received=self.clock.monotonic(),
        )
        call = StageCall(StageClient())
        call.client.call = call
        steady = self._steady.get(path)
        if self.steady and steady is not None:
            inbound.prepared = steady.prepare(inbound)
            running = steady.begin(inbound, call.client)
        else:
            running = self.pipeline.run(route, DIALECTS[route.dialect], inbound, call.client)
        if isinstance(running, CoroutineType):
            steps = call.running = Steps(running, call.finished)
            steps.advance()
        else:
            call.running = cast("Running", running)
        return call

    def post(
        self, path: str, body: object, *, key: str = KEY, headers: dict[bytes, bytes] | None = None
    ) -> StageCall:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.call("POST", path, raw, headers or {}, key)

    def chat(
        self,
        text: str = "hello",
        *,
        key: str = KEY,
        headers: dict[bytes, bytes] | None = None,
        **fields,
    ) -> StageCall:
        body = {"model": "m", "messages": [{"role": "user", "content": text}]} | fields
        return self.post("/v1/chat/completions", body, key=key, headers=headers)

    async def over(self, call: StageCall) -> StageCall:
        """Lets the loop turn until the call has ended (journal writes, threads)."""
        for _ in range(2000):
            if call.over:
                return call
            await asyncio.sleep(0.001)
        raise AssertionError("the call hangs")

    def rows(self):
        """The rows that reached the journal, oldest first."""
        return [closing.row for _, closing in self.journal.take(1000)]
