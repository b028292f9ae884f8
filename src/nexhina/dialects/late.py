"""Parts of a registry that are imported when something is first asked of them.

Most installations use two or three vendors, and most callers one or two formats; all others would
only cost time at start.
"""

from importlib import import_module
from typing import Any


class Late:
    """Stands for an instance of a class beside this module; its name is known without it.

    What was asked for once is kept as an attribute of its own, so that only the first time is slow.
    """

    def __init__(self, name: str, module: str, kind: str, /, **options: Any) -> None:
        self.name = name
        self._module = module
        self._kind = kind
        self._options = options
        self._made: Any = None

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # what copying and the like look for
            raise AttributeError(attribute)
        if self._made is None:
            module = import_module(f"nexhina.dialects.{self._module}")
            self._made = getattr(module, self._kind)(**self._options)
        found = getattr(self._made, attribute)
        setattr(self, attribute, found)
        return found
