"""Routes whose rooms are opened late are named one by one: none of the contract's is forgotten."""

from typing import Any, cast

from nexhina.app.routes import list_films, list_stored
from nexhina.contract.operation import Operation
from nexhina.contract.route import ROUTES


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
