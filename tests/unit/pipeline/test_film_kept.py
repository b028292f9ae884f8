"""What becomes of a stored film whose job can't be ended: nobody keeps what no job knows."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from nexhina.dialects.video import Film, Progress
from nexhina.domain.job import Job
from nexhina.errors import OverloadedError
from nexhina.pipeline.video import VideoTimes
from nexhina.pipeline.video_film import Kept
from nexhina.pipeline.video_follow import VideoFollow
from nexhina.storage.job import write_row
from nexhina.tasks import drive
from nexhina.telemetry.clock import ManualClock
from support.money import make_row

JOB = Job(
    id="video_1", tenant_id=1, token_id=1, operation="videos", model="film", state="in_progress",
    request=b"{}", created_at=0.0, deadline_at=1e12, worker="w", epoch=1, accounts=(), held=0,
    ms=4000, row=write_row(make_row()),
)  # fmt: skip


class Store:
    """Jobs and their books of a database that fails when a job ends, or when it is read too."""

    def __init__(self, found: Job | None, *, is_readable: bool = True) -> None:
        self.jobs = self
        self._found = found
        self._is_readable = is_readable

    async def end(self, *_: Any, **__: Any) -> Job | None:
        raise OverloadedError("the database is away")

    note_files = end

    async def find(self, tenant_id: int, name: str) -> Job | None:
        assert (tenant_id, name) == (1, "video_1")
        if not self._is_readable:
            raise OverloadedError("the database is still away")
        return self._found


class Films:
    """Keeps a film, and tells which were dropped."""

    def __init__(self) -> None:
        self.dropped: list[str] = []

    async def keep(self, *_: Any) -> Kept:
        return Kept("new.mp4", 4000)

    async def drop(self, name: str) -> None:
        self.dropped.append(name)


def open_follow(store: Store, films: Films) -> VideoFollow:
    film = Film(url="https://films.test/1.mp4")
    vendor = SimpleNamespace(
        variants=("thumbnail",),
        write_poll=lambda _: None,
        write_content=lambda *_: "ask",
        read_poll=lambda *_: Progress(state="completed", film=film, ms=4000),
    )
    place = SimpleNamespace(vendor=vendor, channel=SimpleNamespace(id=1))

    async def ask(*_: Any) -> Any:
        return SimpleNamespace(outcome="ok", headers={}, body=b"")

    vendors = SimpleNamespace(find=lambda _: place, ask=ask)
    snapshot = SimpleNamespace(prices=())
    planner = SimpleNamespace(directory=SimpleNamespace(snapshot=lambda: snapshot))
    return VideoFollow(
        books=cast("Any", store),
        vendors=cast("Any", vendors),
        films=cast("Any", films),
        planner=cast("Any", planner),
        clock=ManualClock(),
        draw=lambda: 0.5,
        times=cast("VideoTimes", SimpleNamespace(kept=60.0)),
    )


@pytest.mark.parametrize(
    ("found", "is_readable", "dropped"),
    [
        (JOB, True, ["new.mp4"]),  # the next look fetches it again
        (None, True, ["new.mp4"]),
        (msgspec.structs.replace(JOB, files={"video": "new.mp4"}), True, []),  # it was booked
        (JOB, False, []),  # whether it was booked can't be told
    ],
)
async def test_a_film_that_no_job_knows_is_dropped_when_its_job_cant_be_ended(
    found: Job | None, *, is_readable: bool, dropped: list[str]
) -> None:
    films = Films()
    follow = open_follow(Store(found, is_readable=is_readable), films)
    with pytest.raises(OverloadedError, match="the database is away"):
        await drive(follow.look(JOB))
    assert films.dropped == dropped


async def test_a_thumbnail_that_cant_be_noted_is_dropped() -> None:
    films = Films()
    with pytest.raises(OverloadedError, match="the database is away"):
        await drive(open_follow(Store(JOB), films).fetch_beside(JOB, "thumbnail"))
    assert films.dropped == ["new.mp4"]
