"""The documented examples through the pipeline, answered by the sandbox vendor."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexhina.contract.openapi import BODIES
from nexhina.contract.schema.example import EXAMPLES
from nexhina.contract.schema.registry import SCHEMAS
from support.sandbox import CHAT, EMBEDDINGS, IMAGES, ask, open_vendor
from support.stage import JSON, Stage

CASES = [
    (CHAT, "chat", "sandbox-chat"),
    (EMBEDDINGS, "embeddings", "sandbox-embedding"),
    (IMAGES, "images", "sandbox-image"),
    ("/v1/moderations", "moderations", "sandbox-moderation"),
]


@pytest.mark.parametrize(("path", "operation", "served_by"), CASES)
async def test_a_documented_example_is_accepted_and_answers_as_documented(
    tmp_path: Path, path: str, operation: str, served_by: str
) -> None:
    body = BODIES[f"POST {path}"]
    assert body.request is not None
    assert isinstance(body.answer, str)
    example: dict[str, Any] = EXAMPLES[body.request]
    stage = Stage(tmp_path / "stage")
    stage.model(example["model"], operations=(operation,))
    stage.channel("a", models={example["model"]: served_by})
    call = stage.post(path, example)
    play = stage.vendor.plays[-1]
    async with open_vendor() as vendor:
        reply, raw = await ask(vendor, path, example | {"model": served_by})
    assert reply.status == 200, raw
    play.answer(200, JSON, raw)
    await stage.over(call)
    assert call.client.status == 200
    msgspec.convert(call.client.json, SCHEMAS[body.answer])
