"""A real Chromium, driven over its debugging pipe: no driver, no other library.

Messages are JSON documents ended by a NUL byte; Chromium reads descriptor 3 and writes 4.
"""

import base64
import fcntl
import os
import select
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from support.needs import require_chromium

PATIENCE = 30.0  # seconds for any one thing


class Tab:
    """One page in a profile of its own. `complaints` holds what the console said."""

    def __init__(self, browser: "Browser", session: str) -> None:
        self._browser = browser
        self._session = session
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol; returns its result."""
        return self._browser.send(method, self._session, **parameters)

    def open(self, url: str) -> int:
        """Goes to an address and waits for the load; returns the HTTP status."""
        return self._arrive(lambda: self.send("Page.navigate", url=url))

    def press(self, selector: str) -> int:
        """Clicks what leads to another page and waits for it; returns its HTTP status."""
        return self._arrive(lambda: self.click(selector))

    def enter(self) -> int:
        """Presses Enter on what has the focus and waits for the page; returns its HTTP status."""
        return self._arrive(lambda: self.key("Enter", 13))

    def _arrive(self, act: Any) -> int:
        self._browser.events.clear()
        act()
        self._browser.wait_for("Page.loadEventFired", self._session)
        documents = [
            event["params"]["response"]["status"]
            for event in self._browser.events
            if event.get("sessionId") == self._session
            and event["method"] == "Network.responseReceived"
            and event["params"]["type"] == "Document"
        ]
        assert documents, "no page arrived"
        return documents[-1]

    def click(self, selector: str) -> None:
        """Scrolls to an element and clicks its middle with the mouse."""
        x, y = self.value(
            f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView(); "
            "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        self.send("Input.insertText", text=text)

    def key(self, name: str, code: int) -> None:
        """Presses one key, by its DOM name and its Windows key code (Tab: 9, Enter: 13)."""
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=name,
                code=name,
                windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives, from outside of the page's own policy."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        """Makes the window this large, in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def screenshot(self, file: Path) -> None:
        """Writes what is to be seen as PNG."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))


class Browser:
    """The process and its pipe."""

    def __init__(self, program: str, profile: Path) -> None:
        read_end, self._write = os.pipe()
        self._read, write_end = os.pipe()
        # High numbers first, so that moving one to 3 can't overwrite the other.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (read_end, write_end)]

        def move() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--remote-debugging-pipe",
                f"--user-data-dir={profile}",
                "--no-first-run",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-dev-shm-usage",
                *(["--no-sandbox"] if os.getuid() == 0 else []),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=move,  # noqa: PLW1509  (only dup2)
            start_new_session=True,
        )
        for end in (read_end, write_end, *ends):
            os.close(end)
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []
        self._tabs: dict[str, Tab] = {}

    def new_tab(self, language: str = "en") -> Tab:
        """An empty page with cookies of its own, for a visitor who reads this language."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = Tab(self, attached["sessionId"])
        self._tabs[attached["sessionId"]] = tab
        tab.send("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        return tab

    def send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """One command; returns its result, fails with the browser's words."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, msgspec.json.encode(message) + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._last:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def wait_for(self, method: str, session: str) -> None:
        """Returns when this event has come."""
        deadline = time.monotonic() + PATIENCE
        while not any(e["method"] == method and e.get("sessionId") == session for e in self.events):
            self._receive(deadline)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._read], [], [], max(left, 0))
            assert ready, "the browser does not answer"
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser has ended"
            self._buffer += piece
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = msgspec.json.decode(raw)
        if "method" in message:
            self.events.append(message)
            self._note_complaint(message)
        return message

    def _note_complaint(self, event: dict[str, Any]) -> None:
        tab = self._tabs.get(event.get("sessionId", ""))
        if tab is None:
            return
        if event["method"] == "Log.entryAdded":
            entry = event["params"]["entry"]
            if entry["level"] in ("warning", "error"):
                tab.complaints.append(f"{entry['source']}: {entry['text']}")
        elif event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            tab.complaints.append(str(event["params"]))

    def close(self) -> None:
        """Ends it and its children."""
        os.close(self._write)
        os.close(self._read)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def open_browser(profile: Path) -> Generator[Browser]:
    """A Chromium until the end; skips loudly where there is none."""
    browser = Browser(require_chromium(), profile)
    try:
        yield browser
    finally:
        browser.close()
