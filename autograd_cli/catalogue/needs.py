"""What a level needs beside the package itself: an extra, or a C++ compiler."""

import os
import shutil
import sys
from importlib.util import find_spec

from autograd_cli.contract.task import LevelSpec


def lacks(spec: LevelSpec) -> str | None:
    """What is missing on this machine for the level to run, in a line; None if nothing is."""
    if spec.extra and find_spec(spec.extra) is None:
        return f"{spec.extra} is not installed: pip install 'autograd-cli[{spec.extra}]'"
    if spec.compiles and shutil.which(_compiler()) is None:
        return f"there is no C++ compiler '{_compiler()}': install one, or name yours in the variable CXX"
    return None


def _compiler() -> str:
    """The one that torch.compile asks for."""
    return os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
