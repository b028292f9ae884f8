"""Bridges are imported late, so that this finds what a type checker would."""

import inspect
import subprocess
import sys

import pytest

from nexhina.dialects.dialect import Dialect
from nexhina.dialects.registry import BRIDGES, DIALECTS, VIDEO_VENDORS
from nexhina.dialects.video import VideoVendor


def methods(protocol: type) -> dict[str, list[str]]:
    """The protocol's methods with their parameters."""
    found = inspect.getmembers(protocol, inspect.isfunction)
    return {name: list(inspect.signature(f).parameters) for name, f in found if name[0] != "_"}


@pytest.mark.parametrize("key", BRIDGES, ids=str)
def test_every_bridge_can_be_had_and_is_a_dialect(key: tuple[str, str]) -> None:
    caller, vendor = key
    assert caller in DIALECTS
    bridge = BRIDGES[key]
    assert bridge is BRIDGES[key]
    assert bridge.name
    for name, parameters in methods(Dialect).items():
        assert ["self", *inspect.signature(getattr(bridge, name)).parameters] == parameters, name
    assert vendor in {*DIALECTS, *VIDEO_VENDORS} or vendor.startswith(("dashscope_", "zhipu_"))


@pytest.mark.parametrize("name", VIDEO_VENDORS)
def test_every_vendor_of_films_can_be_had_and_keeps_the_protocol(name: str) -> None:
    vendor = VIDEO_VENDORS[name]
    assert vendor.name == name
    for method, parameters in methods(VideoVendor).items():
        assert ["self", *inspect.signature(getattr(vendor, method)).parameters] == parameters


def test_a_start_loads_no_vendor_that_nobody_asked_for() -> None:
    code = (
        "import sys, nexhina.app\n"
        "print([name for name in sys.modules if name.endswith(('_over_dashscope', '_over_zhipu', '_over_cohere'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_not_there_is_not_there() -> None:
    assert BRIDGES.get(("openai_chat", "nobody")) is None
    assert ("openai_chat", "nobody") not in BRIDGES
    with pytest.raises(KeyError):
        VIDEO_VENDORS["nobody"]
