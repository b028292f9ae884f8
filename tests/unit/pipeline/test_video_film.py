"""A film's way into the store: no faster than the store takes it, and whole or not at all."""

from nexhina.errors import UpstreamFailure
from nexhina.pipeline.video_film import MOST_WAITING, Intake
from nexhina.tasks import drive


class SlowReply:
    """What Intake asks of a reply."""

    def __init__(self) -> None:
        self.paused = False

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


async def test_the_vendor_waits_while_the_store_is_busy():
    reply = SlowReply()
    intake = Intake(reply)  # pyright: ignore[reportArgumentType]  (the part that it uses)
    intake.data(b"x" * MOST_WAITING)
    assert not reply.paused
    intake.data(b"y")
    assert reply.paused
    assert len(await drive(intake.next())) == MOST_WAITING + 1
    assert not reply.paused
    intake.ended()
    assert await drive(intake.next()) == b""


async def test_what_broke_off_is_no_end():
    intake = Intake(SlowReply())  # pyright: ignore[reportArgumentType]  (as above)
    intake.data(b"half")
    intake.failed(UpstreamFailure("closed", "in the middle"))
    try:
        await drive(intake.next())
    except UpstreamFailure as failure:
        assert failure.kind == "closed"
    else:
        raise AssertionError("a half was taken for a whole")
