"""The routes around stored Responses: read, delete, their input items, token counts, cancel.

All answer from our own copy, also for a response that its vendor stores.
"""

from typing import Any

import msgspec

from nexhina.dialects.openai_responses import OpenAIResponses
from nexhina.dialects.query import read_count, read_query
from nexhina.errors import InvalidRequestError, UpgradeRequiredError
from nexhina.pipeline.listing import JSON
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.responses import not_found, read_turns
from nexhina.ports import Client, Inbound, StoredResponse

BYTES_PER_TOKEN = 4
_read_items = msgspec.json.Decoder(list[dict[str, Any]]).decode


class StoredRoutes:
    """Handlers; each authenticates like the model routes and sees its own tenant's rows."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._responses = pipeline.responses
        self._dialect = OpenAIResponses()

    async def run_get(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/responses/{id}."""
        found = await self._find(call)
        if read_query(call.query).get("stream") in {"true", "1"}:
            raise InvalidRequestError(
                "A stored response can't be streamed again; leave out 'stream' to get it whole.",
                param="stream",
            )
        client.answer(200, [JSON], found.answer)

    async def run_delete(self, call: Inbound, client: Client) -> None:
        """Answers DELETE /v1/responses/{id}."""
        principal = await self._pipeline.authenticate(call)
        name = call.params["id"]
        if not await self._responses.store.remove(principal.tenant.id, name):
            raise not_found(name, "response_id")
        body = {"id": name, "object": "response", "deleted": True}
        client.answer(200, [JSON], msgspec.json.encode(body))

    async def run_items(self, call: Inbound, client: Client) -> None:
        """Answers GET /v1/responses/{id}/input_items."""
        found = await self._find(call)
        query = {name: value for name, value in read_query(call.query).items() if value}
        page = page_items(_read_items(found.items), query)
        client.answer(200, [JSON], msgspec.json.encode(page))

    async def run_cancel(self, call: Inbound, client: Client) -> None:  # noqa: ARG002  (always refused)
        """Refuses POST /v1/responses/{id}/cancel: nothing runs in the background here."""
        await self._find(call)
        raise InvalidRequestError(
            "Only a background response can be cancelled, and this one is complete.",
            param="response_id",
        )

    async def run_count(self, call: Inbound, client: Client) -> None:
        """Answers POST /v1/responses/input_tokens with an estimate."""
        principal = await self._pipeline.authenticate(call)
        peek = self._dialect.peek(call)
        size = self._dialect.prompt_bytes(peek, call.body)
        if peek.previous_id is not None:
            chain = await self._responses.load_chain(principal, peek.previous_id)
            size += sum(map(len, read_turns(chain)))
        count = -(-size // BYTES_PER_TOKEN)
        body = {"object": "response.input_tokens", "input_tokens": count}
        client.answer(200, [JSON], msgspec.json.encode(body))

    async def run_socket(self, call: Inbound, client: Client) -> None:  # noqa: ARG002  (always refused)
        """Refuses GET /v1/responses, which elsewhere opens a WebSocket."""
        raise UpgradeRequiredError(headers=[(b"upgrade", b"HTTP/1.1")])

    async def _find(self, call: Inbound) -> StoredResponse:
        principal = await self._pipeline.authenticate(call)
        found = await self._responses.store.find(principal.tenant.id, call.params["id"])
        if found is None:
            raise not_found(call.params["id"], "response_id")
        return found


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
