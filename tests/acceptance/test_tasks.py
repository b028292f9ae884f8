"""A vendor that works on tasks, on the wire: DashScope's pictures through a started server."""

from base64 import b64decode, b64encode
from collections.abc import Iterator

import pytest

from support.bookkeeping import BooksFile
from support.control import VENDOR_KEY, ask
from support.installation import Installation
from support.product import Product, spawn_product
from support.scripted_upstream import Received, ScriptedUpstream, Step, answer, json_answer

SUBMISSION = "/api/v1/services/aigc/text2image/image-synthesis"
POLL = "/api/v1/tasks/86ecf553"
PICTURE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ASK = {"model": "wanx-v2", "prompt": "未来科技城市", "size": "1024x1024", "n": 1}


class Studio:
    """Plays the vendor: each task is ready when it is asked for the second time, or fails."""

    def __init__(self, vendor: ScriptedUpstream) -> None:
        self.vendor = vendor
        self.polls = 0
        self.end: dict[str, object] = {
            "task_status": "SUCCEEDED",
            "results": [{"url": f"{vendor.base_url.removesuffix('/v1')}/a.png"}],
        }
        vendor.otherwise = self.play

    def play(self, request: Received) -> list[Step]:
        if request.path == SUBMISSION:
            task = {"task_id": "86ecf553", "task_status": "PENDING"}
            return [json_answer({"output": task, "request_id": "r"})]
        if request.path == POLL:
            self.polls += 1
            task = {"task_id": "86ecf553", "task_status": "RUNNING"}
            if self.polls > 1:
                task |= self.end
            return [json_answer({"output": task, "usage": {"image_count": 1}})]
        return [answer(200, PICTURE, content_type="image/png")]

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.vendor.received)


@pytest.fixture(scope="module")
def served(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    product = spawn_product(installation.copy(tmp_path_factory.mktemp("tasks")))
    product.key = installation.key
    try:
        yield product
        assert product.stop() == 0
        assert "Traceback" not in product.read_log()
        BooksFile(product.data).require_exact()
    finally:
        if product.process.poll() is None:
            product.process.kill()
            product.process.wait()


@pytest.fixture
def studio(served: Product, vendor: ScriptedUpstream) -> Iterator[Studio]:
    base = vendor.base_url.removesuffix("/v1")
    ask(
        served,
        "channels.add",
        provider="dashscope",
        name="studio",
        base_url=f"{base}/compatible-mode/v1",
        key=VENDOR_KEY,
        models="wanx-v2=wanx2.1-t2i-turbo",
    )
    yield Studio(vendor)
    ask(served, "channels.remove", channel="studio")


def test_a_task_is_sent_once_and_followed_to_its_picture(served: Product, studio: Studio) -> None:
    told = served.call("POST", "/v1/images/generations", ASK | {"response_format": "b64_json"})
    assert told.status == 200, told.body
    assert told.json()["data"] == [{"b64_json": b64encode(PICTURE).decode()}]
    assert (studio.count(SUBMISSION), studio.count(POLL)) == (1, 2)
    sent = studio.vendor.received[0]
    assert sent.headers["x-dashscope-async"] == "enable"
    assert sent.headers["authorization"] == f"Bearer {VENDOR_KEY}"
    assert sent.json() == {
        "model": "wanx2.1-t2i-turbo",
        "input": {"prompt": "未来科技城市"},
        "parameters": {"n": 1, "size": "1024*1024"},
    }
    row = BooksFile(served.data).wait_for(told.headers["x-nexhina-id"])
    assert (row.status, row.attempts) == (200, 1)


def test_a_link_of_the_vendor_becomes_ours(served: Product, studio: Studio) -> None:
    told = served.call("POST", "/v1/images/generations", ASK)
    assert told.status == 200, told.body
    url = told.json()["data"][0]["url"]
    assert "/media/" in url
    assert str(studio.vendor.port) not in url
    assert told.json()["size"] == "1024x1024"


def test_content_that_the_vendor_refuses_inside_the_task_is_the_callers_error(
    served: Product, studio: Studio
) -> None:
    studio.end = {
        "task_status": "FAILED",
        "code": "DataInspectionFailed",
        "message": "Output data may contain inappropriate content.",
    }
    told = served.call("POST", "/v1/images/generations", ASK)
    assert told.status == 400
    assert told.json()["error"]["code"] == "content_policy_violation"
    row = BooksFile(served.data).wait_for(told.headers["x-nexhina-id"])
    assert (row.status, row.charge_nano) == (400, 0)


def test_a_task_that_failed_at_the_vendor_is_a_failed_attempt(
    served: Product, studio: Studio
) -> None:
    studio.end = {"task_status": "FAILED", "code": "InternalError", "message": "oops"}
    told = served.call("POST", "/v1/images/generations", ASK)
    assert told.status == 502
    assert studio.count(SUBMISSION) == 1
