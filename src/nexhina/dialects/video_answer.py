"""Films as their callers see them: OpenAI's Video object, and the site's response."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from nexhina.contract.schema.video import (
    Video,
    VideoData,
    VideoError,
    VideoGenerationResponse,
    VideoList,
)
from nexhina.dialects.openai_videos import write_seconds
from nexhina.domain.job import Job


class KeptRequest(Struct, omit_defaults=True):
    """What is kept of a request for a film: no picture's bytes."""

    prompt: str
    fps: int | None = None
    seed: int | None = None
    pictures: int = 0


_read_request = msgspec.json.Decoder(KeptRequest).decode


def make_video(job: Job) -> Video:
    """OpenAI's object. It knows no cancelled films: those have failed, and say why."""
    state = job.state
    if state == "submitting":
        state = "queued"
    elif state == "cancelled":
        state = "failed"
    return Video(
        id=job.id,
        created_at=int(job.created_at),
        model=job.model,
        status=state,
        progress=job.percent,
        prompt=_read_request(job.request).prompt,
        seconds="" if job.ms is None else write_seconds(job.ms),
        size=job.size or "",
        completed_at=_whole(job.ended_at) if job.state == "completed" else None,
        expires_at=_whole(job.expires_at),
        remixed_from_video_id=job.source_id,
        error=_make_error(job),
    )


def make_video_list(jobs: Sequence[Job], *, more: bool) -> VideoList:
    """A page of them; `more`: there is another behind it."""
    return VideoList(
        data=[make_video(job) for job in jobs],
        first_id=jobs[0].id if jobs else None,
        last_id=jobs[-1].id if jobs else None,
        has_more=more,
    )


def make_generation(job: Job, link: str | None) -> VideoGenerationResponse:
    """The site's response; `link` is where the film is, once it is ready."""
    data: list[VideoData] = []
    if link is not None:
        data = [VideoData(url=link, duration=None if job.ms is None else job.ms / 1000)]
    return VideoGenerationResponse(
        created=int(job.created_at),
        data=data,
        id=job.id,
        status="queued" if job.state == "submitting" else job.state,
        model=job.model,
        progress=job.percent,
        error=_make_error(job),
    )


def _make_error(job: Job) -> VideoError | None:
    if not job.error_code:
        return None
    return VideoError(code=job.error_code, message=job.error_text)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)
