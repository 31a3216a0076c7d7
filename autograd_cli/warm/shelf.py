"""Modules that have been imported, and are out of sight until somebody imports them.

A worker that is forked with NumPy and torch in its memory has to look like one that has imported neither:
what a run says of its versions, and when it is told how many threads to use, goes by `sys.modules`.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Shelf(MetaPathFinder, Loader):
    """Libraries that come back whole when they are imported, each with those that it has imported itself.

    Args:
        libraries: names of the libraries, each with the modules of it to import; a later one may import an
            earlier one.
        taken: called with the name of a library as soon as it is back.

    """

    def __init__(self, libraries: Iterable[tuple[str, Sequence[str]]], taken: Callable[[str], None]) -> None:
        self._taken: Callable[[str], None] | None = None
        self._modules: dict[str, dict[str, ModuleType]] = {}
        self._imports: dict[str, list[str]] = {}
        self._spec: ModuleSpec | None = None
        sys.meta_path.insert(0, self)
        for library, names in libraries:
            before, whole = set(sys.modules), dict(self._modules)
            for name in names:
                import_module(name)
            self._imports[library] = [other for other in whole if other not in self._modules]
            self._modules = whole
            known = set(self.names)
            # What the standard library brings is nobody's sign.
            self._modules[library] = {
                name: module
                for name, module in sys.modules.items()
                if name not in before | known and name.partition(".")[0] not in sys.stdlib_module_names
            }
            for name in self.names:
                sys.modules.pop(name, None)
        self._taken = taken

    @property
    def names(self) -> list[str]:
        """The modules that are on the shelf."""
        return [name for modules in self._modules.values() for name in modules]

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """Where a library that is on the shelf comes from; the rest is looked for elsewhere."""
        return ModuleSpec(name, self) if self._library_of(name) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module as it was."""
        module = self._modules[str(self._library_of(spec.name))][spec.name]
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Bring back the library that the module belongs to."""
        module.__spec__ = self._spec  # that of the shelf has been put in its place
        library = str(self._library_of(module.__name__))
        modules = self._modules.pop(library)
        for other in self._imports[library]:
            import_module(other)
        sys.modules.update(modules)
        if self._taken:
            self._taken(library)

    def _library_of(self, name: str) -> str | None:
        return next((library for library, modules in self._modules.items() if name in modules), None)
