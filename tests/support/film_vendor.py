"""A vendor of films in OpenAI's shape, in a thread of its own, that counts what it is asked."""

import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

FILM = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0\0\x75\x38mdat" + b"frames" * 5000
"""Enough of a film for those who look at its first bytes."""


def make_film(seconds: int) -> bytes:
    """The same with an index that says how long it is."""
    head = b"\0\0\0\x6cmvhd" + bytes(12) + (1000).to_bytes(4, "big")
    head += (seconds * 1000).to_bytes(4, "big") + bytes(80)
    return FILM + (8 + len(head)).to_bytes(4, "big") + b"moov" + head


STILL = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0\x25\x0b\xe6\x89" + b"\0" * 64
)


class FilmVendor(ThreadingHTTPServer):
    """Every job is ready after `polls` questions, unless its prompt says something else.

    "refuse": 400 · "busy": 429 · "policy": a content-policy 400 · "break": the connection closes
    without an answer · "garbage": a 200 that names no job · "fail": it fails · "slow": never ready ·
    "vanish": it is not known any more · "empty": the film is no film · "lasts 3 says 9": its seconds,
    by its file and by the vendor's word.
    """

    daemon_threads = True

    def __init__(self, polls: int = 2) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.polls = polls
        self.lock = threading.Lock()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.submitted: Counter[str] = Counter()  # by prompt
        self.keys: list[str] = []  # Idempotency-Keys, in order
        self.asked: Counter[str] = Counter()  # by job
        self.deleted: list[str] = []
        self.bodies: list[tuple[str, bytes]] = []  # content type and body of submissions
        self.always = ""  # the word that counts in the place of each prompt's
        self.cancels = 200  # status of DELETE
        self.film = FILM
        self.broken_films = 0  # so many downloads break off first
        self.hold = threading.Event()  # unset: submissions wait
        self.hold.set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FilmVendor  # pyright: ignore[reportIncompatibleVariableOverride]  (it is one)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class's name)
        """Silent."""

    def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        if status == 429:
            self.send_header("retry-after", "7")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, status: int, value: object) -> None:
        self.answer(status, msgspec.json.encode(value))

    def refuse(self, status: int, message: str, code: str | None = None) -> None:
        error = {"message": message, "type": "invalid_request_error", "code": code, "param": None}
        self.answer_json(status, {"error": error})

    def do_POST(self) -> None:
        vendor = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        kind = self.headers["content-type"]
        fields = _read_fields(kind, body)
        prompt = fields.get("prompt", "")
        with vendor.lock:
            vendor.submitted[prompt] += 1
            vendor.keys.append(self.headers["idempotency-key"] or "")
            vendor.bodies.append((kind, body))
        if not self.path.startswith("/v1/videos"):
            self.refuse(404, "no such route")
            return
        vendor.hold.wait(20)
        word = vendor.always or prompt.partition(" ")[0]
        if word == "refuse":
            self.refuse(400, "the prompt is too strange", "strange_prompt")
        elif word == "policy":
            self.refuse(400, "this is not allowed", "content_policy_violation")
        elif word == "busy":
            self.refuse(429, "too many")
        elif word == "error":
            self.refuse(500, "something broke")
        elif word == "break":
            self.close_connection = True
        elif word == "garbage":
            self.answer(200, b"<html>hello</html>", "text/html")
        else:
            self.answer_json(200, self.make(prompt, fields))

    def make(self, prompt: str, fields: dict[str, str]) -> dict[str, Any]:
        vendor = self.server
        with vendor.lock:
            name = f"video_up{len(vendor.jobs) + 1}"
            job = vendor.jobs[name] = {
                "id": name,
                "object": "video",
                "created_at": 1,
                "model": fields.get("model", "m"),
                "status": "queued",
                "progress": 0,
                "prompt": prompt,
                "seconds": fields.get("seconds", "4"),
                "size": fields.get("size", "720x1280"),
            }
        return job

    def do_GET(self) -> None:
        vendor = self.server
        path, _, query = self.path.partition("?")
        name, _, rest = path.removeprefix("/v1/videos/").partition("/")
        job = vendor.jobs.get(name)
        if job is None:
            self.refuse(404, "no such video")
        elif rest == "content":
            self.send_film(query, job["prompt"])
        else:
            self.poll(job)

    def send_film(self, query: str, prompt: str) -> None:
        vendor = self.server
        film = vendor.film if prompt[:6] != "lasts " else make_film(int(prompt.split()[1]))
        if query == "variant=thumbnail":
            self.answer(200, STILL, "image/png")
            return
        if query:
            self.refuse(404, "no such variant")
            return
        with vendor.lock:
            vendor.broken_films -= 1
            whole = vendor.broken_films < 0
        self.send_response(200)
        self.send_header("content-type", "video/mp4")
        self.send_header("content-length", str(len(film)))
        self.end_headers()
        self.wfile.write(film if whole else film[: len(film) // 2])
        self.close_connection = not whole

    def poll(self, job: dict[str, Any]) -> None:
        vendor = self.server
        word = job["prompt"].partition(" ")[0]
        with vendor.lock:
            vendor.asked[job["id"]] += 1
            count = vendor.asked[job["id"]]
        if word == "vanish":
            self.refuse(404, "no such video")
            return
        if word == "slow" or count < vendor.polls:
            job |= {"status": "in_progress", "progress": min(90, count * 10)}
        elif word == "fail":
            error = {"code": "moderation_blocked", "message": "the film would not be allowed"}
            job |= {"status": "failed", "error": error}
        else:
            job |= {"status": "completed", "progress": 100}
            job |= {"seconds": job["prompt"].split()[3]} if word == "lasts" else {}
        self.answer_json(200, job)

    def do_DELETE(self) -> None:
        vendor = self.server
        name = self.path.removeprefix("/v1/videos/")
        vendor.deleted.append(name)
        if vendor.cancels != 200:
            self.refuse(vendor.cancels, "it can't be deleted while it runs")
            return
        vendor.jobs.pop(name, None)
        self.answer_json(200, {"id": name, "object": "video.deleted", "deleted": True})


def _read_fields(kind: str, body: bytes) -> dict[str, str]:
    """The text fields of a form, or the members of JSON."""
    if kind.startswith("application/json"):
        return {name: str(value) for name, value in msgspec.json.decode(body).items()}
    boundary = kind.partition("boundary=")[2].encode()
    fields: dict[str, str] = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        if b"filename=" not in head:
            fields[name] = value.removesuffix(b"\r\n").decode()
    return fields


@contextmanager
def film_vendor(polls: int = 2) -> Generator[FilmVendor]:
    """Runs until the block ends."""
    server = FilmVendor(polls)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
