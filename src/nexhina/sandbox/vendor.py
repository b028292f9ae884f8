"""The vendor itself: takes a request as any vendor would and answers in OpenAI's wire format.

It is the same object whether it is reached in the process or on a port of its own. How its answers
travel is elsewhere (`upstream.sandbox_transport`, `standalone`).
"""

import secrets
from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated

import msgspec
from msgspec import Meta

from nexhina.errors import (
    BodyTooLargeError,
    InvalidRequestError,
    MethodNotAllowedError,
    ModelNotFoundError,
    NexhinaError,
    NotFoundError,
    UnsupportedMediaTypeError,
)
from nexhina.ports import Body, Clock, Headers, Segments
from nexhina.sandbox import catalog, image
from nexhina.sandbox.attachment import tell_attachments
from nexhina.sandbox.chat import ChatHead, answer_chat
from nexhina.sandbox.completion import CompletionCall, answer_completion
from nexhina.sandbox.embedding import answer_embeddings
from nexhina.sandbox.faults import (
    HEADER,
    Draws,
    Faults,
    asked_failure,
    read_faults,
    split_model,
    spoil,
)
from nexhina.sandbox.form import Form, Joined, is_multipart, read_upload
from nexhina.sandbox.image_edit import (
    answer_retouch,
    read_edit,
    read_variation,
    tell_facts,
)
from nexhina.sandbox.image_reply import Sheet, answer_pictures
from nexhina.sandbox.meaning import Meaning
from nexhina.sandbox.moderation import ModerationCall, answer_moderations
from nexhina.sandbox.order import Order
from nexhina.sandbox.picture import Picture
from nexhina.sandbox.reference_edit import write_edit_form
from nexhina.sandbox.reply import SandboxReply, refusal, whole
from nexhina.sandbox.request import ChatCall, EmbeddingCall, ImageCall, Named, read_call
from nexhina.sandbox.rerank import RerankCall, answer_rerank
from nexhina.sandbox.speech import SpeechCall, answer_speech
from nexhina.sandbox.studio import Studio
from nexhina.sandbox.transcription import answer_hearing
from nexhina.sandbox.turns import Turns, sleep
from nexhina.sandbox.video import VideoDesk
from nexhina.sandbox.video_job import VideoShelf

MOST_JSON = 64 * 1024 * 1024
UPLOADS = frozenset(
    {
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/v1/images/variations",
    }
)
"""Paths that take nothing but forms."""

_FILMS = "/v1/videos/"

Link = Callable[[Picture, Headers], str]


class SandboxVendor:
    """Answers requests. `seed` moves all its texts, pictures and faults; `turns` is shared with players.

    `link` writes an address for a picture; without it pictures are always answered as base64.
    `by_words` True leaves the meaning of texts aside, also where it could be read.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        studio: Studio | None = None,
        link: Link | None = None,
        by_words: bool = False,
    ) -> None:
        self.turns = Turns()
        self.studio = studio or Studio()
        self._meaning = Meaning(self.studio.reading, is_able=False if by_words else None)
        self._desk = VideoDesk(clock, VideoShelf(clock, self.studio.filming), seed)
        self._clock = clock
        self._seed = seed
        self._link = link
        self._draws = Draws(seed)

    async def answer(self, method: str, path: str, headers: Headers, body: Body) -> SandboxReply:
        """The answer to one request; errors are answers too. `path` may carry a query."""
        try:
            bare, _, query = path.partition("?")
            if bare.startswith(_FILMS) or (bare == _FILMS[:-1] and method != "POST"):
                return await self._answer_film(method, bare[len(_FILMS) :], query, headers, body)
            return await self._answer(method, bare, headers, body)
        except NexhinaError as error:
            return refusal(error)

    def close(self) -> None:
        """Ends the children."""
        self.studio.close()

    async def wait_closed(self) -> None:
        """Closes, and returns once the children are gone."""
        self.close()
        await self.studio.wait_closed()

    async def _answer(self, method: str, path: str, headers: Headers, body: Body) -> SandboxReply:
        if path == "/v1/models" or path.startswith("/v1/models/"):
            _require_method(method, "GET")
            return _answer_models(path[len("/v1/models/") :])
        served = catalog.list_models(path)
        if not served:
            raise NotFoundError(f"The sandbox has no {path[:100]}. It serves: {_PATHS}.")
        _require_method(method, "POST")
        form, raw = None, b""
        if is_multipart(headers):
            form = await read_upload(body, headers, self.turns)
            named = form.text("model") or _default(path)
        elif path in UPLOADS:
            raise UnsupportedMediaTypeError(f"{path} takes multipart/form-data, not JSON.")
        elif path == "/v1/images/edits":
            written, kind = write_edit_form(await self._read_json(body))
            form = await read_upload(written, {b"content-type": kind}, self.turns)
            named = form.text("model") or _default(path)
        else:
            raw = await self._read_json(body)
            named = read_call(raw, _Maybe).model or _default(path)
            if not named:
                named = read_call(raw, Named).model
        asked, controls = split_model(named)
        faults = read_faults(controls, headers.get(HEADER, b"").decode("latin-1"))
        model = _require_model(asked, served, path)
        number = self._draws.draw(faults)
        if (latency := self._draws.latency_s(faults, number)) > 0:
            await sleep(latency)
        if self._draws.is_failing(faults, number):
            return spoil(asked_failure(faults), faults)
        if form is not None:
            return spoil(await self._serve_form(model.name, path, form, faults), faults)
        return spoil(await self._serve(model, path, headers, raw, faults), faults)

    async def _answer_film(
        self, method: str, rest: str, query: str, headers: Headers, body: Body
    ) -> SandboxReply:
        """The routes of films that exist; they name no model."""
        faults = read_faults("", headers.get(HEADER, b"").decode("latin-1"))
        number = self._draws.draw(faults)
        if (latency := self._draws.latency_s(faults, number)) > 0:
            await sleep(latency)
        if self._draws.is_failing(faults, number):
            return spoil(asked_failure(faults), faults)
        raw = await self._read_json(body)
        return spoil(self._desk.serve(method, rest, query, raw, faults), faults)

    async def _read_json(self, body: Body) -> bytes:
        if not isinstance(body, Segments):
            return bytes(body)
        source = Joined(body)
        if source.size > MOST_JSON:
            raise BodyTooLargeError(f"The JSON has {source.size} bytes; the most is {MOST_JSON}.")
        return source.read(0, source.size)

    async def _serve_form(self, model: str, path: str, form: Form, faults: Faults) -> SandboxReply:
        usage = not faults.no_usage
        if model == catalog.VIDEO:
            return self._desk.create(form, faults)
        if model == catalog.HEARING:
            translate = path.endswith("/translations")
            return await answer_hearing(form, self.studio.hearing, translate=translate, usage=usage)
        if path == "/v1/images/edits":
            call = read_edit(form, self._seed, model)
            return await answer_retouch(call, self.studio.drawing, self._created(), usage=usage)
        if path == "/v1/images/variations":
            call = read_variation(form, self._seed, model)
            return await answer_retouch(call, self.studio.drawing, self._created(), usage=usage)
        raise UnsupportedMediaTypeError(f"{path} takes JSON, not multipart/form-data.")

    async def _serve(  # noqa: PLR0911  (one return a model)
        self, entry: catalog.Entry, path: str, headers: Headers, body: bytes, faults: Faults
    ) -> SandboxReply:
        usage, model = not faults.no_usage, entry.name
        if model == catalog.VIDEO:
            return self._desk.create(body, faults)
        if model == catalog.SPEECH:
            call = read_call(body, SpeechCall)
            return await answer_speech(call, self.studio.speaking, usage=usage)
        if model == catalog.EMBEDDING:
            call = read_call(body, EmbeddingCall)
            meaning = self._meaning if await self._meaning.admit() else None
            return answer_embeddings(call, model, meaning, usage=usage)
        if model == catalog.IMAGE:
            return await self._answer_images(read_call(body, ImageCall), headers, usage=usage)
        if model == catalog.MODERATION:
            return answer_moderations(read_call(body, ModerationCall))
        if model == catalog.RERANK:
            call = read_call(body, RerankCall)
            meaning = self._meaning if await self._meaning.admit() else None
            return answer_rerank(call, meaning, usage=usage)
        if path == "/v1/completions":
            head = ChatHead(
                id="cmpl-" + secrets.token_hex(14), created=self._created(), model=model
            )
            call = read_call(body, CompletionCall)
            return answer_completion(call, head, seed=self._seed, usage=usage)
        head = ChatHead(
            id="chatcmpl-" + secrets.token_hex(14), created=int(self._clock.now()), model=model
        )
        call = read_call(body, ChatCall)
        told = await tell_attachments(call, self.studio.drawing)
        if call.tools or call.response_format is not None:
            await self.turns.turn()  # a hard schema takes milliseconds before anything is sent
        return answer_chat(
            call, head, seed=self._seed, usage=usage, reasons=entry.reasons, told=told
        )

    async def _answer_images(
        self, call: ImageCall, headers: Headers, *, usage: bool
    ) -> SandboxReply:
        pictures = image.plan_pictures(call, self._seed, catalog.IMAGE)
        first = pictures[0]
        size = (first.width, first.height)

        def count(sizes: list[tuple[int, int]]) -> dict[str, object]:
            return image.write_usage(call.prompt, sizes, first.detail)

        if call.response_format == "url" and self._link is not None and not call.stream:
            rest = {**tell_facts(first), "size": f"{first.width}x{first.height}"}
            if usage:
                rest["usage"] = count([size] * len(pictures))
            urls = [{"url": self._link(picture, headers)} for picture in pictures]
            return whole(msgspec.json.encode({"created": self._created(), "data": urls, **rest}))
        coarse = (call.partial_images or 0) if call.stream else 0
        outputs = [
            self.studio.drawing.begin(Order(picture=picture, coarse=coarse)) for picture in pictures
        ]
        sheet = Sheet(
            created=self._created(),
            facts=tell_facts(first),
            usage=count if usage else None,
            size=size,
            event="image_generation" if call.stream else "",
            coarse=coarse,
        )
        return await answer_pictures(outputs, sheet, [])

    def _created(self) -> int:
        return int(self._clock.now())


class _Maybe(msgspec.Struct):
    model: Annotated[str, Meta(max_length=512)] = ""


def _default(path: str) -> str:
    """The model that is meant where none is named; empty where OpenAI has no default."""
    if path == _FILMS[:-1]:
        return catalog.VIDEO
    if path == "/v1/moderations":
        return catalog.MODERATION
    return catalog.IMAGE if path.startswith("/v1/images/") else ""


_PATHS = ", ".join([*catalog.PATHS, "/v1/models"])


def _require_method(method: str, allowed: str) -> None:
    if method != allowed:
        raise MethodNotAllowedError(
            f"This route takes {allowed}, not {method[:20]}.",
            headers=[(b"allow", allowed.encode())],
        )


def _require_model(asked: str, served: tuple[str, ...], path: str) -> catalog.Entry:
    """The model's entry; raises for a name that is unknown, or known and not served at this path."""
    entry = catalog.ENTRIES.get(asked)
    if entry is None:
        near = get_close_matches(asked, catalog.MODELS, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(catalog.MODELS)}."
        raise ModelNotFoundError(f"The model '{asked[:80]}' does not exist. {hint}", param="model")
    if asked not in served:
        raise InvalidRequestError(
            f"{asked} is not served at {path}. Use {' or '.join(served)} here.", param="model"
        )
    return entry


def _answer_models(name: str) -> SandboxReply:
    models = {
        model: {
            "id": model,
            "object": "model",
            "created": catalog.CREATED,
            "owned_by": catalog.OWNER,
        }
        for model in catalog.MODELS
    }
    if not name:
        return whole(msgspec.json.encode({"object": "list", "data": list(models.values())}))
    if name not in models:
        raise ModelNotFoundError(f"The model '{name[:80]}' does not exist.", param="model")
    return whole(msgspec.json.encode(models[name]))
