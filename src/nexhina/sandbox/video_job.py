"""The films of the sandbox: jobs in memory, bounded in number and bytes, their files without a name.

A job's child writes into a folder of its own; once it is done the files are opened and unlinked, so
that nothing is left when the process ends, however it ends.
"""

import os
import shutil
import tempfile
from collections import OrderedDict

import msgspec

from nexhina.errors import NexhinaError, NotFoundError
from nexhina.ports import Clock, Spool
from nexhina.sandbox.child import Child
from nexhina.sandbox.order import Film, Order
from nexhina.sandbox.output import Output
from nexhina.sandbox.picture import Picture
from nexhina.tasks import Steps

VARIANTS = {"video": b"video/mp4", "thumbnail": b"image/webp", "spritesheet": b"image/jpeg"}
MOST_JOBS = 500
MOST_BYTES = 1 << 30
KEPT_S = 3600.0


class Shelved:
    """A finished file without a name; gone when the last user lets go of it."""

    def __init__(self, path: str) -> None:
        self._number = -1
        self._number = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._number).st_size

    def read(self, offset: int, length: int) -> bytes:
        """These bytes; fewer at the end."""
        return os.pread(self._number, length, offset)

    def __del__(self) -> None:
        if self._number >= 0:
            os.close(self._number)


class VideoJob(msgspec.Struct, kw_only=True, eq=False):
    """One film, asked for or made."""

    id: str
    model: str
    prompt: str
    scene: Picture
    motion: int
    seconds: str
    size: str
    created: float
    least_s: float  # it takes so long at least
    fails: bool
    fps: int | None = None
    remixed_from: str | None = None
    progress: int = 0
    done: bool = False  # made or failed, though it may not be told yet
    ended: float | None = None
    error: tuple[str, str] | None = None  # code and message
    files: dict[str, Shelved] = {}
    output: Output | None = None

    def status(self, now: float) -> str:
        """Queued | in_progress | completed | failed, as it is told at this time."""
        if self.done and now - self.created >= self.least_s:
            return "completed" if self.error is None else "failed"
        began = self.progress > 0 or self.done
        return "in_progress" if began else "queued"

    def tell_progress(self, now: float) -> int:
        """Percent, not ahead of the least time."""
        if self.status(now) == "completed":
            return 100
        shown = min(99, self.progress)
        if self.least_s > 0:
            shown = min(shown, int(100 * (now - self.created) / self.least_s))
        return max(0, shown)


class VideoShelf:
    """All jobs of one vendor. Lives on its event loop."""

    def __init__(self, clock: Clock, child: Child) -> None:
        self._clock = clock
        self._child = child
        self._jobs: OrderedDict[str, VideoJob] = OrderedDict()

    def begin(self, job: VideoJob, reference: Spool | None) -> None:
        """Puts the job into the child's queue; raises RateLimitedError when too many wait."""
        self._clear()
        folder = tempfile.mkdtemp(prefix="nexhina-film-")
        order = Film(
            scene=job.scene,
            milliseconds=round(float(job.seconds) * 1000),
            folder=folder,
            motion=job.motion,
            reference=reference is not None,
            rate=job.fps,
        )
        files = () if reference is None else (reference,)
        try:
            job.output = self._child.begin(Order(film=order), *files)
        except NexhinaError:
            os.rmdir(folder)  # noqa: PTH106
            raise
        self._jobs[job.id] = job
        Steps(self._follow(job, job.output, folder), lambda _: None).advance()

    async def _follow(self, job: VideoJob, output: Output, folder: str) -> None:
        try:
            while (chunk := await output.next()) is not None:
                job.progress = chunk[-1]
                if job.fails and job.progress > 5:
                    output.abandon()
                    job.error = ("generation_failed", "The sandbox fails this film, as asked.")
                    break
            if job.error is None and job.fails:
                job.error = ("generation_failed", "The sandbox fails this film, as asked.")
            if job.error is None and not output.abandoned:
                job.files = _shelve(folder)
        except NexhinaError as error:
            job.error = (error.code, error.message)
        except OSError as error:
            job.error = ("internal_error", f"The film is lost: {error}.")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        job.done = True
        job.output = None
        job.ended = max(self._clock.now(), job.created + job.least_s)

    def find(self, name: str) -> VideoJob:
        """The job; raises NotFoundError."""
        self._clear()
        job = self._jobs.get(name)
        if job is None:
            raise NotFoundError(f"There is no video {name[:80]!r}, or not any more.")
        return job

    def list_jobs(self) -> list[VideoJob]:
        """All jobs, the newest first."""
        self._clear()
        return list(reversed(self._jobs.values()))

    def remove(self, job: VideoJob) -> None:
        """Forgets the job; what is under way ends."""
        self._jobs.pop(job.id, None)
        job.files = {}
        if job.output is not None:
            job.output.abandon()
            job.output = None

    def _clear(self) -> None:
        """Drops what is old, and the oldest finished jobs above the bounds."""
        now = self._clock.now()
        held = sum(file.size for job in self._jobs.values() for file in job.files.values())
        spare = len(self._jobs) - MOST_JOBS
        for job in tuple(self._jobs.values()):
            if not job.done or job.ended is None:
                continue
            if now - job.ended > KEPT_S or spare > 0 or held > MOST_BYTES:
                spare -= 1
                held -= sum(file.size for file in job.files.values())
                self.remove(job)


def _shelve(folder: str) -> dict[str, Shelved]:
    """Opens the finished files; their names go with the folder."""
    return {name: Shelved(os.path.join(folder, name)) for name in VARIANTS}  # noqa: PTH118
