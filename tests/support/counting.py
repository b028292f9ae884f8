"""Counts what the loop's thread does while requests run: numbers that cannot flake, unlike seconds."""

import asyncio
import logging
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import msgspec
from sqlalchemy import event
from sqlalchemy.engine import Engine

_LOOP = ("asyncio.", "selectors")


class Counts(msgspec.Struct):
    """What happened on the loop's thread, but for `statements_elsewhere`."""

    calls: int = 0  # Python functions entered but the loop's own: its turns depend on the machine
    tasks: int = 0
    timers: int = 0
    logs: int = 0
    statements: int = 0
    statements_elsewhere: int = 0


@contextmanager
def counting() -> Generator[Counts]:
    """Counts until the block ends. Call it on the loop's thread; the loop must be asyncio's own."""
    counts = Counts()
    here = threading.get_ident()
    loop: Any = asyncio.get_running_loop()
    factory, record = loop.get_task_factory(), logging.getLogRecordFactory()
    call_at = loop.call_at

    def make_task(loop: Any, coro: Any, **more: Any) -> Any:
        counts.tasks += 1
        return asyncio.Task(coro, loop=loop, **more)

    def count_timer(*arguments: Any, **more: Any) -> Any:
        counts.timers += 1
        return call_at(*arguments, **more)

    def make_record(*arguments: Any, **more: Any) -> logging.LogRecord:
        counts.logs += 1
        return record(*arguments, **more)

    def count_statement(*_: Any) -> None:
        if threading.get_ident() == here:
            counts.statements += 1
        else:
            counts.statements_elsewhere += 1

    def count_call(frame: FrameType, what: str, _argument: object) -> None:
        if what == "call" and not frame.f_globals["__name__"].startswith(_LOOP):
            counts.calls += 1

    event.listen(Engine, "before_cursor_execute", count_statement)
    loop.set_task_factory(make_task)
    loop.call_at = count_timer  # call_later goes through it
    logging.setLogRecordFactory(make_record)
    earlier = sys.getprofile()
    sys.setprofile(count_call)
    try:
        yield counts
    finally:
        sys.setprofile(earlier)
        logging.setLogRecordFactory(record)
        del loop.call_at
        loop.set_task_factory(factory)
        event.remove(Engine, "before_cursor_execute", count_statement)
