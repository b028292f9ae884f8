"""The real product as a process: `nexhina serve` on a free port, in a data folder of its own."""

import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from support.command import NEXHINA, clean_environment, run_cli
from support.installation import fresh_installation

START_SECONDS = 30.0
STOP_SECONDS = 40.0  # the drain time, and a little more


class Answer(msgspec.Struct, kw_only=True):
    """What a plain HTTP call got."""

    status: int
    headers: Mapping[str, str]  # by lower-case name
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Product:
    """A running server. `base_url` ends in /v1; `key` is the owner's first token."""

    def __init__(
        self, data: Path, process: subprocess.Popen[bytes], log: Path, ready: dict[str, Any]
    ):
        self.data = data
        self.process = process
        self.log = log
        self.base_url = str(ready["base_url"])
        self.setup_url = ready.get("setup_url")
        self.pid = int(ready["pid"])
        self.key = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.base_url.removesuffix("/v1")

    def run(self, *arguments: str, check: bool = True) -> Any:
        """Runs a CLI command on this installation; returns its JSON document."""
        return run_cli(self.data, *arguments, check=check)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
        seconds: float = 30.0,
    ) -> Answer:
        """One HTTP call; `path` begins with "/"; `body` is sent as JSON. No error is raised for a status."""
        sent = {"authorization": f"Bearer {self.key if key is None else key}", **(headers or {})}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else msgspec.json.encode(body)
            sent.setdefault("content-type", "application/json")
        request = urllib.request.Request(self.origin + path, data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as reply:
                return _read_answer(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return _read_answer(error.code, error.headers, error.read())

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Sends the signal and waits; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(
                f"the server did not stop in {STOP_SECONDS} s:\n{self.read_log()}"
            ) from None

    def read_log(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")


def _read_answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(status=status, headers={k.lower(): v for k, v in headers.items()}, body=body)


def spawn_product(
    data: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    python: Sequence[str] | None = None,
) -> Product:
    """Starts `nexhina serve` and returns once it answers. The caller stops it."""
    data.parent.mkdir(parents=True, exist_ok=True)
    ready, log = data.parent / f"{data.name}.ready.json", data.parent / f"{data.name}.log"
    ready.unlink(missing_ok=True)
    command = [*(python or NEXHINA), "serve", "--port", "0", "--data-dir", str(data)]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**clean_environment(), **(env or {})},
        )
    deadline = time.monotonic() + START_SECONDS
    while not (ready.exists() and ready.read_bytes().strip().endswith(b"}")):
        if process.poll() is not None:
            raise AssertionError(f"the server ended at once:\n{log.read_text(errors='replace')}")
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise AssertionError(
                f"no ready file in {START_SECONDS} s:\n{log.read_text(errors='replace')}"
            )
        time.sleep(0.02)  # the file is how the process speaks; there is no event to await
    return Product(data, process, log, msgspec.json.decode(ready.read_bytes()))


@contextmanager
def start_product(
    data: Path, *arguments: str, env: Mapping[str, str] | None = None, owner: str = "first"
) -> Generator[Product]:
    """A fresh installation of this owner, whose key is known, served until the end."""
    key = "" if data.exists() else fresh_installation(owner).copy_to(data).key
    started = spawn_product(data, *arguments, env=env)
    started.key = key
    try:
        yield started
    finally:
        started.stop()


def await_film(product: Product, name: str, seconds: float = 20.0) -> dict[str, Any]:
    """The film once its job has ended; other processes are at work, and there is no event to await."""
    deadline = time.monotonic() + seconds
    while True:
        film = product.call("GET", f"/v1/video/generations/{name}").json()
        if film["status"] not in {"queued", "in_progress"}:
            return film
        assert time.monotonic() < deadline, film
        time.sleep(0.1)
