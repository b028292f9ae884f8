"""Films at the vendors, in their documented shapes: one folder per step, adding a case is adding files.

`<vendor>/<case>/request.json` is what a caller sends to /v1/videos, `upstream.http` what the vendor
answers (head with LF), `film.json`:

    dialect         the vendor's format
    step            submit, or poll (then `vendor_id` is the job that is asked after)
    upstream_model  the vendor's name of the model
    path, sent      where the submission or the question goes, and its JSON or its form's texts
    dropped         parameters that could not be carried
    failed          the 200 is no answer: of a submission nobody knows, a question is asked again
    verdict, error  what a refusal means, and what it says once cleaned
    id, state, percent, url, ask, ms, size, reason   what a 200 says
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.contract.operation import Operation
from nexhina.dialects.multipart import read_form_of
from nexhina.dialects.registry import VIDEO_VENDORS
from nexhina.dialects.video import Ask, Progress
from nexhina.dialects.video_call import read_create
from nexhina.providers.registry import require_provider
from support.inbound import make_inbound
from support.wire_case import list_cases, read_http, read_json

CASES = list_cases("film.json")


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_films_are_asked_for_and_understood(folder: Path) -> None:
    expect: dict[str, Any] = read_json(folder / "film.json")
    provider = require_provider(folder.parent.name)
    film = read_create(make_inbound((folder / "request.json").read_bytes()))
    model = expect.get("upstream_model", film.peek.model)
    service = provider.service(Operation.VIDEO, model)
    assert service is not None
    assert service.dialect == expect["dialect"]
    vendor = VIDEO_VENDORS[service.dialect]
    quirks = provider.quirks_for("video", model)
    if expect["step"] == "submit":
        ask = vendor.write_submit(film.request, model, quirks)
    else:
        ask = vendor.write_poll(expect["vendor_id"])
    assert read_ask(ask) == {
        key: expect[key] for key in ("path", "sent", "dropped") if key in expect
    }
    status, headers, body = read_http((folder / "upstream.http").read_bytes())
    if status != 200:
        error = vendor.read_error(status, headers, body)
        assert provider.classify(status, error.code) == expect["verdict"]
        found = msgspec.structs.asdict(error)
        assert {key: value for key, value in found.items() if value} == expect["error"]
        return
    told: dict[str, Any] = {}
    if expect["step"] == "submit":
        taken = vendor.read_submit(headers, body)
        progress = None if taken is None else taken.progress
        told = {} if taken is None else {"id": taken.id}
    else:
        progress = vendor.read_poll(expect["vendor_id"], headers, body)
    assert (progress is None) == expect.get("failed", False)
    if progress is not None:
        known = ("id", "state", "percent", "url", "ask", "ms", "size", "reason")
        assert told | read_progress(progress) == {
            key: expect[key] for key in known if key in expect
        }


def read_ask(ask: Ask) -> dict[str, Any]:
    """Where the request goes and what it brings."""
    told: dict[str, Any] = {"path": f"{ask.method} {ask.path}"}
    outgoing = ask.outgoing
    if outgoing is None:
        return told
    if outgoing.dropped:
        told["dropped"] = list(outgoing.dropped)
    body = outgoing.body
    assert isinstance(body, bytes)
    if outgoing.kind is None:
        return told | {"sent": msgspec.json.decode(body)}
    form = read_form_of(body, outgoing.kind)
    sent = {part.name: part.content_type or form.text(part.name) for part in form.parts}
    return told | {"sent": sent}


def read_progress(progress: Progress) -> dict[str, Any]:
    """What is known of the job, without what is not."""
    film, error = progress.film, progress.error
    told = {
        "state": progress.state,
        "percent": progress.percent,
        "url": film and film.url,
        "ask": film and film.ask and f"{film.ask.method} {film.ask.path}",
        "ms": progress.ms,
        "size": progress.size,
        "reason": error and {"message": error.message, "code": error.code},
    }
    return {key: value for key, value in told.items() if value is not None}
