"""What every test folder shares: the guard of the pure tests, and the running product."""

import sys
from collections.abc import Generator, Iterator

import pytest

from support.place import Place, chained_place, native_place, sandbox_place
from support.product import Product, start_product

_PURE = ("unit",)
_guarded: list[str] = []


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: a pure test may not open a connection, listen, or ask for a name."""
    if not _guarded or event not in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
        return
    address = arguments[1] if event != "socket.getaddrinfo" else arguments[0]
    if isinstance(address, str | bytes) and event != "socket.getaddrinfo":
        return  # a Unix socket, as event loops use among themselves
    raise RuntimeError(f"{_guarded[-1]} touches the network ({event}): move it out of tests/unit")


sys.addaudithook(_refuse_network)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Guards the tests of the pure folders."""
    try:
        folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    except ValueError:
        folder = ""
    if folder not in _PURE:
        return (yield)
    _guarded.append(item.nodeid)
    try:
        return (yield)
    finally:
        _guarded.pop()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A fresh installation, served by a real process with the sandbox as its only vendor."""
    with start_product(tmp_path_factory.mktemp("product") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def chained(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A second Nexhina over the first, by chat only."""
    with chained_place(product, tmp_path_factory.mktemp("chained") / "data") as second:
        yield second


@pytest.fixture(scope="session")
def native(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A second Nexhina over the first, with responses."""
    with native_place(product, tmp_path_factory.mktemp("native") / "data") as second:
        yield second


@pytest.fixture(scope="session", params=["sandbox", "chained", "native"])
def place(request: pytest.FixtureRequest, product: Product) -> Place:
    """The sandbox, then a second Nexhina over the first; all run on while the tests change places."""
    if request.param == "sandbox":
        return sandbox_place(product)
    return request.getfixturevalue(request.param)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says at the end, where nobody overlooks it, what this machine could not check."""
    missing = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple | list) and " is missing: " in str(report.longrepr[2])
    }
    for text in sorted(missing):
        terminalreporter.write_line(f"NOT CHECKED HERE: {text}", red=True, bold=True)
