"""The log: lines of text or JSON on stderr, written by a thread of its own, without secrets.

Records are finished and redacted where they are made, then queued: the event loop never waits for
a terminal or a full disk. When the queue is full, records are dropped and counted. Bodies are never
logged; whoever logs passes ids, names and numbers, through `extra` where they should be fields.
"""

import copy
import logging
import queue
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Any, Literal, TextIO, cast

import msgspec

from nexhina.telemetry.redaction import Redactor

LogFormat = Literal["text", "json"]

_QUEUED = 10_000
_STOP_SECONDS = 5.0
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogSetup:
    """A running log. `stop` writes what is queued and puts the logging module back as it was."""

    def __init__(self, level: int | str, form: LogFormat, stream: TextIO) -> None:
        self.redactor = Redactor()
        self._queue: queue.Queue[logging.LogRecord] = queue.Queue(_QUEUED)
        self._handler = _FinishingHandler(self._queue, self.redactor)
        writer = logging.StreamHandler(stream)
        writer.setFormatter(_JsonFormatter() if form == "json" else _TextFormatter())
        self._listener = _Listener(self._queue, writer)
        self._root = logging.getLogger()
        self._own = logging.getLogger("nexhina")
        self._before = (self._root.level, self._own.level)
        self._root.addHandler(self._handler)
        self._root.setLevel(logging.WARNING)
        self._own.setLevel(level)
        self._listener.start()

    @property
    def dropped(self) -> int:
        """Records that were lost because the queue was full."""
        return self._handler.dropped

    def stop(self) -> None:
        """Ends the log; may be called twice."""
        if self._handler not in self._root.handlers:
            return
        self._root.removeHandler(self._handler)
        self._root.setLevel(self._before[0])
        self._own.setLevel(self._before[1])
        self._listener.finish(_STOP_SECONDS)


def start_logging(
    level: int | str = "INFO", form: LogFormat = "text", stream: TextIO | None = None
) -> LogSetup:
    """The running log: ours from `level` on, other libraries from WARNING on."""
    return LogSetup(level, form, sys.stderr if stream is None else stream)


class _FinishingHandler(QueueHandler):
    """Makes records final before they cross to the writer: rendered, redacted, without objects."""

    def __init__(self, records: queue.Queue[logging.LogRecord], redactor: Redactor) -> None:
        super().__init__(records)
        self.dropped = 0
        self._redactor = redactor
        self._exceptions = logging.Formatter()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        redact = self._redactor.redact
        final = copy.copy(record)
        final.msg = redact(_render(record))
        final.args = None
        if record.exc_info:
            final.exc_text = redact(self._exceptions.formatException(record.exc_info))
        elif record.exc_text:
            final.exc_text = redact(record.exc_text)
        final.exc_info = None
        if record.stack_info:
            final.stack_info = redact(record.stack_info)
        for name, value in _extras(record).items():
            plain = value if isinstance(value, int | float | bool | None) else redact(str(value))
            final.__dict__[name] = plain
        return final

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            cast("queue.Queue[logging.LogRecord]", self.queue).put_nowait(record)
        except queue.Full:
            self.dropped += 1


class _Listener(QueueListener):
    """The writing thread. It is a daemon: one that hangs on its stream does not hold up the end."""

    def finish(self, seconds: float) -> None:
        """Waits so long for what is queued to be written."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            # None ends the thread. The base class would raise here when the queue is full.
            cast("queue.Queue[object]", self.queue).put(None, timeout=seconds)
        except queue.Full:
            return
        thread.join(seconds)


class _TextFormatter(logging.Formatter):
    """One line per record; a message can't fake a second one, nor move a terminal's cursor."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _extras(record).items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}{fields}"
        text = _visible(line)
        for block in (record.exc_text, record.stack_info):
            if block:
                text += "".join(f"\n    {_visible(each)}" for each in block.splitlines())
        return text


class _JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            entry["exception"] = record.exc_text
        if record.stack_info:
            entry["stack"] = record.stack_info
        for name, value in _extras(record).items():
            entry.setdefault(name, value)
        return msgspec.json.encode(entry).decode()


def _render(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError) as error:  # the wrong number or kind of arguments
        return f"{record.msg!s} (arguments unusable: {error})"


def _extras(record: logging.LogRecord) -> Mapping[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _time(record: logging.LogRecord) -> str:
    stamp = datetime.fromtimestamp(record.created, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _visible(line: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in line
    )
