"""Bridges are imported late, so that this finds what a type checker would."""

import inspect
import subprocess
import sys
from typing import Any

import pytest

from nexhina.dialects.dialect import Dialect
from nexhina.dialects.late import Late
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


@pytest.mark.parametrize(
    "part", [*DIALECTS.items(), *BRIDGES.items()], ids=lambda part: str(part[0])
)
def test_a_part_has_its_name_before_it_is_loaded_and_keeps_it(part: tuple[Any, Dialect]) -> None:
    key, dialect = part
    assert dialect.name == (key if isinstance(key, str) else key[1])
    loaded = dialect.write_ping.__self__
    assert loaded.name == dialect.name


def test_a_late_part_knows_nothing_that_its_class_does_not() -> None:
    late = Late("rerank", "rerank", "Rerank")
    assert not hasattr(late, "remixes")
    assert not hasattr(late, "__copy__")
    assert late.streams is False


@pytest.mark.parametrize("name", VIDEO_VENDORS)
def test_every_vendor_of_films_can_be_had_and_keeps_the_protocol(name: str) -> None:
    vendor = VIDEO_VENDORS[name]
    assert vendor.name == name
    for method, parameters in methods(VideoVendor).items():
        assert ["self", *inspect.signature(getattr(vendor, method)).parameters] == parameters


def test_a_start_loads_no_vendor_that_nobody_asked_for() -> None:
    code = (
        "import sys, nexhina.app.serve\n"
        "print([name for name in sys.modules if name.endswith(('_over_dashscope', '_over_zhipu', '_over_cohere'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_not_there_is_not_there() -> None:
    assert BRIDGES.get(("openai_chat", "nobody")) is None
    assert ("openai_chat", "nobody") not in BRIDGES
    with pytest.raises(KeyError):
        VIDEO_VENDORS["nobody"]
