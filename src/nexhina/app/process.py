"""The process that a server runs in: its loop, its signals, its memory, and why it can't listen."""

import asyncio
import ctypes
import errno
import gc
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from nexhina.gateway.options import MIB

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_log = logging.getLogger("nexhina.app")


def listen_for_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        stop.set()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        _log.info("%s: stopping", number.name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    return stop


def find_runner() -> Callable[[Coroutine[Any, Any, int]], int]:
    """What runs the process's main coroutine on a loop of its own."""
    try:
        from uvloop import run
    except ImportError:  # not on this system: asyncio's own loop does the same, slower
        from asyncio import run
    return run


def settle_memory() -> None:
    """What start-up made stays for good: later collections need not walk it, and come rarely.

    It is not collected first: hardly any of it is garbage, and the first caller would wait. The
    C library keeps up to 32 MiB that large bodies leave behind instead of giving them back: a page
    that is taken anew for each megabyte costs six times what copying the megabyte costs.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # not glibc
        return
    mallopt(_M_TRIM_THRESHOLD, 32 * MIB)
    mallopt(_M_MMAP_THRESHOLD, 8 * MIB)


def url_host(host: str) -> str:
    """The host as it stands in an address that this machine can open."""
    if host in {"0.0.0.0", "::", ""}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def explain_listen_error(host: str, port: int, error: OSError) -> str:
    """One line: what could not be had, and what to do."""
    if error.filename:
        return f"{error.filename} can't be read: {error.strerror}"
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken by another process; choose another --port (0 takes any free one)"
    if error.errno == errno.EACCES:
        return f"{where} may not be used by this user; choose a --port above 1023"
    return f"{where} can't be listened on: {error.strerror or error}; check --host and --port"
