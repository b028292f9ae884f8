"""A job's vendor, asked beside the pipeline: one channel, the key it was sent with, no failover."""

import logging
from typing import Literal, NamedTuple

import msgspec

from nexhina.contract.operation import Operation
from nexhina.dialects.dialect import VendorError
from nexhina.dialects.registry import VIDEO_VENDORS
from nexhina.dialects.video import Ask, VideoVendor
from nexhina.domain.channel import Channel
from nexhina.domain.job import Job
from nexhina.errors import UpstreamFailure
from nexhina.ports import Directory, Exchange, Headers, Limits, Target, Upstream
from nexhina.providers.endpoint import (
    at_resource,
    build_targets,
    find_path,
    mark_key,
    write_kind_line,
)
from nexhina.providers.registry import PROVIDERS
from nexhina.providers.spec import Provider

LONGEST_ANSWER = 60.0  # seconds from a question to the end of its answer
_log = logging.getLogger("nexhina.pipeline")


class Place(NamedTuple):
    """Where a job's vendor is asked, and in which format."""

    provider: Provider
    channel: Channel
    target: Target
    vendor: VideoVendor


class Said(NamedTuple):
    """What came of a question. gone: the vendor has no such job; failed: it may be asked again."""

    outcome: Literal["ok", "gone", "refused", "failed"]
    headers: Headers
    body: bytes = b""
    error: VendorError | None = None


class VideoVendors:
    """Asks the channel that took a job about it."""

    def __init__(self, upstream: Upstream, directory: Directory, limits: Limits) -> None:
        self._upstream = upstream
        self._directory = directory
        self._limits = limits
        self._short = msgspec.structs.replace(
            limits,
            first_byte=min(limits.first_byte, LONGEST_ANSWER),
            total=min(limits.total, LONGEST_ANSWER),
            max_body=4 * 1024 * 1024,
        )

    def find(self, job: Job) -> Place | None:
        """Where the job is; None: its channel is gone, or can't be asked any more."""
        channels = self._directory.snapshot().channels
        channel = next((each for each in channels if each.id == job.channel_id), None)
        provider = None if channel is None else PROVIDERS.get(channel.provider)
        if channel is None or provider is None:
            return None
        service = provider.service(Operation.VIDEO, job.upstream_model)
        vendor = service and VIDEO_VENDORS.get(service.dialect)
        if vendor is None:
            return None
        try:
            targets = build_targets(provider, channel, Operation.VIDEO, job.upstream_model)
        except ValueError:
            return None
        known = [each for each in targets if mark_key(provider, each) == job.key_mark]
        # A key that was changed for a new one of the same account may still know the job.
        return Place(provider, channel, (known or list(targets))[0], vendor)

    async def ask(self, place: Place, ask: Ask) -> Said:
        """What the vendor says."""
        exchange = self._upstream.send(*write_ask(place, ask, self._short))
        try:
            reply = await exchange.reply
            status, headers, body = reply.status, reply.headers, await reply.read()
        except UpstreamFailure as failure:
            exchange.cancel()
            return Said("failed", {}, error=VendorError(message=str(failure)))
        except BaseException:
            exchange.cancel()
            raise
        if 200 <= status < 300:
            return Said("ok", headers, body)
        error = place.vendor.read_error(status, headers, body)
        if status in (404, 410):
            return Said("gone", headers, error=error)
        busy = status in (401, 403, 408, 409, 425, 429) or status >= 500
        # A key that went bad meanwhile may be changed; the job goes on at the vendor.
        busy = busy or place.provider.classify(status, error.code) == "ours"
        return Said("failed" if busy else "refused", headers, error=error)

    def open(self, place: Place, ask: Ask, most: int) -> Exchange:
        """A question whose answer is a file of at most `most` bytes, to be read by the caller."""
        limits = msgspec.structs.replace(self._limits, max_body=most)
        return self._upstream.send(*write_ask(place, ask, limits))


def write_ask(
    place: Place, ask: Ask, limits: Limits, extra: bytes = b""
) -> tuple[Target, bytes, Limits, bytes]:
    """The arguments of `Upstream.send` for the question."""
    target = at_resource(place.target, ask.method, "")
    target = msgspec.structs.replace(target, path=write_path(place, ask.path))
    outgoing = ask.outgoing
    head = ask.head + extra
    if outgoing is None:
        return target, b"", limits, head
    body = outgoing.body
    assert isinstance(body, (bytes, bytearray))
    return target, bytes(body), limits, head + write_kind_line(target, outgoing.kind)


def write_path(place: Place, path: str) -> str:
    """The path of an `Ask` at this channel."""
    if path == ".":
        return place.target.path
    if path.startswith("./"):
        return place.target.path + path[1:]
    return find_path(place.provider, place.channel, path)
