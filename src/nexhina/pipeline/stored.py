"""The routes around stored Responses: read, delete, their input items, token counts, cancel.

What a vendor stores is asked there first, so that what is gone there is gone here. A response does
not change once it is complete, so our copy answers while its vendor can't; but nothing is removed
here that a vendor may still have.
"""

from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from nexhina.dialects.openai_responses import require_documented
from nexhina.dialects.query import read_count, read_many, read_query
from nexhina.dialects.registry import DIALECTS
from nexhina.dialects.responses_background import read_state
from nexhina.errors import InvalidRequestError
from nexhina.pipeline.background import Background
from nexhina.pipeline.background_registry import BackgroundLimits
from nexhina.pipeline.background_run import BackgroundRun
from nexhina.pipeline.listing import JSON
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.responses import not_found, read_total, read_turns
from nexhina.pipeline.vendor_store import Said
from nexhina.ports import Client, Inbound, StoredResponse

BYTES_PER_TOKEN = 4
_PAGED = ("after", "limit", "order")
_read_items = msgspec.json.Decoder(list[dict[str, Any]]).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class _Page(msgspec.Struct):
    object: Literal["list"]
    data: list[Any]


_read_page = msgspec.json.Decoder(_Page).decode


class StoredRoutes:
    """Handlers; each authenticates like the model routes and sees its own tenant's rows."""

    def __init__(self, pipeline: Pipeline, limits: BackgroundLimits | None = None) -> None:
        self._pipeline = pipeline
        self.background = Background(pipeline, limits or BackgroundLimits())
        self._responses = pipeline.responses
        self._dialect = DIALECTS["openai_responses"]

    async def run_get(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/responses/{id}, with `stream` as the events that lead to it."""
        found, run = await self._load(call)
        query = read_query(call.query)
        streams = read_flag(query, "stream")
        after = read_sequence(query)
        answer = found.answer if run is None else run.read()
        if found.native:
            said = await self._ask(found, "GET", write_rest("", call.query, ()), call)
            answer = read_copy(said, found) or answer
        if streams:
            row = msgspec.structs.replace(found, answer=answer)
            await self.background.stream(row, run, client, after)
        else:
            client.answer(200, [JSON], answer)

    async def run_delete(self, call: Inbound, client: Client) -> None:
        """Answers DELETE /v1/responses/{id}: removed at its vendor first, or not at all."""
        found, run = await self._load(call)
        name, tenant = found.id, found.tenant_id
        if run is not None:
            await self.background.cancel(run)
        if found.native:
            said = await self._responses.vendors.ask(found, "DELETE", "", call.headers)
            if said.error is not None:
                error = said.error
                error.message += " Nothing was removed, neither there nor here."
                raise error
        if not await self._responses.store.remove(tenant, name):
            raise not_found(name, "response_id")
        body = {"id": name, "object": "response", "deleted": True}
        client.answer(200, [JSON], msgspec.json.encode(body))

    async def run_items(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/responses/{id}/input_items."""
        found, _ = await self._load(call)
        query = {name: value for name, value in read_query(call.query).items() if value}
        if found.native:
            rest = write_rest("/input_items", call.query, _PAGED)
            said = await self._ask(found, "GET", rest, call)
            if said.outcome == "refused":
                raise said.require_error()
            if said.outcome == "ok" and is_list(said.body):
                client.answer(200, [JSON], said.body)
                return
        page = page_items(_read_items(found.items), query)
        client.answer(200, [JSON], msgspec.json.encode(page))

    async def run_cancel(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/responses/{id}/cancel: one of ours as it is then, else a vendor's word."""
        found, run = await self._load(call)
        if run is not None:
            await self.background.cancel(run)
            client.answer(200, [JSON], run.read())
            return
        if not found.native and read_state(found.answer).background:
            client.answer(200, [JSON], found.answer)
            return
        if found.native:
            said = await self._ask(found, "POST", "/cancel", call)
            if said.error is not None:
                raise said.error
            answer = read_copy(said, found)
            if answer is not None:
                client.answer(200, [JSON], answer)
                return
        raise InvalidRequestError(
            "Only a response that was made with background=true can be cancelled; this one was not, "
            "and is complete.",
            param="response_id",
        )

    async def run_count(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/responses/input_tokens with an estimate."""
        principal = await self._pipeline.authenticate(call)
        peek = self._dialect.peek(call)
        require_documented(peek)
        before = 0
        if peek.previous_id is not None:
            chain = await self._responses.load_chain(principal, peek.previous_id)
            total = read_total(chain[0]) if chain[0].native else None
            if total is None:
                peek.earlier = read_turns(chain)
            before = total or 0
        size = self._dialect.prompt_bytes(peek, call.body)
        count = before - (-size // BYTES_PER_TOKEN)
        body = {"object": "response.input_tokens", "input_tokens": count}
        client.answer(200, [JSON], msgspec.json.encode(body))

    async def _load(self, call: Inbound) -> tuple[StoredResponse, BackgroundRun | None]:
        principal = await self._pipeline.authenticate(call)
        name = call.params["id"]
        found, run = await self.background.load(principal.tenant.id, name)
        if found is None:
            raise not_found(name, "response_id")
        return found, run

    async def _ask(self, found: StoredResponse, method: str, rest: str, call: Inbound) -> Said:
        """What its vendor says; what is gone there goes here too, and is not found."""
        said = await self._responses.vendors.ask(found, method, rest, call.headers)
        if said.outcome == "gone":
            await self._responses.store.remove(found.tenant_id, found.id)
            raise not_found(found.id, "response_id")
        return said


def write_rest(path: str, query: bytes, names: tuple[str, ...]) -> str:
    """What follows a response's id at its vendor: of the query only what the vendor may read."""
    found = read_query(query)
    pairs = [(name, found[name]) for name in names if found.get(name)]
    pairs += [("include[]", value) for value in read_many(query, "include")]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def read_copy(said: Said, own: StoredResponse) -> bytes | None:
    """The vendor's Response under the model name of our copy; None when it is none of that id."""
    if said.outcome != "ok":
        return None
    try:
        found = _members(said.body)
        kept = _members(own.answer)
        if msgspec.json.decode(found["id"]) != own.id or "output" not in found:
            return None
        if "model" in kept:
            found["model"] = kept["model"]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
        return None
    return msgspec.json.encode(found)


def is_list(body: bytes) -> bool:
    """Whether this is a list object."""
    try:
        _read_page(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def read_flag(query: dict[str, str], name: str) -> bool:
    """A yes or no of a query, no when it is not given; raises InvalidRequestError."""
    raw = query.get(name, "").lower()
    if raw not in {"", "true", "false", "1", "0"}:
        raise InvalidRequestError(f"'{name}' must be true or false.", param=name)
    return raw in {"true", "1"}


def read_sequence(query: dict[str, str]) -> int | None:
    """The number behind which a stream is to begin; raises InvalidRequestError."""
    raw = query.get("starting_after")
    if not raw:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 20):
        raise InvalidRequestError(
            "'starting_after' must be an event's sequence number.", param="starting_after"
        )
    return int(raw)


def page_items(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """One page as a list object; raises InvalidRequestError for a query that makes no sense."""
    limit = read_count(query, "limit", 100) or 20
    order, after = query.get("order", "desc"), query.get("after")
    if order not in {"asc", "desc"}:
        raise InvalidRequestError("'order' must be asc or desc.", param="order")
    rows = items if order == "asc" else items[::-1]
    if after:
        at = next((at for at, item in enumerate(rows) if item["id"] == after), None)
        if at is None:
            raise InvalidRequestError(f"There is no item {after[:100]!r} here.", param="after")
        rows = rows[at + 1 :]
    page = rows[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(rows) > len(page),
    }
