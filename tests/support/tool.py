"""Loads a module of tools/, which is no package."""

import importlib.util
import sys
from types import ModuleType

from support.needs import ROOT


def load_tool(name: str) -> ModuleType:
    """The module tools/NAME.py."""
    spec = importlib.util.spec_from_file_location(f"tool_{name}", ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
