"""The log: fields, no secrets, no faked lines, no waiting."""

import io
import logging
import threading
from collections.abc import Iterator

import msgspec
import pytest

from nexhina.telemetry import log
from nexhina.telemetry.log import LogSetup, start_logging
from nexhina.telemetry.redaction import MASK

KEY = "sk-" + "0123456789" * 4
LOG = logging.getLogger("nexhina.test")


class Lines:
    """A log under test."""

    def __init__(self, form: str) -> None:
        self.stream = io.StringIO()
        self.setup: LogSetup = start_logging("INFO", form, self.stream)  # pyright: ignore[reportArgumentType]

    def read(self) -> list[str]:
        self.setup.stop()
        return self.stream.getvalue().splitlines()

    def entries(self) -> list[dict[str, object]]:
        return [msgspec.json.decode(line) for line in self.read()]


@pytest.fixture
def text() -> Iterator[Lines]:
    lines = Lines("text")
    yield lines
    lines.setup.stop()


@pytest.fixture
def json() -> Iterator[Lines]:
    lines = Lines("json")
    yield lines
    lines.setup.stop()


def test_a_text_line_has_time_level_logger_message_and_fields(text: Lines) -> None:
    LOG.info("channel %s is %s", "main", "up", extra={"request_id": "abc", "attempt": 2})
    (line,) = text.read()
    stamp, rest = line.split(" ", 1)
    assert stamp.endswith("Z")
    assert rest == "INFO    nexhina.test: channel main is up request_id=abc attempt=2"


def test_a_json_line_has_them_as_fields(json: Lines) -> None:
    LOG.warning("slow", extra={"seconds": 1.5, "channel": "main", "message_id": None})
    (entry,) = json.entries()
    assert entry.pop("time")
    assert entry == {
        "level": "warning", "logger": "nexhina.test", "message": "slow",
        "seconds": 1.5, "channel": "main", "message_id": None,
    }  # fmt: skip


def test_secrets_are_masked_in_message_arguments_fields_and_exceptions(json: Lines) -> None:
    try:
        raise ValueError(f"bad key {KEY}") from RuntimeError(f"http://user:{KEY}@host")
    except ValueError:
        LOG.exception(
            "call with %s failed", KEY, extra={"header": f"Bearer {KEY}"}, stack_info=True
        )
    text = "\n".join(json.read())
    assert "0123456789" not in text
    assert MASK in text
    assert "ValueError" in text
    assert "Traceback" in text


def test_a_watched_secret_is_masked(json: Lines) -> None:
    json.setup.redactor.watch("a private server's key")
    LOG.error("it said: a private server's key")
    assert json.entries()[0]["message"] == f"it said: {MASK}"


def test_an_exception_is_indented_under_its_text_line(text: Lines) -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        LOG.exception("failed")
    first, *rest = text.read()
    assert first.endswith("nexhina.test: failed")
    assert all(line.startswith("    ") for line in rest)
    assert rest[-1] == "    ValueError: boom"


def test_a_message_can_not_fake_a_line_or_move_the_terminal(text: Lines) -> None:
    LOG.info(
        "x\n2030-01-01T00:00:00.000Z ERROR fake: stolen\r\x1b[2J%s", "\u2028y", extra={"f": "a\nb"}
    )
    (line,) = text.read()
    assert "\\n2030" in line
    assert "\x1b" not in line
    assert "\u2028" not in line


def test_a_json_line_stays_one_line(json: Lines) -> None:
    LOG.info("a\nb\r\x1b[2J")
    (entry,) = json.entries()
    assert entry["message"] == "a\nb\r\x1b[2J"


def test_wrong_arguments_lose_no_line_and_raise_nothing(text: Lines) -> None:
    # Straight to the handler: the test runner's own one raises.
    record = LOG.makeRecord(LOG.name, logging.INFO, __file__, 1, "%d pieces", ("three",), None)
    text.setup._handler.handle(record)
    (line,) = text.read()
    assert "%d pieces (arguments unusable" in line


def test_an_object_is_written_as_it_was_when_it_was_logged(text: Lines) -> None:
    state = ["before"]
    LOG.info("state %s", state, extra={"also": state})
    state[0] = "after"
    (line,) = text.read()
    assert "after" not in line


def test_our_debug_lines_and_other_libraries_info_lines_are_left_out(text: Lines) -> None:
    LOG.debug("detail")
    logging.getLogger("elsewhere").info("chatter")
    logging.getLogger("elsewhere").warning("heed")
    assert [line.split(": ")[1] for line in text.read()] == ["heed"]


def test_a_full_queue_drops_and_counts_instead_of_waiting_and_the_rest_is_written() -> None:
    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            gate.wait(30)
            return super().write(text)

    gate = threading.Event()
    stream = Stuck()
    setup = start_logging("INFO", "text", stream)
    try:
        for number in range(10_500):
            LOG.info("line %d", number)
        assert setup.dropped >= 400
    finally:
        gate.set()
        setup.stop()
    assert len(stream.getvalue().splitlines()) == 10_500 - setup.dropped


def test_a_stream_that_hangs_for_ever_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hanging(io.StringIO):
        def write(self, text: str) -> int:
            gate.wait(30)
            return len(text)

    monkeypatch.setattr(log, "_STOP_SECONDS", 0.01)
    gate = threading.Event()
    setup = start_logging("INFO", "text", Hanging())
    try:
        LOG.info("never written")
        setup.stop()
        assert not gate.is_set()
    finally:
        gate.set()


def test_stopping_twice_is_fine_and_puts_the_levels_back() -> None:
    before = (logging.getLogger().level, logging.getLogger("nexhina").level)
    setup = start_logging("DEBUG", "text", io.StringIO())
    setup.stop()
    setup.stop()
    assert (logging.getLogger().level, logging.getLogger("nexhina").level) == before
