"""Moves one streamed reply to the caller: callbacks per read, no coroutine step per piece.

Nothing reaches the caller before the first real content, so that another candidate may still serve.
The piece with the end mark stays here until the pipeline has settled.
"""

from collections.abc import Callable

from nexhina.dialects.dialect import StreamWatch
from nexhina.errors import UpstreamFailure
from nexhina.pipeline.life import STREAM_HEAD
from nexhina.ports import Client, Reply
from nexhina.tasks import Wait

LARGEST_PRELUDE = 256 * 1024
"""Bytes of events without content that are kept back before the vendor counts as broken."""


class Relay:
    """A ports.Sink between a Reply and a Client.

    `opened` resolves once, at the first content or at the end of a reply without any; `done`
    resolves at the end of the reply. Then `failure` tells how it ended (None: well).
    """

    __slots__ = (
        "_client",
        "_prelude",
        "_reply",
        "_watch",
        "_write_head",
        "committed",
        "done",
        "failure",
        "opened",
    )

    def __init__(
        self, reply: Reply, watch: StreamWatch, client: Client, write_head: Callable[[], bytes]
    ) -> None:
        self._reply = reply
        self._watch = watch
        self._client = client
        self._write_head = write_head
        self._prelude = b""
        self.committed = False
        self.failure: UpstreamFailure | None = None
        self.opened: Wait[None] = Wait()
        self.done: Wait[None] = Wait()

    def data(self, piece: bytes) -> None:
        """What came in one read: whole events go on at once."""
        if self.done.done:
            return
        watch = self._watch
        ready = watch.feed(piece)
        if self.committed:
            if ready:
                self._client.write(ready)
        elif watch.content:
            self._commit(ready)
        else:
            self._prelude += ready
            if len(self._prelude) > LARGEST_PRELUDE:
                self.failed(UpstreamFailure("protocol", "events without content"))
                return
        if watch.ended:
            self._finish(None)
        elif watch.error is not None:
            self._finish(UpstreamFailure("protocol", f"error event: {watch.error.message}"))

    def ended(self) -> None:
        """The reply's framing says that it is whole; its events decide whether it really is."""
        if self.done.done:
            return
        self._watch.finish(clean=True)
        if self._watch.ended:
            self._finish(None)
        else:
            self._finish(UpstreamFailure("closed", "the stream ended without its end mark"))

    def failed(self, failure: Exception) -> None:
        """The reply broke off."""
        if not isinstance(failure, UpstreamFailure):
            failure = UpstreamFailure("closed", str(failure))
        self._watch.finish(clean=False)
        self._finish(None if self._watch.ended else failure)

    @property
    def tail(self) -> bytes:
        """The held-back piece with the end mark."""
        return self._watch.tail

    def cancel(self) -> None:
        """The caller left: the vendor stops working at once."""
        self._reply.cancel()

    def _commit(self, ready: bytes) -> None:
        self.committed = True
        client = self._client
        client.on_pressure(self._reply.pause, self._reply.resume)
        if not client.started:
            watch = self._watch
            head = STREAM_HEAD if watch.events else watch.write_head(self._reply.headers)
            client.start(200, head, self._write_head())
        piece = self._prelude + ready
        self._prelude = b""
        if piece:
            client.write(piece)
        self.opened.resolve(None)

    def _finish(self, failure: UpstreamFailure | None) -> None:
        if self.done.done:
            return
        self.failure = failure
        if failure is not None:
            self._reply.cancel()
        elif not self.committed:  # a whole, empty answer
            self._commit(b"")
        del self._write_head  # leads back to the call
        self.done.resolve(None)
        self.opened.resolve(None)
