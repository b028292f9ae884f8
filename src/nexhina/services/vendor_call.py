"""One small call to a vendor outside the pipeline: no hold, no log row, no failover.

A channel may have several keys, and each has a target of its own: what is asked here is asked with
every one of them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from nexhina.contract.operation import Operation
from nexhina.domain.channel import Channel
from nexhina.errors import InvalidRequestError, UpstreamFailure
from nexhina.ports import Limits, Target
from nexhina.providers.endpoint import build_targets
from nexhina.providers.registry import require_provider
from nexhina.services.workspace import Workspace
from nexhina.tasks import drive

_CONNECT_S, _FIRST_BYTE_S, _IDLE_S, _TOTAL_S = 10.0, 60.0, 30.0, 90.0
_LARGEST_ANSWER = 16 * 1024 * 1024
_AT_ONCE = 8
_UNREACHABLE = frozenset(("connect", "connect_timeout"))

T = TypeVar("T")


class VendorAnswer(NamedTuple):
    """What a vendor said, whole."""

    status: int
    body: bytes


async def send_to_vendor(workspace: Workspace, target: Target, body: bytes = b"") -> VendorAnswer:
    """The vendor's answer; raises UpstreamFailure."""
    settings = workspace.settings
    limits = Limits(
        connect=min(settings.connect_timeout_s, _CONNECT_S),
        first_byte=min(settings.first_byte_timeout_s, _FIRST_BYTE_S),
        idle=min(settings.stream_idle_timeout_s, _IDLE_S),
        total=min(settings.total_timeout_s, _TOTAL_S),
        max_body=_LARGEST_ANSWER,
    )
    async with workspace.upstream() as upstream:

        async def steps() -> VendorAnswer:
            reply = await upstream.send(target, body, limits).reply
            return VendorAnswer(reply.status, await reply.read())

        return await drive(steps())


async def ask_with_each_key(
    targets: tuple[Target, ...], ask: Callable[[Target], Awaitable[T]]
) -> list[T | UpstreamFailure]:
    """What each key got, in their order; only the first's where the vendor can't be reached."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def try_key(target: Target) -> T | UpstreamFailure:
        async with turns:
            try:
                return await ask(target)
            except UpstreamFailure as failure:
                return failure

    first = await try_key(targets[0])
    if isinstance(first, UpstreamFailure) and first.kind in _UNREACHABLE:
        return [first]  # no key was asked for, so another would not help
    return [first, *await asyncio.gather(*map(try_key, targets[1:]))]


def write_place(number: int, count: int) -> str:
    """Which of the keys it was, as the start of a sentence: by its place, for keys are not shown."""
    return f"Key {number} of {count}: " if count > 1 else ""


def prepare_targets(
    channel: Channel, operation: Operation, upstream_model: str = ""
) -> tuple[Target, ...]:
    """Where a call of this operation goes with each key; InvalidRequestError: it can't be called."""
    try:
        provider = require_provider(channel.provider)
        return build_targets(provider, channel, operation, upstream_model)
    except (ValueError, KeyError) as error:
        raise InvalidRequestError(
            f"The channel {channel.name!r} can't be called: {error}."
        ) from None


def explain_failure(failure: UpstreamFailure) -> tuple[str, str]:
    """What went wrong below HTTP, and what to do: two sentences."""
    cures = {
        "connect": "Check the base URL, the network and the proxy.",
        "connect_timeout": "Check the base URL, the firewall and the proxy.",
        "first_byte_timeout": "The vendor is overloaded, or the address is not an API's.",
        "protocol": "The address does not answer as an HTTP API; check the base URL.",
    }
    cure = cures.get(failure.kind, "Try again; if it stays so, ask the vendor.")
    return f"No answer came ({failure.kind.replace('_', ' ')}): {failure.detail}.", cure


def explain_status(status: int, said: str) -> tuple[str, str]:
    """What an answer that is no success means, and what to do: two sentences."""
    quoted = f": {said}" if said else ""
    detail = f"The vendor answered {status}{quoted}."
    if status in (401, 403):
        return detail, "Give the channel a key that is good: nexhina channels set NAME --key -"
    if status == 402:
        return detail, "The account at the vendor has no money left."
    if status == 404:
        return detail, "Check the base URL and the vendor's name of the model."
    if status == 429:
        return detail, "The account at the vendor is at its limit; wait, or raise it there."
    if status >= 500:
        return detail, "The vendor has trouble of its own; try again later."
    return detail, "Check the vendor's name of the model."
