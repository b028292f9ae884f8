"""One small real call to a channel: does it answer, and what to do if not."""

from typing import TYPE_CHECKING

import msgspec

from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.domain.model import Model
from nexhina.errors import InvalidRequestError, NexhinaError, UpstreamFailure
from nexhina.providers.registry import require_provider
from nexhina.services.channel import load_channel
from nexhina.services.shapes import Probe, ProbeChannel
from nexhina.services.vendor_call import explain_failure, explain_status, send_to_vendor
from nexhina.services.vendor_error import read_complaint
from nexhina.services.workspace import Workspace
from nexhina.storage import model as models

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHEAPEST_FIRST = (Operation.CHAT, Operation.EMBEDDINGS)
_FEW_TOKENS = 16


async def probe_channel(workspace: Workspace, arguments: ProbeChannel) -> Probe:
    """The outcome of a call to the channel, also to a disabled one; NotFoundError: no such channel."""
    channel = await load_channel(workspace, arguments.channel)
    if arguments.model is not None and arguments.model not in channel.models:
        raise InvalidRequestError(
            f"The channel {channel.name!r} does not offer {arguments.model!r}; it offers "
            f"{', '.join(channel.models)}."
        )
    return await probe(workspace, channel, arguments.model)


async def probe(workspace: Workspace, channel: Channel, model: str | None = None) -> Probe:
    """The outcome of a call to `model`, else to one of the channel's that is cheap to ask."""
    public, operation = await workspace.database.reading(_choose, channel, model)
    upstream_model = channel.models.get(public, public)
    begun = workspace.clock.monotonic()
    status: int | None = None
    try:
        answer = await send_to_vendor(
            workspace, channel, operation, _body(operation, upstream_model)
        )
        status = answer.status
        if status == 400 and operation is Operation.CHAT:  # some refuse max_tokens by that name
            body = _body(operation, upstream_model, limit="max_completion_tokens")
            answer = await send_to_vendor(workspace, channel, operation, body)
            status = answer.status
        said = read_complaint(status, answer.body, channel) if status != 200 else ""
        detail, cure = (
            (_success(operation, public), "") if status == 200 else explain_status(status, said)
        )
    except UpstreamFailure as failure:
        detail, cure = explain_failure(failure)
    except NexhinaError as error:
        detail, cure = error.message, ""
    return Probe(
        channel=channel.name,
        model=public,
        operation=operation.value,
        ok=status == 200,
        status=status,
        ms=round((workspace.clock.monotonic() - begun) * 1000),
        detail=detail,
        cure=cure.replace("NAME", channel.name),
    )


def _choose(connection: "Connection", channel: Channel, model: str | None) -> tuple[str, Operation]:
    """A public name and what to ask of it. A picture costs money, so its channel is asked for its list."""
    facts = {name: models.find_model(connection, name) for name in channel.models}
    names = [model] if model is not None else list(channel.models)
    for operation in _CHEAPEST_FIRST:
        for name in names:
            if _can(facts.get(name), operation):
                return name, operation
    speaks = require_provider(channel.provider).speaks
    return names[0], Operation.MODELS if Operation.MODELS in speaks else Operation.IMAGES


def _can(facts: Model | None, operation: Operation) -> bool:
    """Whether the model does it; one that the catalog does not know is taken for a chat model."""
    if facts is None:
        return operation is Operation.CHAT
    return operation.value in facts.operations


def _body(operation: Operation, model: str, limit: str = "max_tokens") -> bytes:
    if operation is Operation.CHAT:
        message = {"role": "user", "content": "Say OK."}
        return msgspec.json.encode({"model": model, "messages": [message], limit: _FEW_TOKENS})
    if operation is Operation.EMBEDDINGS:
        return msgspec.json.encode({"model": model, "input": "OK"})
    if operation is Operation.IMAGES:
        return msgspec.json.encode({"model": model, "prompt": "OK"})
    return b""


def _success(operation: Operation, model: str) -> str:
    if operation is Operation.MODELS:
        return "it lists its models"
    return f"{model} answered ({operation.value})"
