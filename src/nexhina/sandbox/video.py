"""OpenAI's /v1/videos: asks for films, tells how far they are, hands their files out."""

import re
import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Annotated, Literal
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from nexhina.domain.picture import tell_kind
from nexhina.errors import (
    InvalidRequestError,
    MethodNotAllowedError,
    NotBuiltError,
    NotFoundError,
)
from nexhina.ports import Clock, Spool
from nexhina.sandbox import catalog
from nexhina.sandbox.child import FILMING, INSTALL
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.faults import Faults
from nexhina.sandbox.form import Form, find_file
from nexhina.sandbox.image import plan_pictures
from nexhina.sandbox.output import Held
from nexhina.sandbox.reply import Piece, SandboxReply, whole
from nexhina.sandbox.request import ImageCall, read_call
from nexhina.sandbox.video_job import KEPT_S, VARIANTS, Shelved, VideoJob, VideoShelf

MOST_REFERENCE = 50 * 1024 * 1024
SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024")
_MOST_PIXELS = 1792 * 1024
_LONGEST = 12.0
_SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})")
_DATA_URL = re.compile(r"data:image/[a-z+]{2,10};base64,", re.IGNORECASE)
_BLOCK = 256 * 1024
_SLOWEST, _FASTEST = 12, 60  # frames a second


class _Reference(msgspec.Struct):
    image_url: str | None = None
    file_id: str | None = None


class VideoCall(msgspec.Struct, kw_only=True):
    """POST /v1/videos."""

    prompt: Annotated[str, Meta(min_length=1, max_length=32_000)]
    model: str = catalog.VIDEO
    seconds: str | float | None = None
    size: str | None = None
    input_reference: str | _Reference | None = None
    fps: int | None = None
    seed: int | None = None


class RemixCall(msgspec.Struct):
    """POST /v1/videos/{id}/remix."""

    prompt: Annotated[str, Meta(min_length=1, max_length=32_000)]


class _Page(msgspec.Struct):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: str = ""
    order: Literal["asc", "desc"] = "desc"


class VideoDesk:
    """Answers the routes of one vendor's films."""

    def __init__(self, clock: Clock, shelf: VideoShelf, seed: int) -> None:
        self._clock = clock
        self._shelf = shelf
        self._seed = seed

    def create(self, body: bytes | Form, faults: Faults) -> SandboxReply:
        """A new job; raises InvalidRequestError, RateLimitedError, NotBuiltError."""
        call = _read_form(body) if isinstance(body, Form) else read_call(body, VideoCall)
        reference = _find_reference(body) if isinstance(body, Form) else _read_reference(call)
        seconds = _read_seconds(call.seconds)
        width, height = _read_size(call.size)
        if not call.prompt.strip():
            raise InvalidRequestError("The prompt is empty.", param="prompt")
        job = self._plan(call.prompt, f"{width}x{height}", seconds, faults, call.seed or 0)
        job.fps = _require_rate(call.fps)
        _require_libraries()
        self._shelf.begin(job, reference)
        return self._tell(job)

    def serve(
        self, method: str, rest: str, query: str, body: bytes, faults: Faults
    ) -> SandboxReply:
        """A route below /v1/videos; `rest` is what follows, without its first slash."""
        name, _, action = rest.partition("/")
        if not name:
            _require(method, "GET")
            return self._list(query)
        if action == "":
            _require(method, "GET", "DELETE")
            job = self._shelf.find(name)
            if method == "GET":
                return self._tell(job)
            self._shelf.remove(job)
            gone = {"id": job.id, "object": "video.deleted", "deleted": True}
            return whole(msgspec.json.encode(gone))
        if action == "content":
            _require(method, "GET")
            return self._send(self._shelf.find(name), query)
        if action == "remix":
            _require(method, "POST")
            return self._remix(self._shelf.find(name), read_call(body, RemixCall), faults)
        raise NotFoundError(f"The sandbox has no /v1/videos/{rest[:100]}.")

    def _plan(
        self, prompt: str, size: str, seconds: str, faults: Faults, seed: int = 0
    ) -> VideoJob:
        seed += self._seed
        call = ImageCall(model=catalog.VIDEO, prompt=prompt, size=size, quality="low")
        return VideoJob(
            id="video_" + secrets.token_hex(16),
            model=catalog.VIDEO,
            prompt=prompt,
            scene=plan_pictures(call, seed, catalog.VIDEO)[0],
            motion=Dice(seed, prompt).below(10_000),
            seconds=seconds,
            size=size,
            created=self._clock.now(),
            least_s=faults.job_ms / 1000,
            fails=bool(faults.job_fails),
        )

    def _remix(self, job: VideoJob, call: RemixCall, faults: Faults) -> SandboxReply:
        """The same scene with what the new prompt says of it, moving as before."""
        if job.status(self._clock.now()) != "completed":
            raise InvalidRequestError("Only a completed video can be remixed.", param="video_id")
        both = f"{call.prompt}\n{job.prompt}"[:32_000]
        remix = self._plan(both, job.size, job.seconds, faults)
        remix.scene = msgspec.structs.replace(remix.scene, seed=job.scene.seed)
        remix.motion, remix.fps = job.motion, job.fps
        remix.prompt = call.prompt
        remix.remixed_from = job.id
        _require_libraries()
        self._shelf.begin(remix, None)
        return self._tell(remix)

    def _list(self, query: str) -> SandboxReply:
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        try:
            page = msgspec.convert(given, _Page, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidRequestError(f"{error}.") from None
        jobs = self._shelf.list_jobs()
        if page.order == "asc":
            jobs.reverse()
        if page.after:
            names = [job.id for job in jobs]
            jobs = jobs[names.index(page.after) + 1 :] if page.after in names else []
        shown = jobs[: page.limit]
        answer = {
            "object": "list",
            "data": [self._describe(job) for job in shown],
            "first_id": shown[0].id if shown else None,
            "last_id": shown[-1].id if shown else None,
            "has_more": len(jobs) > len(shown),
        }
        return whole(msgspec.json.encode(answer))

    def _tell(self, job: VideoJob) -> SandboxReply:
        return whole(msgspec.json.encode(self._describe(job)))

    def _describe(self, job: VideoJob) -> dict[str, object]:
        now = self._clock.now()
        status = job.status(now)
        ended = int(job.ended) if job.ended is not None and status == "completed" else None
        error = None
        if status == "failed" and job.error is not None:
            error = {"code": job.error[0], "message": job.error[1]}
        return {
            "id": job.id,
            "object": "video",
            "model": job.model,
            "status": status,
            "progress": job.tell_progress(now),
            "created_at": int(job.created),
            "completed_at": ended,
            "expires_at": None if ended is None else ended + int(KEPT_S),
            "prompt": job.prompt,
            "seconds": job.seconds,
            "size": job.size,
            "remixed_from_video_id": job.remixed_from,
            "error": error,
        }

    def _send(self, job: VideoJob, query: str) -> SandboxReply:
        variant = parse_qs(query).get("variant", ["video"])[-1]
        if variant not in VARIANTS:
            raise InvalidRequestError(
                f"Invalid variant {variant[:40]!r}. There are: {', '.join(VARIANTS)}.",
                param="variant",
            )
        if job.status(self._clock.now()) != "completed":
            raise NotFoundError(
                "The video is not ready; ask GET /v1/videos/{id} until it is completed.",
                code="video_not_ready",
            )
        shelved = job.files[variant]
        headers = {
            b"content-type": VARIANTS[variant],
            b"content-length": str(shelved.size).encode(),
        }
        return SandboxReply(
            status=200, headers=headers, pieces=_read_pieces(shelved), length_known=False
        )


def _read_pieces(shelved: Shelved) -> Iterator[Piece]:
    for at in range(0, shelved.size, _BLOCK):
        yield Piece(0.0, shelved.read(at, _BLOCK))


def _require_libraries() -> None:
    """Looks for what the child will need: its own failure would come after the answer."""
    for name in ("av", "PIL"):
        if find_spec(name) is None:
            raise NotBuiltError(
                f"The sandbox {FILMING.needs}, and {name} is not installed. "
                f"Install it with: {INSTALL}"
            )


def _require(method: str, *allowed: str) -> None:
    if method not in allowed:
        listed = ", ".join(allowed)
        raise MethodNotAllowedError(
            f"This route takes {listed}, not {method[:20]}.", headers=[(b"allow", listed.encode())]
        )


def _read_form(form: Form) -> VideoCall:
    prompt = form.text("prompt") or ""
    if not 1 <= len(prompt) <= 32_000:
        raise InvalidRequestError("The prompt has 1 to 32,000 characters.", param="prompt")
    return VideoCall(
        prompt=prompt,
        seconds=form.text("seconds"),
        size=form.text("size"),
        fps=_read_number(form, "fps"),
        seed=_read_number(form, "seed"),
    )


def _read_number(form: Form, name: str) -> int | None:
    text = form.text(name)
    try:
        return int(text[:20]) if text else None
    except ValueError:
        raise InvalidRequestError(f"Invalid {name} {text!r:.40}.", param=name) from None


def _find_reference(form: Form) -> Spool | None:
    if not form.files("input_reference"):
        return None
    file = find_file(form, "input_reference", MOST_REFERENCE)
    return _require_picture(file)


def _read_reference(call: VideoCall) -> Spool | None:
    given = call.input_reference
    if given is None:
        return None
    url = given if isinstance(given, str) else given.image_url
    head = None if url is None else _DATA_URL.match(url)
    if url is None or head is None:
        raise InvalidRequestError(
            "The sandbox works offline: send input_reference as a file or as an image_url with the "
            "picture itself, data:image/png;base64,…",
            param="input_reference",
        )
    try:
        return _require_picture(Held(b64decode(url[head.end() :], validate=True)))
    except Base64Error:
        raise InvalidRequestError(
            "The input_reference is no base64.", param="input_reference", code="invalid_image"
        ) from None


def _require_picture(file: Spool) -> Spool:
    if tell_kind(file.read(0, 64)) not in {"png", "jpeg", "webp", "gif"}:
        raise InvalidRequestError(
            "The input_reference is no png, jpeg, webp or gif.",
            param="input_reference",
            code="invalid_image",
        )
    return file


def _read_seconds(given: str | float | None) -> str:
    try:
        value = 4.0 if given in {None, ""} else float(given or 0)
    except ValueError:
        value = 0.0
    if not 1 <= value <= _LONGEST:
        raise InvalidRequestError(
            f"Invalid seconds {str(given)[:20]!r}. A film has 1 to {_LONGEST:g} seconds, like 4, 8 "
            "or 12.",
            param="seconds",
        )
    return f"{value:g}"


def _require_rate(given: int | None) -> int | None:
    if given is not None and not _SLOWEST <= given <= _FASTEST:
        raise InvalidRequestError(
            f"Invalid fps {given}. A film has {_SLOWEST} to {_FASTEST} frames a second.",
            param="fps",
        )
    return given


def _read_size(given: str | None) -> tuple[int, int]:
    match = _SIZE.fullmatch(given or SIZES[0])
    if match is not None:
        width, height = int(match[1]), int(match[2])
        even = width % 2 == 0 and height % 2 == 0
        if even and min(width, height) >= 64 and width * height <= _MOST_PIXELS:
            return width, height
    raise InvalidRequestError(
        f"Invalid size {str(given)[:40]!r}. Allowed are {', '.join(SIZES)} and smaller ones with "
        "even sides of at least 64 pixels.",
        param="size",
    )
