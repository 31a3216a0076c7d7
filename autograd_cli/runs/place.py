"""The place of a run directory: the folder for runs, and a name in it that nothing else has."""

import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from autograd_cli.config.reading import is_folder, look
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError


def check_name(name: str) -> None:
    """Refuse a run name that is more than the name of a directory.

    Raises:
        ConfigError: the name is empty, hidden, or contains anything that could lead elsewhere.

    """
    if not re.fullmatch(r"\w[\w.+=,@-]*", name) or len(name.encode()) > 200:
        raise ConfigError(
            f"name: '{name}' cannot name a directory; use letters, digits and _ . - + = , @, and no path",
            key="name",
        )


def free_name(folder: Path, name: str) -> str:
    """The name, or with `-2`, `-3`, … behind it: what has the name is a run of the same sweep, half done."""
    found, count = name, 1
    while os.path.lexists(folder / found):
        count += 1
        found = f"{name}-{count}"
    return found


def stem_of(config: RunConfig, started_at: datetime) -> str:
    """The name of a run that the user gave none, up to what makes it unique."""
    # Of a level in a user's file, FILE.py:Class, the class is name enough.
    impl = re.sub(r"\W+", "_", config.impl.rpartition(":")[2])[:40]
    return f"{started_at:%Y%m%dT%H%M%SZ}-{config.task}-{impl}-s{config.seed}"


def make_folder(runs_dir: Path, name: str | None) -> list[Path]:
    """Make the folder for runs, and refuse a name in it that is taken; the folders that had to be made."""
    try:
        made: list[Path] = []
        if not os.path.isdir(runs_dir):
            made = [folder for folder in (runs_dir, *runs_dir.parents) if look(folder) is None]
            runs_dir.mkdir(parents=True, exist_ok=True)
        if name is not None and os.path.lexists(runs_dir / name):
            raise _taken(runs_dir / name)
    except OSError as error:
        raise unusable_folder(runs_dir, error) from error
    return made


def show(hidden: Path, path: Path, *, is_named: bool) -> Path:
    """Give a whole run directory its name, which nothing else has: a run directory is never empty.

    Returns:
        `path` itself if the user has named the run, else `path` with what makes it unique.

    """
    stem = path
    while True:
        path = stem if is_named else stem.with_name(f"{stem.name}-{os.urandom(4).hex()}")
        try:
            os.rename(hidden, path)
        except OSError as error:
            if not os.path.lexists(path):
                raise
            if is_named:
                raise _taken(path) from error
        else:
            return path


def _taken(path: Path) -> ConfigError:
    return ConfigError(f"name: {path} exists already, and no run is ever overwritten", key="name")


def unusable_folder(runs_dir: Path, error: OSError) -> ConfigError:
    """The error for a folder in which no run can be made."""
    with suppress(OSError):
        if look(runs_dir) is not None and not is_folder(runs_dir):
            return ConfigError(f"runs_dir: '{runs_dir}' is not a directory", key="runs_dir")
    return ConfigError(f"runs_dir: cannot write in '{runs_dir}': {error.strerror}", key="runs_dir")
