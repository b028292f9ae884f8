"""Which handler serves what."""

import pytest

from nexhina.contract.route import ROUTES
from nexhina.errors import InvalidRequestError, MethodNotAllowedError, NotFoundError
from nexhina.gateway.router import Router, is_public
from support.edge import echo, echo_routes, handler


def test_an_exact_path_is_found_with_its_method() -> None:
    routes = echo_routes()
    match = Router(routes).find(b"POST", b"/v1/echo")
    assert match.handler is routes["/v1/echo", "POST"]
    assert match.path == "/v1/echo"
    assert match.public


def test_a_head_request_is_served_by_get() -> None:
    router = Router(echo_routes())
    assert router.find(b"HEAD", b"/v1/echo").method == "GET"
    assert router.find(b"HEAD", b"/v1/models/m").method == "GET"


def test_a_parameter_is_decoded_and_may_hold_slashes() -> None:
    router = Router(echo_routes())
    assert router.find(b"GET", b"/v1/models/org%2Fname%20x").params == {"model": "org/name x"}
    assert router.find(b"GET", b"/v1/models/org/name").params == {"model": "org/name"}
    assert router.find(b"GET", b"/v1/models").params == {}


def test_an_empty_parameter_does_not_match() -> None:
    with pytest.raises(NotFoundError):
        Router(echo_routes()).find(b"GET", b"/v1/models/")


def test_head_goes_to_get_unless_it_has_a_handler_of_its_own() -> None:
    own, get = handler(echo), handler(echo)
    routes = {("/a/{name}", "GET"): get, ("/b/{name}", "GET"): get, ("/b/{name}", "HEAD"): own}
    router = Router(routes)
    match = router.find(b"HEAD", b"/a/x")
    assert (match.handler, match.method) == (get, "GET")
    match = router.find(b"HEAD", b"/b/x")
    assert (match.handler, match.method) == (own, "HEAD")


def test_an_escaped_letter_is_the_same_path() -> None:
    assert Router(echo_routes()).find(b"POST", b"/v1/%65cho").path == "/v1/echo"


def test_a_wrong_method_names_the_right_ones() -> None:
    with pytest.raises(MethodNotAllowedError) as caught:
        Router(echo_routes()).find(b"DELETE", b"/v1/echo")
    assert caught.value.headers == [(b"allow", b"GET, HEAD, OPTIONS, POST")]
    with pytest.raises(MethodNotAllowedError) as caught:
        Router(echo_routes()).find(b"POST", b"/v1/models/m")
    assert caught.value.headers == [(b"allow", b"GET, HEAD, OPTIONS")]


def stored_routes() -> Router:
    serve = handler(echo)
    paths = {
        ("/v1/responses", "POST"),
        ("/v1/responses/{id}", "GET"),
        ("/v1/models/{model}", "GET"),
    }
    paths |= {("/v1/responses/{id}/cancel", "POST"), ("/v1/responses/input_tokens", "POST")}
    return Router(dict.fromkeys(paths, serve))


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (b"/v1/responses/r/cancel", b"OPTIONS, POST"),
        (b"/v1/responses/input_tokens", b"OPTIONS, POST"),
        (b"/v1/responses", b"OPTIONS, POST"),
        (b"/v1/responses/r", b"GET, HEAD, OPTIONS"),
        (b"/v1/models/a/b", b"GET, HEAD, OPTIONS"),
    ],
)
async def test_a_path_that_is_served_is_no_other_paths_parameter(path: bytes, allow: bytes) -> None:
    router = stored_routes()
    with pytest.raises(MethodNotAllowedError) as caught:
        router.find(b"PUT", path)
    assert caught.value.headers == [(b"allow", allow)]
    other = b"GET" if b"GET" not in allow else b"POST"
    with pytest.raises(MethodNotAllowedError):
        router.find(other, path)


def test_only_a_models_name_may_hold_slashes() -> None:
    for path in (b"/v1/responses/a/b", b"/v1/responses/a%2Fb", b"/v1/responses/a/b/cancel"):
        with pytest.raises(NotFoundError):
            stored_routes().find(b"GET", path)


def test_only_paths_outside_the_api_go_to_the_fallback() -> None:
    fallback = handler(echo)
    router = Router(echo_routes(), fallback)
    assert router.find(b"GET", b"/console/login").handler is fallback
    assert router.find(b"PUT", b"/v1x").handler is fallback
    for path in (b"/v1/unknown", b"/v1beta/models/m:generateContent", b"/v2/rerank", b"/v1/"):
        with pytest.raises(NotFoundError):
            router.find(b"POST", path)


def test_without_a_fallback_all_else_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        Router({}).find(b"GET", b"/")


@pytest.mark.parametrize("path", [b"/v1/%ff", b"/v1/a%00b", b"/v1/a%0d%0ab"])
def test_a_path_that_is_no_text_is_refused(path: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        Router(echo_routes()).find(b"GET", path)


def test_dots_are_not_resolved() -> None:
    with pytest.raises(NotFoundError):
        Router(echo_routes(), handler(echo)).find(b"POST", b"/v1/../v1/echo")


def test_every_route_of_the_contract_can_be_routed() -> None:
    serve = handler(echo)
    router = Router({(route.path, method): serve for route in ROUTES for method in route.methods})
    for route in ROUTES:
        path = route.path.replace("{model}", "some/model").encode()
        for method in route.methods:
            assert router.find(method.encode(), path).handler is serve


def test_the_api_is_known_by_its_prefix() -> None:
    public = [b"/v1", b"/v1/a", b"/v1beta", b"/v1beta/x", b"/v2/rerank", b"/openapi.json"]
    public.append(b"/media/a.png")
    other = [b"/", b"/v", b"/v1x", b"/console/v1/", b"/v1betamax", b"/openapi.json5"]
    other += [b"/media", b"/mediaplayer"]
    assert all(is_public(path) for path in public)
    assert not any(is_public(path) for path in other)


def test_errors_that_no_route_owns_are_in_openai_s_shape_unless_told_otherwise() -> None:
    write = Router(echo_routes()).choose_error_writer(b"/v9beta/x", b"", {})
    assert b'"not_found"' in write(NotFoundError())[2]
