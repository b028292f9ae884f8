"""Other makers' clients reach nothing but the Nexhina that the tests start (`make clients` runs them)."""

import os
import sys
from typing import Any

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: whatever a client wants to report, count or download, it does not get out."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # else a Unix socket
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host is not None and host not in LOOPBACK:
        raise RuntimeError(f"a client wants to reach {host} ({event})")


sys.addaudithook(_refuse_outside)

# Clients that see a key of the machine's user must not use it, and the proxies are for subprocesses.
for name in list(os.environ):
    if name.lower().endswith("_proxy") or name.startswith(("OPENAI_API", "OPENAI_BASE", "CO_API")):
        del os.environ[name]
