"""Wrapping functions of modules that are imported now or later, without importing them."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

__all__ = ["wrap", "wrap_when_imported"]

Wrapper = Callable[[ModuleType], None]


def wrap(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace an attribute by what ``make`` returns for it, if there is one of its own."""
    original = vars(owner).get(name)
    if original is not None:
        setattr(owner, name, make(original))


def wrap_when_imported(wrappers: Mapping[str, Wrapper]) -> None:
    """Call each function with the module of its name, now or when it has been imported."""
    waiting = {name: wrapper for name, wrapper in wrappers.items() if name not in sys.modules}
    if waiting:
        sys.meta_path.insert(0, _Finder(waiting))
    for name, wrapper in wrappers.items():
        if name not in waiting:
            wrapper(sys.modules[name])


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules as the others do, and has them wrapped after they have been executed."""

    def __init__(self, waiting: dict[str, Wrapper]) -> None:
        self._waiting = waiting

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module that waits to be wrapped."""
        wrapper = self._waiting.pop(fullname, None)
        if wrapper is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, wrapper)
        return spec


class _Loader(importlib.abc.Loader):
    """A loader that wraps what it has loaded."""

    def __init__(self, loader: Any, wrapper: Wrapper) -> None:
        self._loader = loader
        self._wrapper = wrapper

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Create the module."""
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        """Execute and wrap the module, whose loader is then its own again."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._wrapper(module)
