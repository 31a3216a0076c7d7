"""What an import would see: a warm process serves those whose imports would have seen the same."""

import os
import sys
from collections.abc import Iterator, Mapping

from autograd_cli.warm.place import PACKAGE

# What the interpreter, the loader, the frameworks and the parser read from the environment when they start.
_PREFIXES = (
    *("PYTHON", "LD_", "DYLD_", "LC_", "MALLOC_", "GLIBC_"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "VECLIB_", "NPY_", "NUMPY_"),
    *(
        "CUDA_",
        "CUDNN_",
        "CUBLAS_",
        "NVIDIA_",
        "NCCL_",
        "TORCH",
        "PYTORCH_",
        "ATEN_",
        "DNNL_",
        "ONEDNN_",
        "TRITON_",
    ),
    *("TYPER_", "_TYPER_"),
)
_NAMES = ("LANG", "LANGUAGE", "GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS", "TERMINAL_WIDTH")
# Lines of /proc/self/status that say what a process may do.
_RIGHTS = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
_SPACES = ("mnt", "net", "user", "uts", "ipc", "pid")

# Text and numbers by what they are about; it travels from one process to another.
Identity = dict[str, object]


def identity(environment: Mapping[str, str], status: Mapping[str, str]) -> Identity:
    """What decides what an import makes, but for the folder that a script or `-m` puts before all others.

    Args:
        environment: the variables that this process was started with.
        status: /proc/self/status, as of `read_status`.

    """
    path = shared_path(sys.path)
    return {
        "the interpreter": [
            *(sys.executable, sys.version, sys.prefix, sys.base_prefix, sys.platform),
            *(repr(sys.flags), repr(sys._xoptions), repr(sys.warnoptions)),
            *(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()),
            getattr(sys.__stdout__, "write_through", None),  # of -u, which no flag tells
        ],
        "the module search path": path,
        "what is installed": [_changed(folder) for folder in path],
        "evo itself": list(_files(PACKAGE)),
        "the environment": sorted(
            f"{name}={value}"
            for name, value in environment.items()
            if name.startswith(_PREFIXES) or name in _NAMES
        ),
        "the rights": [status.get(line, "") for line in _RIGHTS],
        "the namespaces": [_link(f"/proc/self/ns/{space}") for space in _SPACES] + [_link("/proc/self/root")],
    }


def shared_path(path: list[str]) -> list[str]:
    """The search path without its first folder, which is that of the script, or the current one."""
    return path if sys.flags.safe_path else path[1:]


def read_status() -> dict[str, str]:
    """/proc/self/status, by the names of its lines."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def difference(ours: Identity, theirs: Identity) -> str | None:
    """What differs, in words; None if nothing does."""
    return next((what for what in {**ours, **theirs} if ours.get(what) != theirs.get(what)), None)


def _files(folder: str) -> Iterator[str]:
    """Each file below `folder`, with its size and when it was changed."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry.path)
        else:
            at = entry.stat()
            yield f"{entry.path} {at.st_size} {at.st_mtime_ns}"


def _changed(folder: str) -> int:
    """When a distribution was last put into `folder`, or taken out of it; 0 if it is not there."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
