"""Films of DashScope: wan's tasks from a text or from a first picture.

Text to film takes `size` as "1280*720"; from a picture the film takes its shape, and `resolution`
("480P", "720P", "1080P") says how fine it is. The link of a finished film holds for 24 hours. Sources:
the vendor's Python SDK 2.0.2 (paths, parameters, shapes), its pages on wan's video models (2026-11).
"""

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from nexhina.dialects.dashscope import POLICY_CODES, Failure, write_size
from nexhina.dialects.dialect import Outgoing, VendorError
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.openai_error import clean_text
from nexhina.dialects.openai_videos import is_vendor_id, read_ms
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.video import (
    Ask,
    Film,
    Picture,
    Progress,
    State,
    Submitted,
    VideoRequest,
)
from nexhina.dialects.video_request import (
    PlainVideos,
    refuse_remix,
    require_one_picture,
    require_seconds,
)
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

_ASYNC = b"X-DashScope-Async: enable\r\n"
_STATES: dict[str, State] = {
    "PENDING": "queued",
    "SUSPENDED": "queued",
    "RUNNING": "in_progress",
    "SUCCEEDED": "completed",
    "FAILED": "failed",
    "UNKNOWN": "failed",
    "CANCELED": "cancelled",
}
_INPUT = ("negative_prompt", "audio_url", "template")
_PARAMETERS = ("prompt_extend", "watermark", "audio", "shot_type", "resolution")


class _Output(Failure):
    task_id: str = ""
    task_status: str = ""
    video_url: str | None = None


class _Count(Struct):
    video_duration: float | None = None
    duration: float | None = None
    size: str | None = None


class _Task(Struct):
    output: _Output
    usage: _Count | None = None


_task = msgspec.json.Decoder(_Task)


class DashScopeVideos(PlainVideos):
    """The vendor's side: a `VideoVendor`."""

    name = "dashscope_videos"

    def write_submit(
        self,
        request: VideoRequest,
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Ask:
        """The task; raises InvalidRequestError for more pictures than one, or parts of a second."""
        refuse_remix(request)
        picture = require_one_picture(request)
        extra = request.extra
        given: dict[str, object] = {"prompt": request.prompt} | _pick(extra, _INPUT)
        parameters = _pick(extra, _PARAMETERS)
        if picture is not None:
            given["img_url"] = write_picture(picture)
            if request.size is not None:
                parameters.setdefault("resolution", write_resolution(request.size))
        elif request.size is not None:
            parameters["size"] = write_size(request.size)
        if request.ms is not None:
            parameters["duration"] = require_seconds(request.ms)
        if request.seed is not None:
            parameters["seed"] = request.seed
        lost = sorted(extra.keys() - {*_INPUT, *_PARAMETERS}) + ["fps"] * (request.fps is not None)
        body = msgspec.json.encode(
            {"model": upstream_model, "input": given, "parameters": parameters}
        )
        outgoing = Outgoing("translate", body, tuple(lost))
        return Ask(method="POST", path=".", outgoing=outgoing, head=_ASYNC)

    def read_submit(self, headers: Headers, body: bytes) -> Submitted | None:  # noqa: ARG002  (others read them)
        """The task that was taken."""
        found = read_json_answer({}, body, _task)
        if found is None or not is_vendor_id(found.output.task_id):
            return None
        progress = _read_progress(found)
        return progress and Submitted(id=found.output.task_id, progress=progress)

    def write_poll(self, vendor_id: str) -> Ask:
        """How far it is."""
        return Ask(method="GET", path=f"~/api/v1/tasks/{quote(vendor_id, safe='')}")

    def read_poll(self, vendor_id: str, headers: Headers, body: bytes) -> Progress | None:  # noqa: ARG002
        """What the task says; None when it is another one, or none."""
        found = read_json_answer({}, body, _task)
        if found is None or found.output.task_id != vendor_id:
            return None
        return _read_progress(found)

    def write_cancel(self, vendor_id: str) -> Ask | None:
        """Only a task that waits can be given up."""
        path = f"~/api/v1/tasks/{quote(vendor_id, safe='')}/cancel"
        return Ask(method="POST", path=path, outgoing=Outgoing("translate", b"{}", ()))


def write_picture(picture: Picture) -> str:
    """A picture as an address: its own, or one that holds its bytes."""
    if picture.url is not None:
        return picture.url
    if not picture.data:
        raise InvalidRequestError(
            "The provider of this model takes a picture's bytes or its address, not a file's id.",
            param="input_reference",
        )
    kind = picture.content_type or "image/png"
    return f"data:{kind};base64,{b64encode(picture.data).decode('ascii')}"


def write_resolution(size: str) -> str:
    """The fineness, 720P for a size of 1280x720; a vendor's own word as it is."""
    wide, mark, high = size.partition("x")
    if not (mark and wide.isdigit() and high.isdigit()):
        return size.upper()
    return f"{min(int(wide), int(high))}P"


def _pick(extra: Mapping[str, Raw], names: tuple[str, ...]) -> dict[str, object]:
    return {name: extra[name] for name in names if name in extra}


def _read_progress(found: _Task) -> Progress | None:
    output = found.output
    state = _STATES.get(output.task_status)
    if state is None or (state == "completed" and not output.video_url):
        return None
    error = None
    if state == "failed":
        text = clean_text(output.message or "") or "The vendor gave no reason."
        code = "content_policy_violation" if output.code in POLICY_CODES else output.code
        error = VendorError(message=text, code=code)
    film = Film(url=output.video_url) if state == "completed" else None
    usage = found.usage or _Count()
    seconds = usage.video_duration or usage.duration
    size = usage.size.replace("*", "x") if usage.size else None
    return Progress(state=state, film=film, ms=read_ms(seconds), size=size, error=error)
