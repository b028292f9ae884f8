"""Each status that the document lists for an error is met in the running product, as documented."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from nexhina.contract.openapi import build_document
from nexhina.contract.schema.error import Error
from support.caller import Caller
from support.control import ask
from support.installation import Installation
from support.product import Product
from support.scripted_upstream import ScriptedUpstream, Stall, json_answer, rate_limited
from support.served import serve_installation

DOCUMENT = build_document("1")
COMPONENTS: dict[str, Any] = {
    name: answer
    for name, answer in DOCUMENT["components"]["responses"].items()
    if name.isdigit()  # the others say the same in Google's shape
}
SEEN_ELSEWHERE = {500: "acceptance/test_disk_full.py"}
"""What takes more than a call: there it is asked for by its code."""
LISTED = {
    int(status)
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
    for status in operation["responses"]
} - {200, 202}

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
PICTURE = {"model": "sandbox-image", "prompt": "a lake"}
CAP = 1 << 20


class Got(msgspec.Struct):
    """An error answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Scene:
    """The product and its vendor, with the ways to each error."""

    def __init__(self, product: Product, vendor: ScriptedUpstream) -> None:
        self.product = product
        self.vendor = vendor

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Got:
        answer = self.product.call(method, path, body, **more)
        return Got(answer.status, dict(answer.headers), answer.body)

    def send(self, raw: bytes) -> Got:
        """What these bytes get; `{key}` is the key."""
        with Caller(self.product) as caller:
            caller._sock.sendall(raw.replace(b"{key}", self.product.key.encode()))
            head = caller.read_head()
            return Got(head.status, dict(head.headers), b"".join(caller.pieces()))

    def chat(self, *script: Any, **more: Any) -> Got:
        if script:
            self.vendor.otherwise = list(script)
        return self.call("POST", CHAT, ASKED | more)

    def exhaust(self) -> Got:
        key = str(ask(self.product, "keys.create", name="poor", budget_usd="0.000000001")["key"])
        return self.call("POST", CHAT, ASKED, key=key)

    def contradict(self) -> Got:
        headers = {"idempotency-key": "k"}
        assert self.call("POST", "/v1/images/generations", PICTURE, headers=headers).status == 200
        return self.call("POST", "/v1/images/generations", PICTURE | {"n": 2}, headers=headers)

    def switch_off(self) -> Got:
        self.product.run("channels", "disable", "vendor")
        told = self.chat()
        self.product.run("channels", "enable", "vendor")
        return told


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\n"
BUSY = json_answer({"error": {"message": "boom"}}, 500)

WAYS: dict[int, Callable[[Scene], Got]] = {
    400: lambda scene: scene.call("POST", CHAT, b"{"),
    401: lambda scene: scene.call("POST", CHAT, ASKED, key="sk-wrong"),
    402: lambda scene: scene.exhaust(),
    403: lambda scene: scene.call("POST", CHAT, ASKED, headers={"x-tenant-id": "other"}),
    404: lambda scene: scene.chat(model="no-such-model"),
    405: lambda scene: scene.call("PUT", CHAT, ASKED),
    408: lambda scene: scene.send(b"POST /v1/chat"),
    409: lambda scene: scene.contradict(),
    413: lambda scene: scene.send(HEAD + b"Content-Length: %d\r\n\r\n" % (CAP + 1)),
    414: lambda scene: scene.send(b"GET /v1/models?" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n"),
    415: lambda scene: scene.call("POST", CHAT, b"a=1", headers={"content-type": "text/plain"}),
    426: lambda scene: scene.send(
        b"GET /v1/responses HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nAuthorization: Bearer {key}\r\n\r\n"
    ),
    431: lambda scene: scene.send(HEAD + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n"),
    501: lambda scene: scene.send(HEAD + b"Transfer-Encoding: gzip\r\n\r\n"),
    503: lambda scene: scene.switch_off(),
    504: lambda scene: scene.chat(Stall()),
    502: lambda scene: scene.chat(BUSY),
    429: lambda scene: scene.chat(rate_limited()),
    505: lambda scene: scene.send(b"GET /v1/models HTTP/2.0\r\nHost: h\r\n\r\n"),
}


@pytest.fixture(scope="module")
def scene(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    limits = {
        "NEXHINA_HEAD_TIMEOUT_S": "1",
        "NEXHINA_FIRST_BYTE_TIMEOUT_S": "2",
        "NEXHINA_MAX_BODY_MIB": "1",
    }
    folder = tmp_path_factory.mktemp("statuses")
    with (
        ScriptedUpstream() as vendor,
        serve_installation(installation, folder, vendor, limits) as product,
    ):
        yield Scene(product, vendor)


def test_every_documented_status_has_a_way_to_it() -> None:
    assert set(WAYS) | set(SEEN_ELSEWHERE) == {int(status) for status in COMPONENTS}
    assert {int(status) for status in COMPONENTS} - LISTED == {405, 426}  # of no listed operation


@pytest.mark.parametrize("status", WAYS)
def test_a_documented_status_is_met_as_documented(scene: Scene, status: int) -> None:
    got = WAYS[status](scene)
    assert got.status == status, got.body
    assert got.headers["content-type"] == "application/json"
    error = msgspec.json.decode(got.body, type=Error).error
    assert error.code in COMPONENTS[str(status)]["x-codes"]
    assert re.search(r"[a-z]", error.message)
    about = COMPONENTS[str(status)]["headers"]
    for name, each in about.items():
        if each.get("required"):
            assert got.headers[name.lower()]
    if status in {429, 503}:
        assert "Retry-After" in about


@pytest.mark.parametrize("status", SEEN_ELSEWHERE)
def test_the_other_statuses_are_asked_for_where_it_says(status: int, request: Any) -> None:
    text = (request.config.rootpath / "tests" / SEEN_ELSEWHERE[status]).read_text()
    assert any(f'({status}, "{code}")' in text for code in COMPONENTS[str(status)]["x-codes"])
