"""A client for an ASGI app in the same process: no server, no socket, no other library."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class Page(msgspec.Struct, kw_only=True):
    """An answer. `headers` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Visitor:
    """Calls an app like a browser: keeps cookies, sends forms, tells where it comes from."""

    def __init__(self, app: App, *, host: str = "nexhina.test", language: str = "en") -> None:
        self.app = app
        self.host = host
        self.cookies: dict[str, str] = {}
        self.last: Page | None = None  # what was answered, also when the app raised afterwards
        self.headers = {"accept": "text/html,*/*;q=0.8", "accept-language": language}

    async def get(self, url: str, **headers: str) -> Page:
        return await self.send("GET", url, b"", headers)

    async def post(self, url: str, form: Mapping[str, str], **headers: str) -> Page:
        sent = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"http://{self.host}",
            **headers,
        }
        return await self.send("POST", url, urlencode(form).encode(), sent)

    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        """Header names may be written with "_" for "-"; an empty value leaves the header out."""
        parts = urlsplit(url)
        every = {"host": self.host, **self.headers}
        every |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            every["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in every.items() if v],
            "server": (self.host, 80),
            "client": ("203.0.113.7", 40000),
        }
        said: list[Message] = []
        asked = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Message:
            return next(asked, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            said.append(message)

        try:
            await self.app(scope, receive, send)
        finally:
            self.last = self._read(said) if said else None
        assert self.last is not None, "the app answered nothing"
        return self.last

    def _read(self, said: list[Message]) -> Page:
        head = said[0]
        headers: dict[str, str] = {}
        for raw_name, raw_value in head["headers"]:
            name, value = raw_name.decode().lower(), raw_value.decode("latin-1")
            headers[name] = value
            if name == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self.cookies[key] = morsel.value
        return Page(
            status=head["status"],
            headers=headers,
            body=b"".join(message.get("body", b"") for message in said[1:]),
        )
