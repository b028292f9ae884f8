"""Traffic in the vendors' documented shapes, through dialects and quirks: one folder per case, adding a case is adding files.

`<provider>/<case>/request.json` is what a caller sends, `upstream.http` (a whole answer, head with
LF) or `upstream.sse` (the body of a stream that ends cleanly) what the vendor sends, `expect.json`:

    dialect         the format on both sides
    caller          the caller's format, where a bridge stands between it and the vendor's `dialect`
    upstream_model  the vendor's name of the model; the caller's, if absent
    form            the request is written as a form; {"file": base64, …} are its files
    lane, sent      how the request goes out, and its JSON if it is not the caller's bytes
    failed          the 200 is no answer to this request
    verdict, error  what a refusal means, and what it says once cleaned
    usage, text_bytes, answer
    client, tail, ended, stream_error   of a stream: what passes, what waits for the journal
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.dialects.dialect import Dialect, Outgoing, Peek
from nexhina.dialects.multipart import read_form_of
from nexhina.dialects.registry import BRIDGES, require_dialect
from nexhina.domain.usage import Usage
from nexhina.ports import Headers
from nexhina.providers.registry import require_provider
from support.wire_case import OPERATIONS, list_cases, read_call, read_http, read_json

CASES = list_cases("expect.json")


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_recorded_traffic_is_understood(folder: Path) -> None:
    expect: dict[str, Any] = read_json(folder / "expect.json")
    provider = require_provider(folder.parent.name)
    spoken = expect["dialect"]
    caller = expect.get("caller")
    dialect = BRIDGES[caller, spoken] if caller else require_dialect(spoken)
    call = read_call(folder, expect)
    body = call.body
    peek = dialect.peek(call)
    upstream_model = expect.get("upstream_model", peek.model)
    quirks = provider.quirks_for(OPERATIONS[caller or dialect.name], upstream_model)
    outgoing = dialect.write_same(peek, body, upstream_model, quirks)
    if "lane" in expect:
        assert outgoing.lane == expect["lane"]
        assert (outgoing.body is body) == (outgoing.lane == "verbatim")
    if "sent" in expect:
        assert read_sent(outgoing) == expect["sent"]
    stream = folder / "upstream.sse"
    if stream.exists():
        check_stream(dialect, peek, upstream_model, stream.read_bytes(), expect)
        return
    status, headers, answer = read_http((folder / "upstream.http").read_bytes())
    if status != 200:
        error = dialect.read_error(status, headers, answer)
        assert provider.classify(status, error.code) == expect["verdict"]
        found = msgspec.structs.asdict(error)
        assert {key: value for key, value in found.items() if value} == expect["error"]
        return
    if peek.stream:
        assert dialect.is_stream_head(headers) == ("failed" not in expect)
        return
    check_answer(dialect, peek, (upstream_model, headers, answer), expect)


def read_sent(outgoing: Outgoing) -> Any:
    """The JSON that goes out; of a form its texts, and the types of its files."""
    body = outgoing.body
    assert isinstance(body, (bytes, bytearray))
    if outgoing.kind is None:
        return msgspec.json.decode(body)
    form = read_form_of(body, outgoing.kind)
    return {
        part.name: part.content_type if part.is_file else form.text(part.name)
        for part in form.parts
    }


def check_answer(
    dialect: Dialect, peek: Peek, reply: tuple[str, Headers, bytes], expect: dict[str, Any]
) -> None:
    upstream_model, headers, body = reply
    found = dialect.read_answer(peek, headers, body)
    assert (found is None) == expect.get("failed", False)
    if found is None:
        return
    assert found.usage == read_usage(expect)
    if "text_bytes" in expect:
        assert found.text_bytes == expect["text_bytes"]
    if "answer" in expect:
        renamed = dialect.write_answer(peek, body, upstream_model, peek.model)
        assert msgspec.json.decode(renamed) == expect["answer"]


def check_stream(
    dialect: Dialect, peek: Peek, upstream_model: str, raw: bytes, expect: dict[str, Any]
) -> None:
    """At once, byte by byte, and in pieces of some lengths: always the same."""
    assert dialect.streams
    for size in (len(raw), 1, 7, 64, 300):
        watch = dialect.watch(peek, upstream_model, peek.model)
        pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
        client = b"".join(watch.feed(piece) for piece in pieces)
        assert client.decode() == expect["client"]
        # A read may end inside the last CRLF: the event is whole with its CR.
        assert watch.finish(clean=True).decode().rstrip() == expect["tail"].rstrip()
        assert watch.ended == expect["ended"]
        assert watch.usage == read_usage(expect)
        assert watch.text_bytes == expect["text_bytes"]
        error = watch.error.message if watch.error is not None else None
        if "stream_error" in expect or watch.ended:
            assert error == expect.get("stream_error")


def read_usage(expect: dict[str, Any]) -> Usage | None:
    return None if expect["usage"] is None else Usage(**expect["usage"])
