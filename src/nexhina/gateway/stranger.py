"""Bodies on their way in, and whose they are.

Forms of routes with uploads go to disk (spool.py). Of all others those of callers whom memory does
not know share a bounded room: without a key nobody may fill the server's memory, however many
connections they open. Who is known to be nobody is refused before the body is read.
"""

import msgspec

from nexhina.errors import OverloadedError
from nexhina.gateway.request import Request
from nexhina.gateway.spool import Intake, SpoolFolder, begin_intake

SMALL = 16 * 1024
"""Bytes of a body that anybody may send: each connection has at most one."""
SLOWEST = 32 * 1024
"""Bytes a second that the others must bring, with `body_seconds` to spare: the room is shared."""


class Strangers(msgspec.Struct):
    """The room for the unfinished bodies of callers who are not known."""

    most: int  # bytes
    used: int = 0

    def take(self, size: int, held: int = 0) -> None:
        """Takes room for so many bytes beside those `held`; raises OverloadedError when others have it.

        Who is alone may have more than all of it: the largest body there may be.
        """
        if self.used > held and self.used + size > self.most:
            raise OverloadedError(
                "Too many large bodies of unknown callers are on their way. Try again in a moment.",
                headers=[(b"retry-after", b"5")],
            )
        self.used += size


class StrangersBody:
    """Takes one such body in; `add` raises what refuses it."""

    __slots__ = ("_body", "_strangers", "size")

    def __init__(self, strangers: Strangers) -> None:
        self.size = 0
        self._body = bytearray()
        self._strangers = strangers

    def add(self, data: bytes) -> None:
        """The next bytes; raises OverloadedError when others have taken the room."""
        self._strangers.take(len(data), self.size)
        self.size += len(data)
        self._body += data

    def finish(self, request: Request) -> None:
        """Gives the request its body."""
        body = self._body
        self.abandon()
        request.body = body

    def abandon(self) -> None:
        """Gives the room back, and lets go of what came."""
        self._strangers.used -= self.size
        self.size = 0
        self._body = bytearray()


def begin_body(
    request: Request, folder: SpoolFolder, strangers: Strangers
) -> Intake | StrangersBody | None:
    """What takes a body in that did not come in one piece with its head; None: the machine itself.

    Raises what refuses it.
    """
    intake = begin_intake(request, folder)
    if intake is None and 0 <= request.length <= SMALL:
        return None
    knows = request.match.handler.knows if request.match is not None else None
    if intake is None:
        return None if knows is not None and knows(request) else StrangersBody(strangers)
    if knows is not None and not knows(request):
        intake.in_memory = SMALL
    return intake
