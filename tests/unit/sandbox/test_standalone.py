"""The sandbox on its own port: whole answers, streams, pressure, cuts, links to pictures."""

from io import BytesIO
from typing import Any

import msgspec
import pytest
from PIL import Image

from nexhina.errors import HeaderList, InvalidRequestError, NotFoundError
from nexhina.ports import Inbound
from nexhina.sandbox.image import plan_pictures
from nexhina.sandbox.request import ImageCall
from nexhina.sandbox.standalone import Standalone, read_link, write_error, write_link
from nexhina.tasks import drive
from nexhina.telemetry.clock import ManualClock
from support.sandbox import CHAT, IMAGES, make_chat, read_events


class RecordingClient:
    """Keeps what is sent; presses back after `patience` pieces, and is glad again at once."""

    def __init__(self, patience: int | None = None) -> None:
        self.gone = False
        self.started = False
        self.status = 0
        self.headers: HeaderList = []
        self.pieces: list[bytes] = []
        self.end_mark = ""
        self.pauses = 0
        self._patience = patience
        self._pressure: Any = None

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def answer(
        self, status: int, headers: HeaderList, body: bytes | bytearray, lines: bytes = b""
    ) -> None:
        assert not lines
        self.status, self.headers, self.end_mark = status, headers, "answer"
        self.pieces.append(bytes(body))

    def answer_usual(self, kind: bytes, body: bytes | bytearray, lines: bytes) -> None:
        self.answer(200, [(b"content-type", kind)], body, lines)

    def conclude(self, error: BaseException | None) -> None:
        raise AssertionError("nothing here goes by callbacks") from error

    def start(self, status: int, headers: HeaderList, lines: bytes = b"") -> None:
        assert not lines
        assert not self.started
        self.started, self.status, self.headers = True, status, headers

    def write(self, data: bytes) -> None:
        assert data
        self.pieces.append(data)
        if self._patience is not None and len(self.pieces) % self._patience == 0:
            import asyncio

            pause, resume = self._pressure
            pause()
            self.pauses += 1
            asyncio.get_running_loop().call_soon(resume)

    def end(self, data: bytes = b"") -> None:
        self.end_mark = "end"

    def abort(self) -> None:
        self.end_mark = "abort"

    def on_pressure(self, pause: Any, resume: Any) -> None:
        self._pressure = (pause, resume)


@pytest.fixture
async def alone():
    standalone = Standalone(ManualClock())
    yield standalone
    await standalone.vendor.wait_closed()


def make_inbound(path: str, body: Any = b"", method: str = "POST", **headers: bytes) -> Inbound:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return Inbound(
        id="0",
        request_id="0",
        method=method,
        path=path,
        params={},
        query=b"",
        headers={b"host": b"127.0.0.1:8001", **named},
        body=raw,
        peer="127.0.0.1",
        received=0.0,
    )


async def send(alone: Standalone, client: RecordingClient, inbound: Inbound) -> RecordingClient:
    await drive(alone.run(inbound, client))
    return client


async def test_a_whole_answer_goes_out_in_one_write(alone: Standalone):
    client = await send(alone, RecordingClient(), make_inbound(CHAT, make_chat()))
    assert (client.status, client.end_mark, len(client.pieces)) == (200, "answer", 1)
    assert msgspec.json.decode(client.body)["choices"]


async def test_a_stream_goes_out_piece_by_piece(alone: Standalone):
    client = await send(alone, RecordingClient(), make_inbound(CHAT, make_chat(stream=True)))
    assert (client.end_mark, client.started) == ("end", True)
    assert len(client.pieces) > 10
    assert read_events(client.body)


async def test_a_slow_reader_holds_the_stream_and_loses_nothing(alone: Standalone):
    client = RecordingClient(patience=4)
    await send(alone, client, make_inbound(CHAT, make_chat(stream=True)))
    assert client.pauses > 2
    assert read_events(client.body)


async def test_a_cut_answer_is_aborted(alone: Standalone):
    controls = b"chunk_bytes=10,cut_after=3"
    client = RecordingClient()
    await send(alone, client, make_inbound(CHAT, make_chat(), x_sandbox=controls))
    assert client.end_mark == "abort"
    assert len(client.body) == 30


async def test_a_delayed_whole_answer_is_streamed(alone: Standalone):
    controls = b"chunk_bytes=400,chunk_delay_ms=1"
    client = RecordingClient()
    await send(alone, client, make_inbound(CHAT, make_chat(max_tokens=9), x_sandbox=controls))
    assert client.end_mark == "end"
    assert msgspec.json.decode(client.body)["choices"]


async def test_any_key_and_no_key_are_accepted(alone: Standalone):
    inbound = make_inbound("/v1/models", method="GET", authorization=b"Bearer whatever")
    assert (await send(alone, RecordingClient(), inbound)).status == 200


async def test_a_link_shows_the_picture_that_base64_would(alone: Standalone):
    from base64 import b64decode

    call = {"model": "sandbox-image", "prompt": "猫 in a forest", "size": "96x64", "n": 2}
    linked = await send(
        alone, RecordingClient(), make_inbound(IMAGES, {**call, "response_format": "url"})
    )
    packed = await send(alone, RecordingClient(), make_inbound(IMAGES, call))
    urls = [item["url"] for item in msgspec.json.decode(linked.body)["data"]]
    files = [b64decode(item["b64_json"]) for item in msgspec.json.decode(packed.body)["data"]]
    for url, file in zip(urls, files, strict=True):
        assert url.startswith("http://127.0.0.1:8001/media/")
        path = url.removeprefix("http://127.0.0.1:8001")
        shown = await send(alone, RecordingClient(), make_inbound(path, method="GET"))
        assert shown.body == file
        assert (b"content-type", b"image/png") in shown.headers
        assert Image.open(BytesIO(shown.body)).size == (96, 64)


@pytest.mark.parametrize(
    "name", ["", "x", "x.png", "é.png", "AAAA.png", "gaV3aWR0aA.png", "." * 99]
)
async def test_a_made_up_link_is_not_found(alone: Standalone, name: str):
    client = await send(alone, RecordingClient(), make_inbound(f"/media/{name}", method="GET"))
    assert client.status == 404
    assert alone.vendor.studio.drawing.pid is None


def test_a_link_can_not_ask_for_more_than_a_request_could():
    call = ImageCall(model="sandbox-image", prompt="sea", size="64x64")
    picture = plan_pictures(call, 0, "sandbox-image")[0]
    assert read_link(write_link(picture, {}).rsplit("/", 1)[1]) == picture
    for change in (
        {"width": 5000},
        {"width": 4096, "height": 4097},
        {"land": "hell"},
        {"detail": 9},
    ):
        forged = msgspec.structs.replace(picture, **change)
        with pytest.raises(NotFoundError):
            read_link(write_link(forged, {}).rsplit("/", 1)[1])


def test_an_error_before_the_vendor_has_the_same_shape():
    status, headers, body = write_error(InvalidRequestError("no", param="x"))
    assert status == 400
    assert (b"content-type", b"application/json") in headers
    assert msgspec.json.decode(body)["error"]["param"] == "x"
