"""Films of DashScope: wan's tasks from a text, from a first picture, or from the first and the last.

The vendor has three ways of saying so, by model. *size* (wan2.6 and older): `size` as "1280*720" for a
text; a picture as `img_url`, whose shape the film takes, and `resolution` ("720P") says how fine it is.
*frames* (kf2v): `first_frame_url` and `last_frame_url`. *media* (wan2.7, wan3.0): `resolution` and
`ratio` for a text, pictures as typed `media`. A finished film's link holds for 24 hours. Sources: the
vendor's Python SDK 2.0.2 (paths, parameters, shapes, which models take media), excerpts of its pages on
wan 2.7 and 3.0; `ratio` beside `resolution` is third-party code for both (2026-11).
"""

from base64 import b64encode
from collections.abc import Mapping
from math import gcd
from typing import Literal
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
_PARAMETERS = ("prompt_extend", "watermark", "audio", "shot_type", "resolution", "ratio")
_LAST = "last_frame_url"
_MEDIA = "media"


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

    def __init__(self, way: Literal["size", "frames", "media"] = "size") -> None:
        self._way = way
        self._known = frozenset({*_INPUT, *_PARAMETERS})
        if way != "size":
            self._known |= {_LAST}
        if way == "media":
            self._known |= {_MEDIA}

    def write_submit(
        self,
        request: VideoRequest,
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Ask:
        """The task; raises InvalidRequestError for more pictures than one, or parts of a second."""
        refuse_remix(request)
        extra = request.extra
        pictures, first = self._write_pictures(request)
        given: dict[str, object] = {"prompt": request.prompt} | _pick(extra, _INPUT) | pictures
        parameters = _pick(extra, _PARAMETERS)
        lost: list[str] = []
        if request.size is not None and parameters.pop("resolution", None) is not None:
            lost.append("resolution")  # the size is what is held for and charged
        parameters |= self._write_shape(request.size, from_picture=first)
        if request.ms is not None:
            parameters["duration"] = require_seconds(request.ms)
        if request.seed is not None:
            parameters["seed"] = request.seed
        lost += sorted(extra.keys() - self._known) + ["fps"] * (request.fps is not None)
        body = msgspec.json.encode(
            {"model": upstream_model, "input": given, "parameters": parameters}
        )
        outgoing = Outgoing("translate", body, tuple(lost))
        return Ask(method="POST", path=".", outgoing=outgoing, head=_ASYNC)

    def _write_pictures(self, request: VideoRequest) -> tuple[dict[str, object], bool]:
        """The pictures as this way has them, and whether there is a first one."""
        picture = require_one_picture(request)
        first = None if picture is None else write_picture(picture)
        if self._way == "size":
            return ({} if first is None else {"img_url": first}), first is not None
        last = _read_address(request.extra)
        if self._way == "frames":
            frames = {"first_frame_url": first, _LAST: last}
            return {name: url for name, url in frames.items() if url}, first is not None
        media = [
            {"type": kind, "url": url}
            for kind, url in (("first_frame", first), ("last_frame", last))
            if url
        ]
        media += _read_media(request.extra)
        return ({"media": media} if media else {}), bool(media)

    def _write_shape(self, size: str | None, *, from_picture: bool) -> dict[str, object]:
        """The film's size as this way has it."""
        if size is None:
            return {}
        if self._way == "size" and not from_picture:
            return {"size": write_size(size)}
        shape: dict[str, object] = {"resolution": write_resolution(size)}
        sides = _read_sides(size)
        if self._way == "media" and sides and not from_picture:
            shared = gcd(*sides)
            shape["ratio"] = f"{sides[0] // shared}:{sides[1] // shared}"
        return shape

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
    sides = _read_sides(size)
    return size.upper() if sides is None else f"{min(sides)}P"


def _read_sides(size: str) -> tuple[int, int] | None:
    wide, _, high = size.partition("x")
    if not (wide.isdecimal() and high.isdecimal() and int(wide) and int(high)):
        return None
    return int(wide), int(high)


def _read_address(extra: Mapping[str, Raw]) -> str | None:
    """The last picture's address; raises InvalidRequestError."""
    try:
        return msgspec.json.decode(extra.get(_LAST, b"null"), type=str | None)
    except msgspec.ValidationError:
        raise InvalidRequestError(
            f"'{_LAST}' must be the address of a picture, as a text.", param=_LAST
        ) from None


def _read_media(extra: Mapping[str, Raw]) -> list[dict[str, str]]:
    """What the caller wrote down in the vendor's own way; raises InvalidRequestError."""
    try:
        return msgspec.json.decode(extra.get(_MEDIA, b"[]"), type=list[dict[str, str]])
    except msgspec.ValidationError:
        raise InvalidRequestError(
            f"'{_MEDIA}' must be a list of objects like "
            '{"type": "first_frame", "url": "https://…"}.',
            param=_MEDIA,
        ) from None


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
