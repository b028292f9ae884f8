"""Films of Zhipu: asked for at /videos/generations, asked after at /async-result/{id}.

Source: the vendor's Python SDK 0.2.3 (paths, parameters, shapes, states), seen 2026-11. What a failed
task says beside its state is not told there; an `error` object is read where there is one.
"""

from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from nexhina.dialects import openai_error
from nexhina.dialects.dashscope_videos import write_picture
from nexhina.dialects.dialect import Outgoing
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.openai_videos import is_vendor_id
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.video import (
    Ask,
    Film,
    Progress,
    State,
    Submitted,
    VideoRequest,
)
from nexhina.dialects.video_request import PlainVideos, refuse_remix, require_seconds
from nexhina.errors import InvalidRequestError
from nexhina.ports import Headers

_STATES: dict[str, State] = {
    "PROCESSING": "in_progress",
    "SUCCESS": "completed",
    "FAIL": "failed",
}
_POLICY_CODES = frozenset({"1300", "1301"})
"""By these the vendor means the caller's content (its page "Errors")."""

_MOST_PICTURES = 2  # the first and the last frame
_EXTRA = frozenset(
    {
        "quality",
        "with_audio",
        "style",
        "aspect_ratio",
        "off_peak",
        "movement_amplitude",
        "watermark_enabled",
        "user_id",
        "request_id",
        "sensitive_word_check",
    }
)


class _Result(Struct):
    url: str | None = None


class _Task(Struct):
    task_status: str
    id: str | None = None
    video_result: list[_Result] | None = None
    error: Any = None


_task = msgspec.json.Decoder(_Task)


class ZhipuVideos(PlainVideos):
    """The vendor's side: a `VideoVendor`."""

    name = "zhipu_videos"

    def write_submit(
        self,
        request: VideoRequest,
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Ask:
        """The task; raises InvalidRequestError for more than two pictures, or parts of a second."""
        refuse_remix(request)
        pictures = [write_picture(each) for each in request.pictures]
        if len(pictures) > _MOST_PICTURES:
            raise InvalidRequestError(
                f"{len(pictures)} pictures were given; this model takes two, the first and the last.",
                param="input_reference",
            )
        fields: dict[str, object] = {"model": upstream_model, "prompt": request.prompt}
        if pictures:
            fields["image_url"] = pictures[0] if len(pictures) == 1 else pictures
        if request.size is not None:
            fields["size"] = request.size
        if request.ms is not None:
            fields["duration"] = require_seconds(request.ms)
        if request.fps is not None:
            fields["fps"] = request.fps
        extra = request.extra
        fields |= {name: extra[name] for name in sorted(_EXTRA & extra.keys())}
        lost = sorted(extra.keys() - _EXTRA) + ["seed"] * (request.seed is not None)
        outgoing = Outgoing("translate", msgspec.json.encode(fields), tuple(lost))
        return Ask(method="POST", path=".", outgoing=outgoing)

    def read_submit(self, headers: Headers, body: bytes) -> Submitted | None:  # noqa: ARG002  (others read them)
        """The task that was taken."""
        found = read_json_answer({}, body, _task)
        if found is None or found.id is None or not is_vendor_id(found.id):
            return None
        progress = _read_progress(found)
        return progress and Submitted(id=found.id, progress=progress)

    def write_poll(self, vendor_id: str) -> Ask:
        """How far it is."""
        return Ask(method="GET", path=f"/async-result/{quote(vendor_id, safe='')}")

    def read_poll(self, vendor_id: str, headers: Headers, body: bytes) -> Progress | None:  # noqa: ARG002
        """What the task says; None when the answer is no task, or another one's."""
        found = read_json_answer({}, body, _task)
        if found is None or found.id not in (None, vendor_id):
            return None
        return _read_progress(found)


def _read_progress(found: _Task) -> Progress | None:
    state = _STATES.get(found.task_status)
    link = next((each.url for each in found.video_result or [] if each.url), None)
    if state is None or (state == "completed" and link is None):
        return None
    error = None
    if state == "failed":
        error = openai_error.read_error_object(found.error)
        if not error.message:
            error = msgspec.structs.replace(error, message="The vendor gave no reason.")
        if error.code in _POLICY_CODES:
            error = msgspec.structs.replace(error, code="content_policy_violation")
    return Progress(state=state, film=Film(url=link) if state == "completed" else None, error=error)
