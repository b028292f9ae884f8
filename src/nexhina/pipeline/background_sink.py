"""Where the answer of a background response goes: a `ports.Client` without a connection."""

from collections.abc import Callable

from nexhina.dialects.responses_background import take_event
from nexhina.dialects.sse import EventSplitter
from nexhina.errors import HeaderList, UpstreamError
from nexhina.pipeline.background_run import BackgroundRun


class BackgroundSink:
    """Takes what the pipeline writes; nobody can hang up on it, and it reads as fast as it can."""

    gone = False
    started = False  # no head goes out, so an error still ends the call with its own code

    def __init__(self, run: BackgroundRun) -> None:
        self.run = run
        self._splitter = EventSplitter()

    def answer(
        self,
        status: int,
        headers: HeaderList,
        body: bytes | bytearray,
        lines: bytes = b"",
    ) -> None:
        """A whole answer, which is stored next."""

    def answer_usual(self, kind: bytes, body: bytes | bytearray, lines: bytes) -> None:
        """A whole answer of status 200."""
        self.answer(200, [(b"content-type", kind)], body, lines)

    def start(self, status: int, headers: HeaderList, lines: bytes = b"") -> None:
        """The stream begins, or a ping does."""

    def write(self, data: bytes) -> None:
        """Events of the stream.

        How it began was told when it was accepted; how it ends is told once that is stored.
        """
        for raw in self._splitter.split(data):
            event = take_event(raw)
            if event is None or event.is_beginning or event.has_response:
                continue
            if event.kind == "error":
                self.run.failure = UpstreamError(event.message)
            else:
                self.run.take(event)

    def end(self, data: bytes = b"") -> None:
        """The last events."""
        self.write(data)

    def abort(self) -> None:
        """The answer broke off."""

    def on_pressure(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Nobody reads too slowly: followers have a place of their own."""

    def conclude(self, error: BaseException | None) -> None:
        """The call's steps are over: whoever drives them knows."""
