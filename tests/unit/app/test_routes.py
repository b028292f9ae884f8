"""Routes whose rooms are opened late are named one by one: none of the contract's is forgotten."""

from typing import Any, cast

import pytest

from nexhina.app.routes import (
    choose_error_writer,
    list_films,
    list_stored,
    write_google_error,
)
from nexhina.contract.operation import Operation
from nexhina.contract.route import ROUTES
from nexhina.gateway.answer import write_plain_error
from nexhina.ports import Headers


def test_every_route_of_films_is_run_by_their_room() -> None:
    places = list_films(cast("Any", None))
    assert set(places) == {
        (route.path, method)
        for route in ROUTES
        if route.operation is Operation.VIDEO
        for method in route.methods
    }


def test_every_route_around_a_stored_response_is_run_by_their_room() -> None:
    places = list_stored(cast("Any", None))
    asked = {"/v1/responses", "/v1/responses/compact"}
    assert set(places) == {
        (route.path, method)
        for route in ROUTES
        if route.path.startswith("/v1/responses") and route.path not in asked
        for method in route.methods
    }


@pytest.mark.parametrize(
    ("path", "query", "headers", "google"),
    [
        (b"/v1beta/nothing", b"", {}, True),
        (b"/v1/models/a/b", b"", {b"x-goog-api-key": b"k"}, True),
        (b"/v1/models/a/b", b"key=k", {}, True),
        (b"/v1/models/a/b", b"pageSize=2&key=k", {}, True),
        (b"/v1/models/\xff", b"key=\xff", {}, True),
        (b"/v1/models/a/b", b"monkey=k", {}, False),
        (b"/v1/models/key=k", b"", {}, False),
        (b"/v1/chat", b"key=k", {b"x-goog-api-key": b"k"}, False),
    ],
)
def test_errors_of_no_route_are_in_googles_shape_for_its_kinds_of_key(
    path: bytes, query: bytes, headers: Headers, google: bool
) -> None:
    wanted = write_google_error if google else write_plain_error
    assert choose_error_writer(path, query, headers) is wanted
