"""One small real call to a channel with each of its keys: does it answer, and what to do if not.

What costs more than a few tokens (pictures, films, recordings) is not bought: the vendor's list of
models is read instead, or the operation's address is asked without a request, which a bad key fails.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.errors import InvalidRequestError, NexhinaError, UpstreamFailure
from nexhina.ports import Target
from nexhina.providers.endpoint import at_resource
from nexhina.providers.registry import require_provider
from nexhina.providers.spec import OPENAI_DIALECTS, Provider
from nexhina.services.channel import load_channel
from nexhina.services.shapes import KeyProbe, Probe, ProbeChannel
from nexhina.services.vendor_call import (
    ask_with_each_key,
    explain_failure,
    explain_status,
    prepare_targets,
    send_to_vendor,
    write_place,
)
from nexhina.services.vendor_error import read_complaint
from nexhina.services.workspace import Workspace
from nexhina.storage import model as models

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CHEAPEST_FIRST = (
    Operation.CHAT,
    Operation.RESPONSES,
    Operation.EMBEDDINGS,
    Operation.RERANK,
    Operation.SPEECH,
)
_FEW_TOKENS = 16
_MOST_TOLD = 5
_NOT_FOR_READING = frozenset({200, 400, 404, 405, 415, 422})
"""What an address that takes requests may answer to a call that has none, once the key is good."""


class _Trial(NamedTuple):
    """What is asked, by its public name, and its name at the vendor; `free`: nothing is requested."""

    public: str
    model: str
    operation: Operation
    free: bool = False


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
    """The outcome of a call to `model`, else to one of the channel's that is cheap to ask.

    Each key is tried, for calls take turns among them.
    """
    trial = await workspace.database.reading(_choose, channel, model)
    try:
        targets = prepare_targets(channel, trial.operation, trial.model)
    except NexhinaError as error:
        keys = [KeyProbe(number=1, ok=False, status=None, ms=0, detail=error.message)]
        return _sum_up(channel, trial, keys)

    async def ask(target: Target) -> KeyProbe:
        return await _try_key(workspace, channel, target, trial)

    begun = workspace.clock.monotonic()
    keys: list[KeyProbe] = []
    for number, found in enumerate(await ask_with_each_key(targets, ask), 1):
        if isinstance(found, UpstreamFailure):
            detail, cure = explain_failure(found)
            ms = round((workspace.clock.monotonic() - begun) * 1000)
            found = KeyProbe(number=0, ok=False, status=None, ms=ms, detail=detail, cure=cure)  # noqa: PLW2901  (made uniform)
        keys.append(msgspec.structs.replace(found, number=number))
    return _sum_up(channel, trial, keys)


async def _try_key(
    workspace: Workspace, channel: Channel, target: Target, trial: _Trial
) -> KeyProbe:
    begun, operation, model = workspace.clock.monotonic(), trial.operation, trial.model
    if trial.free:
        answer = await send_to_vendor(workspace, at_resource(target, "GET", ""))
    else:
        service = require_provider(channel.provider).service(operation, model)
        spoken = service.dialect if service is not None else ""
        answer = await send_to_vendor(workspace, target, _body(operation, model, spoken=spoken))
    if answer.status == 400 and operation is Operation.CHAT:  # some refuse max_tokens by that name
        body = _body(operation, model, limit="max_completion_tokens")
        answer = await send_to_vendor(workspace, target, body)
    status = answer.status
    said = "" if status == 200 else read_complaint(status, answer.body, channel)
    # Google answers 400 to a bad key; a call that asks nothing can be wrong in nothing else.
    ok = status in _NOT_FOR_READING and "key" not in said.lower() if trial.free else status == 200
    if ok:
        detail, cure = _success(trial, status), ""
    else:
        detail, cure = explain_status(401 if trial.free and status == 400 else status, said)
        detail = detail.replace("answered 401", f"answered {status}")
    ms = round((workspace.clock.monotonic() - begun) * 1000)
    return KeyProbe(number=0, ok=ok, status=status, ms=ms, detail=detail, cure=cure)


def _sum_up(channel: Channel, trial: _Trial, keys: list[KeyProbe]) -> Probe:
    """The channel's outcome: that of its key, or how many of its keys work and what the others got."""
    bad = [key for key in keys if not key.ok]
    first = bad[0] if bad else keys[0]
    detail, cure, count = first.detail, first.cure.replace("NAME", channel.name), len(keys)
    if count > 1 and not bad:
        detail += f" with each of its {count} keys"
    elif count > 1:
        detail = f"{len(bad)} of its {count} keys {'does' if len(bad) == 1 else 'do'} not work."
        for key in bad[:_MOST_TOLD]:
            detail += f" {write_place(key.number, count)}{key.detail}"
        if len(bad) > _MOST_TOLD:
            detail += f" And {len(bad) - _MOST_TOLD} more."
        if cure.endswith("--key -"):
            cure += " (all its keys anew, one per line)"
    return Probe(
        channel=channel.name,
        model=trial.public,
        operation=trial.operation.value,
        ok=not bad,
        status=first.status,
        ms=max(key.ms for key in keys),
        detail=detail,
        cure=cure,
        keys=tuple(keys) if len(keys) > 1 else (),
    )


def _choose(connection: "Connection", channel: Channel, model: str | None) -> _Trial:
    """What to ask of which model: the cheapest that the channel's models do, else nothing that costs."""
    facts = {
        name: models.find_model(connection, name) or models.find_model(connection, upstream)
        for name, upstream in channel.models.items()
    }
    names = [model] if model is not None else list(channel.models)
    provider = require_provider(channel.provider)
    spoken = _cheap(provider)
    for operation in spoken:
        listed = Operation.CHAT if operation is Operation.RESPONSES else operation
        for name in names:
            upstream = channel.models.get(name, name)
            served = [each for each in spoken if provider.serves(each, upstream)]
            if operation not in served:
                continue
            known = facts.get(name)
            guess = _guess(upstream, served)
            if operation is guess if known is None else listed.value in known.operations:
                return _Trial(name, upstream, operation)
    name = names[0]
    upstream, known = channel.models.get(name, name), facts.get(name)
    if Operation.MODELS in provider.speaks:
        return _Trial(name, upstream, Operation.MODELS)
    served = [each for each in provider.operations() if provider.serves(each, upstream)]
    fitting = [each for each in served if known is not None and each.value in known.operations]
    operation = (fitting or served or provider.operations())[0]
    return _Trial(name, upstream, operation, free=True)


def _cheap(provider: Provider) -> list[Operation]:
    """What may be asked for: the few tokens that a vendor sells, and all that the sandbox gives away."""
    offered = set(provider.operations())
    if provider.scheme == "sandbox":
        return [each for each in (*_CHEAPEST_FIRST, Operation.IMAGES) if each in offered]
    # A word to be spoken needs the name of a voice, which is known in OpenAI's form only.
    if provider.speaks.get(Operation.SPEECH) != OPENAI_DIALECTS[Operation.SPEECH]:
        offered.discard(Operation.SPEECH)
    return [each for each in _CHEAPEST_FIRST if each in offered]


def _guess(upstream_model: str, spoken: list[Operation]) -> Operation:
    """What a model that the catalog does not know is taken for: chat, where the provider chats."""
    if Operation.CHAT not in spoken and "rerank" in upstream_model.lower():
        return Operation.RERANK
    return spoken[0]


def _body(
    operation: Operation, model: str, limit: str = "max_tokens", *, spoken: str = ""
) -> bytes:
    """The smallest request; b"" where there is nothing to post."""
    asked: dict[str, Any] | None = None
    match operation:
        case Operation.CHAT:
            message = {"role": "user", "content": "Say OK."}
            asked = {"messages": [message], limit: _FEW_TOKENS}
        case Operation.RESPONSES:
            asked = {"input": "Say OK.", "max_output_tokens": _FEW_TOKENS, "store": False}
        case Operation.EMBEDDINGS if spoken == "cohere_embed":
            rest = {"input_type": "search_document", "embedding_types": ["float"]}
            asked = {"texts": ["OK"], **rest}
        case Operation.EMBEDDINGS:
            asked = {"input": "OK"}
        case Operation.RERANK:
            asked = {"query": "OK", "documents": ["OK"]}
        case Operation.SPEECH:
            asked = {"input": "OK.", "voice": "alloy"}
        case Operation.IMAGES:
            asked = {"prompt": "OK"}
        case _:
            pass
    return b"" if asked is None else msgspec.json.encode({"model": model, **asked})


def _success(trial: _Trial, status: int) -> str:
    if trial.operation is Operation.MODELS:
        return "it lists its models"
    if not trial.free:
        return f"{trial.public} answered ({trial.operation.value})"
    found = "took the key" if status == 200 else f"answered {status} and did not refuse the key"
    return (
        f"{trial.public} ({trial.operation.value}) can't be tried without cost: reached the address, "
        f"which {found}"
    )
