"""A caller who leaves when the vendor has already done its work pays what the vendor counted."""

import asyncio

import pytest

from support.stage import JSON, MemoryBlobs, Stage


class SlowBlobs(MemoryBlobs):
    """A store that is asked and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def begin(self, tenant_id, content_type):
        self.asked.set()
        return await asyncio.Future()


@pytest.fixture
async def stage(tmp_path):
    stage = Stage(tmp_path / "journal")
    yield stage
    assert stage.purse.open_holds() == 0
    stage.journal.close(all_booked=False)


async def test_a_caller_who_leaves_while_their_picture_is_stored_pays_for_it(stage):
    stage.model("draw", operations=("images",), image_sizes=("64x64",), image_reply="url")
    stage.price("draw", "image", 40_000.0)
    stage.channel("a", {"draw": "draw"})
    slow = SlowBlobs()
    stage.pipeline.media._blobs = slow
    stage.vendor.answer(200, JSON, b'{"created":1,"data":[{"b64_json":"iVBORw0KGgo="}]}')
    call = stage.post("/v1/images/generations", {"model": "draw", "prompt": "a"})
    await slow.asked.wait()
    call.leave()
    await stage.over(call)
    (row,) = stage.rows()
    assert (row.status, row.charge_nano) == (499, 40_000_000_000_000 // 1_000_000)
    assert [(line.kind, line.quantity) for line in row.lines] == [("image", 1)]
