"""GET /v1/models: what this key may use, has a channel and a built operation."""

from collections.abc import Callable, Coroutine
from typing import Any

from nexhina.contract.operation import Operation
from nexhina.dialects.google_error import write_error
from nexhina.dialects.model_list import wants_google, write_model_list, write_one_model
from nexhina.dialects.openai_models import ModelEntry
from nexhina.domain.model import Model
from nexhina.errors import ModelNotFoundError, NexhinaError
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.plan import Offer, Planner, name_nearest
from nexhina.ports import Client, Clock, Inbound

JSON = (b"content-type", b"application/json")
_Run = Callable[[Inbound, Client], Coroutine[Any, Any, None]]


class Listing:
    """The model routes: the list and one of it, in the shape of the client that asks."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._planner: Planner = pipeline.planner
        self._clock: Clock = pipeline.clock

    async def run_list(self, call: Inbound, client: Client) -> None:
        """Answers the list."""
        await self._run(self._answer_list, call, client)

    async def run_one(self, call: Inbound, client: Client) -> None:
        """Answers one model; one that the key may not use is as good as none: 404."""
        await self._run(self._answer_one, call, client)

    async def _run(self, answer: _Run, call: Inbound, client: Client) -> None:
        try:
            await answer(call, client)
        except NexhinaError as error:
            if not wants_google(call.path, call.query, call.headers):
                raise
            client.answer(*write_error(error))

    async def _answer_list(self, call: Inbound, client: Client) -> None:
        principal = await self._pipeline.authenticate(call)
        entries = list_entries(self._planner, principal.may_use, self._clock.now())
        body = write_model_list(entries, call.path, call.query, call.headers)
        client.answer(200, [JSON], body)

    async def _answer_one(self, call: Inbound, client: Client) -> None:
        principal = await self._pipeline.authenticate(call)
        name = call.params["model"]
        entries = list_entries(self._planner, principal.may_use, self._clock.now())
        for entry in entries:
            if entry.model.name == name:
                body = write_one_model(entry, call.path, call.query, call.headers)
                client.answer(200, [JSON], body)
                return
        near = name_nearest(name, [entry.model.name for entry in entries])
        raise ModelNotFoundError(
            f"The model {name!r} does not exist here, or this key may not use it. "
            f"{near} GET /v1/models lists what it may use.",
            param="model",
        )


def list_entries(planner: Planner, may_use: Callable[[str], bool], now: float) -> list[ModelEntry]:
    """The models with a servable offer, by name, each with its operations and prices in force."""
    by_name: dict[str, list[tuple[Operation, Offer]]] = {}
    for (operation, name), offer in planner.offers(now).items():
        if offer.tiers and may_use(name):
            by_name.setdefault(name, []).append((operation, offer))
    return [_entry(name, offers) for name, offers in sorted(by_name.items())]


def _entry(name: str, offers: list[tuple[Operation, Offer]]) -> ModelEntry:
    offer = offers[0][1]
    first = offer.candidates[0]
    operations = tuple(sorted(operation.value for operation, _ in offers))
    model = offer.model or Model(name=name, maker=first.provider.name, operations=operations)
    return ModelEntry(model=model, operations=operations, prices=first.tariff.prices)
