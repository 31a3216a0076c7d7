"""How many processors this process may use: affinity, and the quotas that containers set."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def cores(cgroups: Path = _CGROUPS, own: Path = _OWN) -> int:
    """Processors that this process may use, at least 1; of a quota of 1.5 only one is whole.

    Args:
        cgroups: where the control groups are mounted.
        own: the file that names the groups of this process.

    """
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(int(min([count, *_quotas(cgroups, own)])), 1)


def _quotas(cgroups: Path, own: Path) -> Iterator[float]:
    """Quotas in processors: of the process's groups and all above them, in version 2 and version 1.

    In a container the named path is often that of the host; then the mount's top is the container's group.
    """
    text = ""
    with suppress(OSError):
        text = own.read_text()
    paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in text.splitlines())}
    for folder in _upwards(cgroups, paths.get("", "/")):
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (folder / "cpu.max").read_text().split()
            yield float(quota) / float(period)  # "max" is no number: no quota
    for controllers, path in [*paths.items(), ("cpu", "/")]:
        if "cpu" not in controllers.split(","):
            continue
        for name in {controllers, "cpu"}:
            for folder in _upwards(cgroups / name, path):
                with suppress(OSError, ValueError, ZeroDivisionError):
                    quota_us = float((folder / "cpu.cfs_quota_us").read_text())
                    if quota_us > 0:  # -1: no quota
                        yield quota_us / float((folder / "cpu.cfs_period_us").read_text())


def _upwards(top: Path, path: str) -> Iterator[Path]:
    """The folder of a group, and of every group that it is in."""
    group = Path(path.lstrip("/").replace("..", ""))
    yield from (top / part for part in (group, *group.parents))
