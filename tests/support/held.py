"""A handler whose call stays open while a test looks at it, over a connection in memory."""

import msgspec

from nexhina.gateway.options import ServerOptions
from nexhina.ports import Client, Inbound
from nexhina.tasks import Wait
from support.edge import MemoryConnection, echo_routes, handler, split_answers

POST = b"POST /v1/run HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
GET = b"GET /v1/echo HTTP/1.1\r\nHost: h\r\n\r\n"


class Held:
    """A handler that waits, so that the test decides how its call goes on."""

    def __init__(self) -> None:
        self.wait: Wait[None] = Wait()
        self.client: Client | None = None
        self.inbound: Inbound | None = None
        self.error: BaseException | None = None

    async def run(self, inbound: Inbound, client: Client) -> None:
        self.inbound = inbound
        self.client = client
        try:
            await self.wait
        except BaseException as error:
            self.error = error
            raise

    def connection(self, options: ServerOptions | None = None) -> MemoryConnection:
        routes = {("/v1/run", "POST"): handler(self.run), ("/v1/run", "GET"): handler(self.run)}
        return MemoryConnection({**echo_routes(), **routes}, options)

    def begin(self, request: bytes = POST) -> tuple[MemoryConnection, Client]:
        memory = self.connection()
        memory.send(request)
        assert self.client is not None
        return memory, self.client


def failing(error: BaseException) -> MemoryConnection:
    async def run(inbound: Inbound, client: Client) -> None:
        raise error

    return MemoryConnection({("/v1/run", "POST"): handler(run)})


def answer_of(data: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    answers = split_answers(data)
    assert len(answers) == 1
    return answers[0]


def code_of(body: bytes) -> str:
    return msgspec.json.decode(body)["error"]["code"]
