"""Films of Google (Veo): a long-running operation of the Gemini API.

Asked for with `instances` and `parameters` at /models/{model}:predictLongRunning; the operation's name
is its path. A finished film lies behind an address that takes the key, below /files. Filtered ones
come back as a finished operation without a film. Source: the vendor's Python SDK 1.75.0 (the Gemini
API's converters; 3.6.1 reads such operations, but begins them at Vertex only); that only 16:9 and
9:16 are drawn is the vendor's page on Veo, what refusals say its page on troubleshooting (2026-11).
"""

import re
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from nexhina.dialects import openai_error
from nexhina.dialects.dialect import Outgoing, VendorError
from nexhina.dialects.openai import read_json_answer
from nexhina.dialects.openai_error import clean_text
from nexhina.dialects.quirk import Quirks
from nexhina.dialects.video import (
    Ask,
    Film,
    Progress,
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

_NAME = re.compile(r"models/[A-Za-z0-9._-]{1,200}/operations/[A-Za-z0-9._-]{1,200}")
_SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")
_SHAPES = {(16, 9): "16:9", (9, 16): "9:16"}
_RESOLUTIONS = {480: "480p", 720: "720p", 1080: "1080p", 2160: "4k"}
_PARAMETERS = {
    "negative_prompt": "negativePrompt",
    "person_generation": "personGeneration",
    "enhance_prompt": "enhancePrompt",
    "aspect_ratio": "aspectRatio",
    "resolution": "resolution",
}


class _Video(Struct):
    uri: str | None = None


class _Sample(Struct):
    video: _Video | None = None


class _Videos(Struct, rename="camel"):
    generated_samples: list[_Sample] = msgspec.field(default_factory=list[_Sample])
    rai_media_filtered_reasons: list[str] = msgspec.field(default_factory=list[str])


class _Response(Struct, rename="camel"):
    generate_video_response: _Videos | None = None


class _Operation(Struct):
    name: str
    done: bool = False
    error: Any = None
    response: _Response | None = None


_operation = msgspec.json.Decoder(_Operation)


class GoogleVideos(PlainVideos):
    """The vendor's side: a `VideoVendor`."""

    name = "google_videos"

    def write_submit(
        self,
        request: VideoRequest,
        upstream_model: str,
        quirks: Quirks | None,  # noqa: ARG002  (names are mapped one by one)
    ) -> Ask:
        """The operation; raises InvalidRequestError for a shape that is not drawn."""
        refuse_remix(request)
        instance: dict[str, object] = {"prompt": request.prompt}
        picture = require_one_picture(request)
        if picture is not None:
            if not picture.data:
                raise InvalidRequestError(
                    "The provider of this model takes a picture's bytes; send the file itself.",
                    param="input_reference",
                )
            instance["image"] = {
                "bytesBase64Encoded": b64encode(picture.data).decode("ascii"),
                "mimeType": picture.content_type or "image/png",
            }
        extra = request.extra
        parameters: dict[str, object] = {
            theirs: extra[ours] for ours, theirs in _PARAMETERS.items() if ours in extra
        }
        if request.size is not None:
            shape, resolution = _read_size(request.size)
            parameters |= {"aspectRatio": shape, "resolution": resolution}
        if request.ms is not None:
            parameters["durationSeconds"] = require_seconds(request.ms)
        if request.seed is not None:
            parameters["seed"] = request.seed
        lost = sorted(extra.keys() - _PARAMETERS.keys()) + ["fps"] * (request.fps is not None)
        told = {"instances": [instance], "parameters": parameters}
        outgoing = Outgoing("translate", msgspec.json.encode(told), tuple(lost))
        model = quote(upstream_model.removeprefix("models/"), safe="")
        return Ask(method="POST", path=f"./{model}:predictLongRunning", outgoing=outgoing)

    def read_submit(self, headers: Headers, body: bytes) -> Submitted | None:  # noqa: ARG002  (others read them)
        """The operation that was begun."""
        found = read_json_answer({}, body, _operation)
        if found is None or not _NAME.fullmatch(found.name):
            return None
        progress = _read_progress(found)
        return progress and Submitted(id=found.name, progress=progress)

    def write_poll(self, vendor_id: str) -> Ask:
        """How far it is; the id is the operation's name, which `read_submit` has checked."""
        return Ask(method="GET", path=f"/{vendor_id}")

    def read_poll(self, vendor_id: str, headers: Headers, body: bytes) -> Progress | None:  # noqa: ARG002
        """What the operation says; None when the answer is no operation, or another one's."""
        found = read_json_answer({}, body, _operation)
        return _read_progress(found) if found is not None and found.name == vendor_id else None


def _read_size(size: str) -> tuple[str, str]:
    match = _SIZE.fullmatch(size)
    wide, high = (int(match[1]), int(match[2])) if match else (0, 0)
    shape = next((name for (w, h), name in _SHAPES.items() if wide * h == high * w and wide), None)
    resolution = _RESOLUTIONS.get(min(wide, high))
    if shape is None or resolution is None:
        raise InvalidRequestError(
            f"'size' is {size[:40]!r}; this model draws 1280x720, 720x1280, 1920x1080 and 1080x1920.",
            param="size",
        )
    return shape, resolution


def _read_progress(found: _Operation) -> Progress | None:
    if not found.done:
        return Progress(state="in_progress")
    if found.error is not None:
        error = openai_error.read_error_object(found.error)
        if not error.message:
            error = msgspec.structs.replace(error, message="The vendor gave no reason.")
        return Progress(state="failed", error=error)
    videos = found.response.generate_video_response if found.response is not None else None
    if videos is None:
        return None
    link = next((s.video.uri for s in videos.generated_samples if s.video and s.video.uri), None)
    if link is None:
        reason = clean_text(" ".join(videos.rai_media_filtered_reasons))
        told = VendorError(
            message=reason or "The vendor made no film of this prompt.",
            code="content_policy_violation" if reason else None,
        )
        return Progress(state="failed", error=told)
    return Progress(state="completed", film=_find_film(link))


def _find_film(link: str) -> Film:
    """A file of the API itself takes the channel's key; anything else is fetched without one."""
    parts = urlsplit(link)
    _, mark, rest = parts.path.partition("/files/")
    if mark and parts.query == "alt=media" and re.fullmatch(r"[A-Za-z0-9_-]+:download", rest):
        return Film(ask=Ask(method="GET", path=f"/files/{rest}?alt=media"))
    return Film(url=link)
