"""Plays pictures as the child finishes them: one JSON document, or events with partial pictures.

A picture's base64 passes through in blocks; it is never whole in this process.
"""

from base64 import b64encode
from collections.abc import Callable, Generator, Iterator

import msgspec

from nexhina.errors import InvalidRequestError
from nexhina.sandbox.output import Output
from nexhina.sandbox.reply import EVENTS, JSON, Piece, SandboxReply

Size = tuple[int, int]


class Sheet(msgspec.Struct, frozen=True):
    """What the pictures of one answer have in common."""

    created: int
    facts: dict[str, object]  # background, output_format, quality
    usage: Callable[[list[Size]], dict[str, object]] | None  # of pictures of these sizes
    size: Size | None  # None: each output tells its own first, and whether it can be seen through
    event: str = ""  # "image_generation" or "image_edit": the answer is a stream
    coarse: int = 0  # partial pictures before each


async def answer_pictures(outputs: list[Output], sheet: Sheet, names: list[str]) -> SandboxReply:
    """The answer, begun once the first picture is there or can't be made.

    `names` are the fields of the order's files, for what InvalidRequestError blames.
    """
    try:
        await outputs[0].wait()
        first = outputs[0].take()
    except InvalidRequestError as error:
        _abandon(outputs)
        place = int(error.param or 0)
        param = names[place] if place < len(names) else None
        raise InvalidRequestError(error.message, param=param, code=error.code) from None
    except BaseException:
        _abandon(outputs)
        raise
    player = _Player(outputs, sheet, first)
    if sheet.event:
        return SandboxReply(
            status=200, headers=dict(EVENTS), pieces=player.play_events(), length_known=False
        )
    return SandboxReply(status=200, headers=dict(JSON), pieces=player.play_document())


def _abandon(outputs: list[Output]) -> None:
    for output in outputs:
        output.abandon()


class _Player:
    def __init__(self, outputs: list[Output], sheet: Sheet, first: bytes | None) -> None:
        self._outputs = outputs
        self._sheet = sheet
        self._first = first
        self._told: dict[str, object] = dict(sheet.facts)

    def play_document(self) -> Iterator[Piece]:
        """One JSON document; sizes and usage stand behind the pictures."""
        sizes: list[Size] = []
        try:
            yield Piece(0.0, b'{"created":%d,"data":[' % self._sheet.created)
            for place, output in enumerate(self._outputs):
                sizes.append((yield from self._read_size(output)))
                yield Piece(0.0, b'{"b64_json":"' if not place else b',{"b64_json":"')
                yield from self._encode(output, last=True)
                yield Piece(0.0, b'"}')
            yield Piece(0.0, b"]," + msgspec.json.encode(self._tell(sizes))[1:])
        finally:
            _abandon(self._outputs)

    def play_events(self) -> Iterator[Piece]:
        """An event for each partial picture and for each finished one."""
        sheet = self._sheet
        try:
            for output in self._outputs:
                size = yield from self._read_size(output)
                facts = {"created_at": sheet.created, **self._told, "size": f"{size[0]}x{size[1]}"}
                for number in range(sheet.coarse + 1):
                    if number < sheet.coarse:
                        name = f"{sheet.event}.partial_image"
                        told = {"type": name, **facts, "partial_image_index": number}
                    else:
                        name = f"{sheet.event}.completed"
                        told = {"type": name, **facts}
                        if sheet.usage is not None:
                            told["usage"] = sheet.usage([size])
                    head = msgspec.json.encode(told)[:-1] + b',"b64_json":"'
                    yield Piece(0.0, b"event: " + name.encode() + b"\ndata: " + head)
                    yield from self._encode(output, last=number == sheet.coarse)
                    yield Piece(0.0, b'"}\n\n')
        finally:
            _abandon(self._outputs)

    def _tell(self, sizes: list[Size]) -> dict[str, object]:
        width, height = sizes[0]
        told = {**self._told, "size": f"{width}x{height}"}
        if self._sheet.usage is not None:
            told["usage"] = self._sheet.usage(sizes)
        return told

    def _take(self, output: Output) -> bytes | None:
        first, self._first = self._first, None
        return output.take() if first is None else first

    def _read_size(self, output: Output) -> Generator[Piece, None, Size]:
        if self._sheet.size is not None:
            return self._sheet.size
        while (chunk := self._take(output)) is None:
            yield Piece(0.0, b"", output.wait())
        width, height, is_clear = msgspec.msgpack.decode(chunk, type=tuple[int, int, bool])
        self._told["background"] = "transparent" if is_clear else "opaque"
        return width, height

    def _encode(self, output: Output, *, last: bool) -> Iterator[Piece]:
        """The base64 of one picture, up to its empty last chunk; of the last one up to the end."""
        while True:
            chunk = self._take(output)
            if chunk:
                yield Piece(0.0, b64encode(chunk))
            elif output.ended or (chunk is not None and not last):
                return
            elif chunk is None:
                yield Piece(0.0, b"", output.wait())
