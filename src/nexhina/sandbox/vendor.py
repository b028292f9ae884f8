"""The vendor itself: takes a request as any vendor would and answers in OpenAI's wire format.

It is the same object whether it is reached in the process or on a port of its own. How its answers
travel is elsewhere (`upstream.sandbox_transport`, `standalone`).
"""

import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from difflib import get_close_matches

import msgspec

from nexhina.errors import (
    InvalidRequestError,
    MethodNotAllowedError,
    ModelNotFoundError,
    NexhinaError,
    NotFoundError,
)
from nexhina.ports import Clock, Headers
from nexhina.sandbox import catalog, image
from nexhina.sandbox.attachment import tell_attachments
from nexhina.sandbox.chat import ChatHead, answer_chat
from nexhina.sandbox.child import Child
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
from nexhina.sandbox.moderation import ModerationCall, answer_moderations
from nexhina.sandbox.picture import Picture
from nexhina.sandbox.reply import JSON, Piece, SandboxReply, refusal, whole
from nexhina.sandbox.request import ChatCall, EmbeddingCall, ImageCall, Named, read_call
from nexhina.sandbox.rerank import RerankCall, answer_rerank
from nexhina.sandbox.turns import Turns, sleep

Link = Callable[[Picture, Headers], str]


class SandboxVendor:
    """Answers requests. `seed` moves all its texts, pictures and faults; `turns` is shared with players.

    `link` writes an address for a picture; without it pictures are always answered as base64.
    """

    def __init__(
        self, clock: Clock, *, seed: int = 0, child: Child | None = None, link: Link | None = None
    ) -> None:
        self.turns = Turns()
        self.child = child or Child()
        self._clock = clock
        self._seed = seed
        self._link = link
        self._draws = Draws(seed)

    async def answer(self, method: str, path: str, headers: Headers, body: bytes) -> SandboxReply:
        """The answer to one request; errors are answers too. `path` may carry a query."""
        try:
            return await self._answer(method, path.partition("?")[0], headers, body)
        except NexhinaError as error:
            return refusal(error)

    def close(self) -> None:
        """Ends the drawing child."""
        self.child.close()

    async def _answer(self, method: str, path: str, headers: Headers, body: bytes) -> SandboxReply:
        if path == "/v1/models" or path.startswith("/v1/models/"):
            _require_method(method, "GET")
            return _answer_models(path[len("/v1/models/") :])
        served = catalog.list_models(path)
        if not served:
            raise NotFoundError(f"The sandbox has no {path[:100]}. It serves: {_PATHS}.")
        _require_method(method, "POST")
        asked, controls = split_model(read_call(body, Named).model)
        faults = read_faults(controls, headers.get(HEADER, b"").decode("latin-1"))
        model = _require_model(asked, served, path)
        number = self._draws.draw(faults)
        if (latency := self._draws.latency_s(faults, number)) > 0:
            await sleep(latency)
        if self._draws.is_failing(faults, number):
            return spoil(asked_failure(faults), faults)
        return spoil(await self._serve(model, path, headers, body, faults), faults)

    async def _serve(
        self, entry: catalog.Entry, path: str, headers: Headers, body: bytes, faults: Faults
    ) -> SandboxReply:
        usage, model = not faults.no_usage, entry.name
        if model == catalog.EMBEDDING:
            return answer_embeddings(read_call(body, EmbeddingCall), model, usage=usage)
        if model == catalog.IMAGE:
            return await self._answer_images(read_call(body, ImageCall), headers, usage=usage)
        if model == catalog.MODERATION:
            return answer_moderations(read_call(body, ModerationCall))
        if model == catalog.RERANK:
            return answer_rerank(read_call(body, RerankCall), usage=usage)
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
        told = await tell_attachments(call, self.child)
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
        rest: dict[str, object] = {
            "background": "transparent" if first.transparent else "opaque",
            "output_format": first.format,
            "quality": ("low", "medium", "high")[first.detail],
            "size": f"{first.width}x{first.height}",
        }
        if usage:
            rest["usage"] = image.write_usage(call, pictures)
        if call.response_format == "url" and self._link is not None:
            urls = [{"url": self._link(picture, headers)} for picture in pictures]
            return whole(msgspec.json.encode({"created": self._created(), "data": urls, **rest}))
        files = [b64encode(await self.child.draw(picture)) for picture in pictures]
        pieces = _image_pieces(self._created(), files, msgspec.json.encode(rest))
        return SandboxReply(status=200, headers=dict(JSON), pieces=pieces)

    def _created(self) -> int:
        return int(self._clock.now())


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


def _image_pieces(created: int, files: list[bytes], rest: bytes) -> Iterator[Piece]:
    """The answer around large texts that are never copied into one JSON document."""
    yield Piece(0.0, b'{"created":%d,"data":[' % created)
    for place, file in enumerate(files):
        yield Piece(0.0, (b'{"b64_json":"' if not place else b',{"b64_json":"'))
        yield Piece(0.0, file)
        yield Piece(0.0, b'"}')
    yield Piece(0.0, b"]," + rest[1:])
