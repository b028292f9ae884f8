"""What a vendor itself keeps of a response: read, removed and cancelled there, with the key it was
made with.

A small call beside the pipeline: one channel, no failover, no hold, no charge. What follows for our
own copy is decided in `stored.py`.
"""

import logging
from typing import Literal, NamedTuple
from urllib.parse import quote

import msgspec

from nexhina.contract.operation import Operation
from nexhina.dialects import openai_error
from nexhina.domain.channel import Channel
from nexhina.errors import (
    NexhinaError,
    NoAvailableChannelError,
    RateLimitedError,
    UpstreamError,
    UpstreamFailure,
    UpstreamTimeoutError,
)
from nexhina.pipeline.attempts import write_refusal
from nexhina.ports import Directory, Headers, Limits, StoredResponse, Target, Upstream
from nexhina.providers.endpoint import at_resource, build_targets, mark_key, write_extra_head
from nexhina.providers.registry import PROVIDERS
from nexhina.providers.spec import Provider

LONGEST = 60.0  # seconds from the question to the end of its answer
_NO_SUCH_ROUTE = frozenset((404, 405, 501))
_log = logging.getLogger("nexhina.pipeline")

Outcome = Literal["ok", "gone", "absent", "refused", "failed"]


class Said(NamedTuple):
    """What came of a question.

    ok: `body` is the answer. gone: the vendor does not have it (any more). absent: it can't be
    asked, because the channel was removed or the vendor keeps nothing. refused: the caller's
    mistake. failed: it could be asked later. The last two have their `error`.
    """

    outcome: Outcome
    body: bytes = b""
    error: NexhinaError | None = None

    def require_error(self) -> NexhinaError:
        """The error of what was refused or failed."""
        assert self.error is not None
        return self.error


ABSENT = Said("absent")


class VendorStore:
    """Asks the channel that gave a response about it."""

    def __init__(self, upstream: Upstream, directory: Directory, limits: Limits) -> None:
        self._upstream = upstream
        self._directory = directory
        self._limits = msgspec.structs.replace(
            limits,
            first_byte=min(limits.first_byte, LONGEST),
            total=min(limits.total, LONGEST),
        )

    def find_channel(self, row: StoredResponse) -> Channel | None:
        """The channel that gave it; None once it was removed."""
        channels = self._directory.snapshot().channels
        return next((each for each in channels if each.id == row.channel_id), None)

    async def ask(self, row: StoredResponse, method: str, rest: str, headers: Headers) -> Said:
        """What the vendor says; `rest` follows the response's id in the path, with its query."""
        channel = self.find_channel(row)
        provider = None if channel is None else PROVIDERS.get(channel.provider)
        if channel is None or provider is None or Operation.RESPONSES not in provider.speaks:
            return ABSENT
        if channel.status != "enabled":
            return _failed(
                NoAvailableChannelError("The channel that keeps this response is switched off now.")
            )
        try:
            targets = build_targets(provider, channel, Operation.RESPONSES)
        except ValueError:
            return ABSENT
        known = [each for each in targets if mark_key(provider, each) == row.key_mark]
        said = ABSENT
        for target in known or targets:
            place = at_resource(target, method, f"/{quote(row.id, safe='')}{rest}")
            said = await self._send(row, provider, place, write_extra_head(provider, headers))
            if said.outcome != "gone":
                return said
        # A key that did not make it may never have known it.
        return said if known else ABSENT

    async def _send(
        self, row: StoredResponse, provider: Provider, target: Target, extra: bytes
    ) -> Said:
        exchange = self._upstream.send(target, b"", self._limits, extra)
        try:
            reply = await exchange.reply
            status, headers, body = reply.status, reply.headers, await reply.read()
        except UpstreamFailure as failure:
            exchange.cancel()
            _log.warning("the vendor of %s could not be asked: %s", row.id, failure)
            return _failed(_explain(failure))
        except BaseException:  # the caller left
            exchange.cancel()
            raise
        if 200 <= status < 300:
            return Said("ok", body)
        return _read_refusal(row, provider, status, headers, body)


def _read_refusal(
    row: StoredResponse, provider: Provider, status: int, headers: Headers, body: bytes
) -> Said:
    vendor = openai_error.read_error(status, headers, body)
    if status in _NO_SUCH_ROUTE:
        return Said("gone") if status == 404 and _names(body, row.id) else ABSENT
    verdict = provider.classify(status, vendor.code)
    if verdict == "caller":
        return Said("refused", error=write_refusal(status, vendor))
    _log.warning("the vendor of %s answered %d: %s", row.id, status, vendor.message)
    if verdict == "busy":
        wait = headers.get(provider.errors.retry_after, b"")
        known = [(b"retry-after", wait)] if wait.isdigit() and len(wait) < 6 else None
        return _failed(
            RateLimitedError("The channel that keeps this response is busy.", headers=known)
        )
    return _failed(
        UpstreamError(f"The channel that keeps this response answered with status {status}.")
    )


def _names(body: bytes, name: str) -> bool:
    """Whether a 404 is about the response: vendors without the route, who keep nothing, say less."""
    try:
        found: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    wanted = name.encode()
    return isinstance(found, dict) and wanted in body and b"/" + wanted not in body


def _explain(failure: UpstreamFailure) -> NexhinaError:
    if failure.kind.endswith("timeout"):
        return UpstreamTimeoutError(
            "The channel that keeps this response did not answer in time. Try again."
        )
    return UpstreamError("The channel that keeps this response could not be asked. Try again.")


def _failed(error: NexhinaError) -> Said:
    return Said("failed", error=error)
