"""What serves each path and method. What only some callers ask for is loaded for the first of them."""

from collections.abc import Callable, Coroutine
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import msgspec

from nexhina.api.plain import PlainEndpoints
from nexhina.app.films import Films
from nexhina.blobs.serve import MediaServer
from nexhina.contract.operation import Operation
from nexhina.contract.route import GOOGLE, ROUTES, Route
from nexhina.dialects.dialect import Dialect, Peek
from nexhina.dialects.openai_error import write_error
from nexhina.dialects.registry import DIALECTS
from nexhina.errors import HeaderList, NexhinaError
from nexhina.gateway.answer import write_plain_error
from nexhina.gateway.options import KIB, MIB
from nexhina.gateway.router import ErrorWriter
from nexhina.pipeline.pipeline import Pipeline
from nexhina.pipeline.steady import Steady, is_steady
from nexhina.ports import Client, Handler, Headers, Inbound, Scan, Wire
from nexhina.settings import Settings
from nexhina.storage.books import MOST_WAITING, Books

if TYPE_CHECKING:
    from nexhina.pipeline.listing import Listing
    from nexhina.pipeline.stored import StoredRoutes

Run = Callable[[Inbound, Client], Coroutine[Any, Any, None]]
Place = tuple[str, str]
"""Path and method."""

SMALL = 64 * KIB
"""The most that a body may have where none is of use."""


class Stored:
    """What our store answers, and the responses in the background: opened for the first caller."""

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._routes: StoredRoutes | None = None

    def routes(self) -> "StoredRoutes":
        """The handlers, opened on first use."""
        if self._routes is None:
            from nexhina.pipeline.background_registry import BackgroundLimits
            from nexhina.pipeline.stored import StoredRoutes

            settings = self._settings
            limits = BackgroundLimits(settings.background_most, settings.background_most_per_key)
            self._routes = StoredRoutes(self._pipeline, limits)
        return self._routes

    def run_create(
        self, route: Route, dialect: Dialect, call: Inbound, client: Client
    ) -> Coroutine[Any, Any, None]:
        """Serves POST /v1/responses: by the pipeline at once, or in the background."""
        try:
            peek = dialect.peek(call)
        except Exception:  # noqa: BLE001  (the pipeline meets it again, and notes it in the log)
            peek = None
        if peek is None or not peek.detached:
            return self._pipeline.run(route, dialect, call, client, peek)
        return self._begin(peek, call, client)

    async def _begin(self, peek: Peek, call: Inbound, client: Client) -> None:
        pipeline = self._pipeline
        principal = pipeline.find_caller(call) or await pipeline.load_caller(call)
        await self.routes().background.begin(principal, peek, call, client)

    @property
    def running(self) -> int:
        """Responses that run in the background now."""
        return 0 if self._routes is None else self._routes.background.running

    async def drain(self, seconds: float) -> None:
        """Returns when no response runs in the background any more."""
        if self._routes is not None:
            await self._routes.background.drain(seconds)


def make_routes(  # noqa: PLR0913  (what it joins)
    pipeline: Pipeline,
    plain: PlainEndpoints,
    media: MediaServer,
    settings: Settings,
    *,
    wire: Wire,
    books: Books,
    films: Films,
    stored: Stored,
) -> dict[Place, Handler]:
    """The handlers of all routes of the contract; everything else goes to the console."""
    routes = dict(list_models(pipeline))
    for route in ROUTES:
        if route.operation is Operation.MODELS:
            continue
        dialect = DIALECTS[route.dialect]
        steady = None
        if is_steady(route):
            steady = Steady(pipeline, wire, route, dialect, books.journal.waiting, MOST_WAITING)
        prepare = steady and steady.prepare
        run = stored.run_create if route.path == "/v1/responses" else pipeline.run
        handler = Handler(
            run=partial(run, route, dialect),
            begin=steady and steady.begin,
            prepare=pipeline.refuse_strangers if route.upload else prepare,
            knows=pipeline.knows_caller,
            write_error=partial(_write_error_in, dialect),
            max_body=settings.max_body_mib * MIB,
            spool=route.upload,
            max_upload=settings.max_upload_mib * MIB,
            scan=_begin_scan,
        )
        for method in route.methods:
            routes[route.path, method] = handler
    for place, run in {**list_stored(stored), **list_films(films)}.items():
        usual, posted = routes[place], place[1] == "POST"
        routes[place] = msgspec.structs.replace(
            usual,
            run=run,
            begin=None,
            prepare=usual.prepare if usual.spool and posted else None,
            write_error=write_error,
            max_body=usual.max_body if posted else SMALL,
            spool=usual.spool and posted,
        )
    for path, run in (
        ("/healthz", plain.run_health),
        ("/health", plain.run_health),
        ("/readyz", plain.run_ready),
        ("/metrics", plain.run_metrics),
        ("/v1", plain.run_index),
        ("/v1/", plain.run_index),
        ("/openapi.json", plain.run_document),
        ("/media/{name}", media.run),
    ):
        routes[path, "GET"] = _make_small(run)
    # HEAD of the others is GET without its body; media tell their length without being read.
    routes["/media/{name}", "HEAD"] = routes["/media/{name}", "GET"]
    return routes


def list_models(pipeline: Pipeline) -> dict[Place, Handler]:
    """What tells of models; it has no format of its own to read."""

    @cache
    def listing() -> "Listing":
        from nexhina.pipeline.listing import Listing

        return Listing(pipeline)

    def make(route: Route) -> Handler:
        if "{" in route.path:
            handler = _make_small(lambda call, client: listing().run_one(call, client))
        else:
            handler = _make_small(lambda call, client: listing().run_list(call, client))
        if not route.path.startswith(GOOGLE):
            return handler
        return msgspec.structs.replace(handler, write_error=write_google_error)

    return {
        (route.path, method): make(route)
        for route in ROUTES
        if route.operation is Operation.MODELS
        for method in route.methods
    }


def list_stored(stored: Stored) -> dict[Place, Run]:
    """Beside the pipeline's own life of a request: our store answers."""
    one = "/v1/responses/{id}"
    return {
        (one, "GET"): lambda call, client: stored.routes().run_get(call, client),
        (one, "DELETE"): lambda call, client: stored.routes().run_delete(call, client),
        (f"{one}/input_items", "GET"): lambda call, client: stored.routes().run_items(call, client),
        (f"{one}/cancel", "POST"): lambda call, client: stored.routes().run_cancel(call, client),
        ("/v1/responses/input_tokens", "POST"): lambda call, client: stored.routes().run_count(
            call, client
        ),
    }


def list_films(films: Films) -> dict[Place, Run]:
    """Beside it as well: a job is made, and asked about."""
    one, made = "/v1/videos/{id}", "/v1/video/generations/{id}"
    return {
        ("/v1/videos", "POST"): lambda call, client: films.routes().run_create(call, client),
        ("/v1/videos", "GET"): lambda call, client: films.routes().run_list(call, client),
        (one, "GET"): lambda call, client: films.routes().run_get(call, client),
        (one, "DELETE"): lambda call, client: films.routes().run_delete(call, client),
        (f"{one}/content", "GET"): lambda call, client: films.routes().run_content(call, client),
        (f"{one}/remix", "POST"): lambda call, client: films.routes().run_remix(call, client),
        (f"{one}/cancel", "POST"): lambda call, client: films.routes().run_cancel(call, client),
        ("/v1/video/generations", "POST"): lambda call, client: films.routes().run_generate(
            call, client
        ),
        (made, "GET"): lambda call, client: films.routes().run_get_generation(call, client),
        (f"{made}/cancel", "POST"): lambda call, client: films.routes().run_cancel_generation(
            call, client
        ),
    }


def _make_small(run: Run) -> Handler:
    return Handler(run=run, write_error=write_error, max_body=SMALL)


def _write_error_in(dialect: Dialect, error: NexhinaError) -> tuple[int, HeaderList, bytes]:
    return dialect.write_error(error)


def choose_error_writer(path: bytes, query: bytes, headers: Headers) -> ErrorWriter:
    """Who writes the error of a request that no route serves, by its path as sent."""
    if path.startswith((GOOGLE.encode(), b"/v1/models")):
        from nexhina.dialects.model_list import wants_google

        if wants_google(path.decode("latin-1"), query, headers):
            return write_google_error
    return write_plain_error


def write_google_error(error: NexhinaError) -> tuple[int, HeaderList, bytes]:
    """The error as Google's clients read it."""
    from nexhina.dialects import google_error

    return google_error.write_error(error)


def _begin_scan(content_type: bytes) -> Scan:
    from nexhina.dialects.multipart import begin_scan

    return begin_scan(content_type)
