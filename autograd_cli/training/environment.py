"""The circumstances of a run: versions, machine, and the state of the git tree that it was started in."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from autograd_cli.training.device import describe_gpu
from autograd_cli.version import __version__
from autograd_cli.warm.start import is_warm

_GIT = ("git", "status", "--porcelain=v2", "--branch", "--untracked-files=no")
_GIT_PATIENCE_S = 2.0


class GitState:
    """Asks git for commit and changes; the answer comes while frameworks are being imported."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        with suppress(OSError):  # no git on this machine
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command
                _GIT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                # Looking must not take git's lock from a command that the user runs at the same time.
                env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
            )

    def read(self) -> dict[str, Any]:
        """`git_commit` and `git_dirty` (tracked files changed); both None outside of a git tree."""
        nothing = {"git_commit": None, "git_dirty": None}
        if self._process is None:
            return nothing
        try:
            answer, _ = self._process.communicate(timeout=_GIT_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return nothing
        lines = answer.splitlines()
        commits = [line.split()[-1] for line in lines if line.startswith("# branch.oid")]
        if self._process.returncode != 0 or not commits:
            return nothing
        commit = None if commits[0] == "(initial)" else commits[0]
        return {"git_commit": commit, "git_dirty": any(not line.startswith("#") for line in lines)}


def describe_environment(device: str, threads: int, git: Mapping[str, Any]) -> dict[str, Any]:
    """What else may decide digits and times, of the frameworks that are loaded.

    `git` is what GitState has read.
    """
    machine = os.uname()
    gpu = describe_gpu() if device == "cuda" else None
    modules = {name: sys.modules.get(name) for name in ("numpy", "torch")}
    versions = {name: str(module.__version__) for name, module in modules.items() if module is not None}
    return {
        "versions": {"evo": __version__, "python": ".".join(map(str, sys.version_info[:3]))} | versions,
        "platform": f"{machine.sysname} {machine.machine}",
        "host": machine.nodename,
        "pid": os.getpid(),
        "device": gpu["name"] if gpu else device,
        "threads": threads,
        **({"start": "warm"} if is_warm() else {}),
        **({"gpu": gpu} if gpu else {}),
        **git,
    }
