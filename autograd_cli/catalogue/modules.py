"""Where modules are, without importing them or any package on the way."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path


def find_module(name: str, beside: Path | None = None) -> Path | None:
    """The file of a module, looked for as an import would, but with no package on the way imported.

    Args:
        name: the full name.
        beside: a folder to look into first, as a program's own folder is.

    """
    if beside is not None and (near := beside.joinpath(*name.split(".")).with_suffix(".py")).is_file():
        return near
    path: Sequence[str] | None = None
    spec: ModuleSpec | None = None
    words = name.split(".")
    for count in range(1, len(words) + 1):
        spec = _find_spec(".".join(words[:count]), path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
        if path is None and count < len(words):
            return None
    origin = spec.origin if spec and spec.has_location else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _find_spec(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
    try:
        return next((spec for find in finders if find and (spec := find(name, path, None))), None)
    except (ImportError, ValueError):
        return None
