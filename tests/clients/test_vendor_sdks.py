"""The vendors' own SDKs and Nexhina ask one recording server for the same things.

What goes out must be the same: method, path, key, body. What comes back is the answers of tests/wire;
the SDK must read the same out of them as the callers of Nexhina get. So a name that is wrong in our
half, or in the answers that it is tested with, is found by the vendor's own code.
"""

import io
import time
import wave
from base64 import b64decode, b64encode
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.film_vendor import FILM
from support.needs import refuse
from support.product import Product
from support.scripted_upstream import Received, ScriptedUpstream, Step, answer, json_answer

WIRE = Path(__file__).resolve().parents[1] / "wire"
KEY = "id.secret-of-the-vendor"
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def make_wav() -> bytes:
    """A tenth of a second of nearly nothing."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\x01\x00" * 800)
    return file.getvalue()


WAV = make_wav()
DATA_URL = f"data:audio/wav;base64,{b64encode(WAV).decode()}"
CHANNELS = {
    "dashscope": (
        "/compatible-mode/v1",
        ",".join(
            (
                *("wanx2.1-t2i-turbo", "wan2.6-t2i", "qwen-image-edit", "gte-rerank-v2"),
                *("qwen3-tts-flash", "qwen3-asr-flash", "wan2.5-t2v", "wan2.5-i2v-preview"),
                *("wan2.7-t2v", "wan2.7-i2v", "wan2.2-kf2v-flash"),
            )
        ),
    ),
    "zhipu": (
        "/api/paas/v4",
        "vendor-cogview=cogview-4-250304,glm-tts,glm-asr-2512,moderation,cogvideox-3",
    ),
    "google": ("/v1beta", "veo-3.1-generate-preview"),
}


class Vendor:
    """Answers by path, and keeps what it was asked."""

    def __init__(self, up: ScriptedUpstream) -> None:
        self.up = up
        self.origin = up.base_url.removesuffix("/v1")
        self.answers: dict[str, bytes] = {}
        up.otherwise = self._play

    def _play(self, request: Received) -> list[Step]:
        for part, step in self.answers.items():
            if part in request.path:
                return [step]
        return [answer(404, b"{}")]

    def answer_as(self, part: str, case: str) -> None:
        """Paths with this part get the answer of a wire case; its links lead here."""
        folder = WIRE / case
        if (events := folder / "upstream.sse").exists():
            self.answers[part] = answer(200, events.read_bytes(), "text/event-stream")
            return
        _, _, body = (folder / "upstream.http").read_bytes().partition(b"\n\n")
        self.answers[part] = answer(200, self.lead_here(body))

    def lead_here(self, body: bytes) -> bytes:
        """The same with this server in the place of the one of the links."""
        return body.replace(b"https://pictures.example", self.origin.encode())

    def take(self) -> list[Received]:
        """What was asked since the last time; links that were followed do not count."""
        taken = [
            each for each in self.up.received if not each.path.startswith(("/a.", "/b.", "/c."))
        ]
        self.up.received.clear()
        return taken


@pytest.fixture(scope="module")
def vendor(product: Product) -> Generator[Vendor]:
    with ScriptedUpstream() as up:
        found = Vendor(up)
        for name, (path, models) in CHANNELS.items():
            product.run(
                *("channels", "add", "--provider", name, "--name", f"{name}-here"),
                *("--base-url", found.origin + path, "--key", KEY, "--models", models),
            )
        yield found
        for name in CHANNELS:
            product.run("channels", "remove", f"{name}-here")


@pytest.fixture(autouse=True)
def fresh(vendor: Vendor) -> None:
    vendor.answers = {f"/{name}.png": answer(200, PNG, "image/png") for name in "abc"}
    vendor.answers["/f.mp4"] = answer(200, FILM, "video/mp4")
    vendor.take()


@pytest.fixture
def dashscope(vendor: Vendor) -> Any:
    try:
        import dashscope
    except ImportError:
        refuse("The package dashscope", "run these tests with `make clients`")
    dashscope.base_http_api_url = f"{vendor.origin}/api/v1"
    dashscope.api_key = KEY
    return dashscope


@pytest.fixture
def zai(vendor: Vendor) -> Any:
    try:
        from zai import ZaiClient
    except ImportError:
        refuse("The package zai-sdk", "run these tests with `make clients`")
    return ZaiClient(api_key=KEY, base_url=f"{vendor.origin}/api/paas/v4", max_retries=0)


@pytest.fixture
def google(vendor: Vendor) -> Any:
    try:
        from google import genai
    except ImportError:
        refuse("The package google-genai", "run these tests with `make clients`")
    return genai.Client(api_key=KEY, http_options={"base_url": vendor.origin})


def read_body(request: Received) -> Any:
    """Its JSON without empty members, or the parts of its form."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/"):
        boundary = kind.partition("boundary=")[2].strip('"').encode()
        parts = request.body.split(b"--" + boundary)[1:-1]
        heads = (part.partition(b"\r\n\r\n") for part in parts)
        return sorted((_read_name(head), data.removesuffix(b"\r\n")) for head, _, data in heads)
    if not request.body:
        return None
    found = msgspec.json.decode(request.body)
    return {name: value for name, value in found.items() if value not in (None, {})}


def _read_name(head: bytes) -> bytes:
    return head.partition(b'name="')[2].partition(b'"')[0]


def show(request: Received) -> tuple[str, str, Any]:
    return request.method, request.path, read_body(request)


def require_same(ours: list[Received], theirs: list[Received], *marks: str) -> None:
    """Every request is the same; `marks`: headers of the vendor's own that must be too."""
    assert [show(each) for each in ours] == [show(each) for each in theirs]
    for our, their in zip(ours, theirs, strict=True):
        for name in ("authorization", "x-goog-api-key", *marks):
            assert our.headers.get(name) == their.headers.get(name), name


def call(product: Product, path: str, body: Any, **headers: str) -> Any:
    told = product.call("POST", path, body, headers)
    assert told.status == 200, told.body
    return told.json() if "json" in told.headers["content-type"] else told.body


def make_film(product: Product, body: Any) -> bytes:
    """The film, when it is there."""
    made = call(product, "/v1/videos", body)
    deadline = time.monotonic() + 60
    while made["status"] in {"queued", "in_progress"}:
        assert time.monotonic() < deadline, made
        time.sleep(0.1)  # another process is at work; there is no event to await
        made = product.call("GET", f"/v1/videos/{made['id']}").json()
    assert made["status"] == "completed", made
    return product.call("GET", f"/v1/videos/{made['id']}/content").body


# --- DashScope ------------------------------------------------------------------------------------


def test_dashscopes_tasks_draw_pictures(product: Product, vendor: Vendor, dashscope: Any) -> None:
    task = {"output": {"task_id": "86ecf553", "task_status": "PENDING"}, "request_id": "r"}
    vendor.answers["/image-synthesis"] = json_answer(task)
    vendor.answer_as("/api/v1/tasks/86ecf553", "dashscope/images_task")
    found = dashscope.ImageSynthesis.call(
        model="wanx2.1-t2i-turbo", prompt="x", negative_prompt="fog", n=2, size="1024*1024", seed=7
    )
    theirs = vendor.take()
    assert found.output.task_status == "SUCCEEDED"
    assert found.output.results[0].url.startswith(f"{vendor.origin}/a.png")
    assert found.usage.image_count == 1
    body = {"model": "wanx2.1-t2i-turbo", "prompt": "x", "negative_prompt": "fog", "n": 2}
    body |= {"size": "1024x1024", "seed": 7, "response_format": "b64_json"}
    told = call(product, "/v1/images/generations", body)
    require_same(vendor.take()[:2], theirs, "x-dashscope-async")
    [picture] = told["data"]
    assert picture["b64_json"] == b64encode(PNG).decode()
    assert picture["revised_prompt"] == found.output.results[0].actual_prompt


def test_dashscopes_messages_draw_pictures(
    product: Product, vendor: Vendor, dashscope: Any
) -> None:
    from dashscope.aigc.image_generation import ImageGeneration

    vendor.answer_as("/multimodal-generation/generation", "dashscope/images_messages")
    messages = [{"role": "user", "content": [{"text": "A flower shop"}]}]
    found = ImageGeneration.call(model="wan2.6-t2i", messages=messages, n=1, watermark=False)
    theirs = vendor.take()
    assert found.output.choices[0].message.content[0]["image"] == f"{vendor.origin}/b.png"
    body = {"model": "wan2.6-t2i", "prompt": "A flower shop", "watermark": False}
    told = call(product, "/v1/images/generations", body | {"response_format": "b64_json"})
    require_same(vendor.take()[:1], theirs)
    assert told["data"][0]["b64_json"] == b64encode(PNG).decode()


def test_dashscope_edits_pictures(product: Product, vendor: Vendor, dashscope: Any) -> None:
    vendor.answer_as("/multimodal-generation/generation", "dashscope/image_edits_form")
    url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    content = [{"image": url}, {"text": "a hat"}]
    found = dashscope.MultiModalConversation.call(
        model="qwen-image-edit",
        messages=[{"role": "user", "content": content}],
        n=1,
        negative_prompt="fog",
    )
    theirs = vendor.take()
    assert found.output.choices[0].message.content[0]["image"] == f"{vendor.origin}/b.png"
    body = {"model": "qwen-image-edit", "prompt": "a hat", "images": [{"image_url": url}]}
    body |= {"negative_prompt": "fog", "response_format": "b64_json"}
    told = call(product, "/v1/images/edits", body)
    require_same(vendor.take()[:1], theirs)
    assert told["data"][0]["b64_json"] == b64encode(PNG).decode()


def test_dashscope_ranks(product: Product, vendor: Vendor, dashscope: Any) -> None:
    vendor.answer_as("/text-rerank", "dashscope/rerank_plain")
    found = dashscope.TextReRank.call(
        model="gte-rerank-v2", query="capital", documents=["Paris", "Rome"], top_n=1, instruct="x"
    )
    theirs = vendor.take()
    [best] = found.output.results
    body = {"model": "gte-rerank-v2", "query": "capital", "documents": ["Paris", "Rome"]}
    told = call(product, "/v1/rerank", body | {"top_n": 1, "instruct": "x"})
    require_same(vendor.take(), theirs)
    assert [(each["index"], each["relevance_score"]) for each in told["results"]] == [
        (best.index, best.relevance_score)
    ]
    assert told["usage"]["total_tokens"] == found.usage.total_tokens


def test_dashscope_speaks(product: Product, vendor: Vendor, dashscope: Any) -> None:
    vendor.answer_as("/multimodal-generation/generation", "dashscope/speech_pcm")
    pieces = dashscope.MultiModalConversation.call(
        model="qwen3-tts-flash",
        text="早上好。",
        voice="Cherry",
        language_type="Chinese",
        instructions="Slowly",
        stream=True,
    )
    sound = b"".join(b64decode(piece.output.audio.data or "") for piece in pieces)
    theirs = vendor.take()
    body = {"model": "qwen3-tts-flash", "input": "早上好。", "voice": "Cherry"}
    body |= {"language_type": "Chinese", "instructions": "Slowly", "response_format": "pcm"}
    assert call(product, "/v1/audio/speech", body) == sound
    require_same(vendor.take(), theirs, "x-dashscope-sse")


def test_dashscope_hears(product: Product, vendor: Vendor, dashscope: Any) -> None:
    vendor.answer_as("/multimodal-generation/generation", "dashscope/transcriptions_plain")
    found = dashscope.MultiModalConversation.call(
        model="qwen3-asr-flash",
        messages=[
            {"role": "system", "content": [{"text": "names"}]},
            {"role": "user", "content": [{"audio": DATA_URL}]},
        ],
        asr_options={"language": "zh"},
    )
    theirs = vendor.take()
    told = hear(product, "qwen3-asr-flash", prompt="names", language="zh")
    require_same(vendor.take(), theirs)
    message = found.output.choices[0].message
    assert (told["text"], told["language"]) == (
        message.content[0]["text"],
        message.annotations[0]["language"],
    )
    assert told["usage"]["seconds"] == found.usage["seconds"]


def hear(product: Product, model: str, **fields: str) -> Any:
    head = 'Content-Disposition: form-data; name="'
    parts = [f'--b\r\n{head}{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    parts += [f'--b\r\n{head}model"\r\n\r\n{model}\r\n']
    parts += [f'--b\r\n{head}file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n']
    body = "".join(parts).encode() + WAV + b"\r\n--b--\r\n"
    kind = {"content-type": "multipart/form-data; boundary=b"}
    return call(product, "/v1/audio/transcriptions", body, **kind)


def test_dashscopes_tasks_make_films(product: Product, vendor: Vendor, dashscope: Any) -> None:
    task = {"output": {"task_id": "9f", "task_status": "PENDING"}, "request_id": "r"}
    vendor.answers["/video-synthesis"] = json_answer(task)
    end = {"task_id": "9f", "task_status": "SUCCEEDED", "video_url": f"{vendor.origin}/f.mp4"}
    usage = {"video_duration": 5, "video_count": 1, "size": "1280*720"}
    vendor.answers["/api/v1/tasks/9f"] = json_answer({"output": end, "usage": usage})
    found = dashscope.VideoSynthesis.call(
        model="wan2.5-t2v", prompt="a wave", size="1280*720", duration=5
    )
    [submitted, polled] = vendor.take()
    assert (found.output.video_url, found.usage.video_duration) == (f"{vendor.origin}/f.mp4", 5)
    body = {"model": "wan2.5-t2v", "prompt": "a wave", "size": "1280x720", "seconds": "5"}
    assert make_film(product, body) == FILM
    ours = vendor.take()
    # These two are no parameters of the API: the SDK's own name of the function, and a switch of old models.
    sent = read_body(submitted)
    for name in ("function", "extend_prompt"):
        sent["input"].pop(name, None)
    assert show(ours[0]) == (submitted.method, submitted.path, sent)
    assert ours[0].headers["x-dashscope-async"] == submitted.headers["x-dashscope-async"]
    assert show(ours[1]) == show(polled)


FIRST, LAST = "https://pictures.example/first.png", "https://pictures.example/last.png"
MEDIA = [{"type": "first_frame", "url": FIRST}, {"type": "last_frame", "url": LAST}]
WAYS = [
    ("wan2.5-i2v-preview", {"img_url": FIRST, "resolution": "720P"}, True, None),
    ("wan2.7-t2v", {"resolution": "720P", "ratio": "16:9"}, False, None),
    ("wan2.7-i2v", {"media": MEDIA, "resolution": "720P"}, True, LAST),
    (
        "wan2.2-kf2v-flash",
        {"first_frame_url": FIRST, "last_frame_url": LAST, "resolution": "720P"},
        True,
        LAST,
    ),
]
"""By model: how the SDK is told, whether there is a first picture, the last one."""


@pytest.mark.parametrize(
    ("model", "told", "first", "last"), WAYS, ids=[model for model, *_ in WAYS]
)
def test_dashscopes_films_are_asked_for_in_the_way_of_their_model(
    product: Product,
    vendor: Vendor,
    dashscope: Any,
    model: str,
    told: dict[str, Any],
    first: bool,
    last: str | None,
) -> None:
    vendor.answers["video-synthesis"] = json_answer(
        {"output": {"task_id": "9f", "task_status": "PENDING"}, "request_id": "r"}
    )
    end = {"task_id": "9f", "task_status": "SUCCEEDED", "video_url": f"{vendor.origin}/f.mp4"}
    vendor.answers["/api/v1/tasks/9f"] = json_answer({"output": end, "usage": {"duration": 5}})
    dashscope.VideoSynthesis.async_call(model=model, prompt="a wave", duration=5, **told)
    [theirs] = vendor.take()
    body: dict[str, Any] = {"model": model, "prompt": "a wave", "size": "1280x720", "seconds": "5"}
    if first:
        body["input_reference"] = {"image_url": FIRST}
    if last:
        body["last_frame_url"] = last
    assert make_film(product, body) == FILM
    sent = read_body(theirs)
    for name in ("function", "extend_prompt"):
        sent["input"].pop(name, None)
    assert show(vendor.take()[0]) == (theirs.method, theirs.path, sent)


# --- Zhipu ----------------------------------------------------------------------------------------


def test_zhipu_draws(product: Product, vendor: Vendor, zai: Any) -> None:
    vendor.answer_as("/images/generations", "zhipu/images_plain")
    found = zai.images.generations(
        model="cogview-4-250304", prompt="x", size="1024x1024", quality="hd"
    )
    theirs = vendor.take()
    assert found.data[0].url == f"{vendor.origin}/c.png"
    body = {"model": "vendor-cogview", "prompt": "x", "size": "1024x1024", "quality": "hd"}
    told = call(product, "/v1/images/generations", body | {"response_format": "b64_json"})
    require_same(vendor.take()[:1], theirs)
    assert told["created"] == found.created
    assert told["data"][0]["b64_json"] == b64encode(PNG).decode()


def test_zhipu_speaks(product: Product, vendor: Vendor, zai: Any) -> None:
    vendor.answers["/audio/speech"] = answer(200, WAV, "audio/wav")
    found = zai.audio.speech(
        model="glm-tts", input="早上好。", voice="tongtong", response_format="wav", speed=1.5
    )
    [theirs] = vendor.take()
    body = {"model": "glm-tts", "input": "早上好。", "voice": "tongtong", "speed": 1.5}
    assert call(product, "/v1/audio/speech", body | {"volume": 1.0}) == found.read() == WAV
    [ours] = vendor.take()
    sent = read_body(theirs)
    assert sent.pop("stream") is False  # as it is without
    assert show(ours) == (theirs.method, theirs.path, sent)


def test_zhipu_hears(product: Product, vendor: Vendor, zai: Any) -> None:
    vendor.answer_as("/audio/transcriptions", "zhipu/transcriptions_like_chat")
    found = zai.audio.transcriptions.create(
        file=("a.wav", io.BytesIO(WAV), "audio/wav"), model="glm-asr-2512", prompt="names"
    )
    theirs = vendor.take()
    told = hear(product, "glm-asr-2512", prompt="names", response_format="json", temperature="0.5")
    require_same(vendor.take(), theirs)
    assert told["text"] == found.choices[0].message.content


def test_zhipu_judges(product: Product, vendor: Vendor, zai: Any) -> None:
    vendor.answer_as("/moderations", "zhipu/moderations_reject")
    zai.moderations.create(model="moderation", input="x")
    theirs = vendor.take()
    told = call(product, "/v1/moderations", {"model": "moderation", "input": "x"})
    require_same(vendor.take(), theirs)
    assert told["results"][0]["flagged"] is True


def test_zhipu_makes_films(product: Product, vendor: Vendor, zai: Any) -> None:
    task = {"id": "7", "model": "cogvideox-3", "request_id": "r", "video_result": []}
    link = {"url": f"{vendor.origin}/f.mp4", "cover_image_url": f"{vendor.origin}/c.png"}
    vendor.answers["/videos/generations"] = json_answer(task | {"task_status": "PROCESSING"})
    done = task | {"task_status": "SUCCESS", "video_result": [link]}
    vendor.answers["/async-result/7"] = json_answer(done)
    begun = zai.videos.generations(
        model="cogvideox-3", prompt="a wave", size="1280x720", duration=5
    )
    found = zai.videos.retrieve_videos_result(begun.id)
    theirs = vendor.take()
    assert (found.task_status, found.video_result[0].url) == ("SUCCESS", link["url"])
    body = {"model": "cogvideox-3", "prompt": "a wave", "size": "1280x720", "seconds": "5"}
    assert make_film(product, body) == FILM
    require_same(vendor.take()[:2], theirs)


# --- Google ---------------------------------------------------------------------------------------


def test_google_makes_films(product: Product, vendor: Vendor, google: Any) -> None:
    from google.genai import types

    name = "models/veo-3.1-generate-preview/operations/abc"
    link = f"{vendor.origin}/v1beta/files/abc:download?alt=media"
    samples = {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": link}}]}}
    vendor.answers[":predictLongRunning"] = json_answer({"name": name})
    vendor.answers[name] = json_answer({"name": name, "done": True, "response": samples})
    vendor.answers["/files/abc:download"] = answer(200, FILM, "video/mp4")
    config = types.GenerateVideosConfig(
        aspect_ratio="16:9", resolution="720p", duration_seconds=8, negative_prompt="fog"
    )
    begun = google.models.generate_videos(
        model="veo-3.1-generate-preview",
        source=types.GenerateVideosSource(prompt="a wave"),
        config=config,
    )
    found = google.operations.get(begun)
    theirs = vendor.take()
    assert found.done
    assert found.response.generated_videos[0].video.uri == link
    body = {"model": "veo-3.1-generate-preview", "prompt": "a wave", "size": "1280x720"}
    body |= {"seconds": "8", "negative_prompt": "fog"}
    assert make_film(product, body) == FILM
    ours = vendor.take()
    require_same(ours[:2], theirs)
    assert ours[2].headers["x-goog-api-key"] == KEY  # the film itself takes the key too
