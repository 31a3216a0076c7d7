"""The folder that runs are exported to, and what a run is called in it."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from autograd_cli.compare.fields import name_of
from autograd_cli.config.reading import is_folder, look
from autograd_cli.errors import ConfigError
from autograd_cli.runs.losses import read_losses
from autograd_cli.runs.record import LOSSES, RunRecord

# Says in a folder which tool's files evo has written into it.
_MARK = ".evo-export"


def library(name: str, extra: str) -> Any:
    """A module of another tool's library.

    Raises:
        ConfigError: it is not installed.

    """
    try:
        return import_module(name)
    except ImportError as error:
        missing = error.name or name
        what = f"'{missing}' is not installed; pip install 'autograd-cli[{extra}]'"
        raise ConfigError(f"to: {extra}: {what}", key="to") from error


def claim(output: Path, tool: str) -> None:
    """Make the folder for a tool's files, or make sure that it is one that evo has made for that tool.

    Raises:
        ConfigError: it holds something else, or cannot be made.

    """
    try:
        if look(output) is not None:
            if not is_folder(output):
                raise ConfigError(f"output: '{output}' is not a folder", key="output")
            mark = output / _MARK
            found = mark.read_text(errors="replace").strip() if look(mark) is not None else None
            if found is None and any(output.iterdir()):
                what = "holds files that no export has written; name a new folder"
                raise ConfigError(f"output: '{output}' {what}", key="output")
            if found not in (None, tool):
                raise ConfigError(f"output: '{output}' is an export to {found[:40]}", key="output")
        output.mkdir(parents=True, exist_ok=True)
        (output / _MARK).write_text(f"{tool}\n")
    except OSError as error:
        raise cannot_write(output, error) from error


def cannot_write(output: Path, error: OSError) -> ConfigError:
    """The error for a folder that cannot be written."""
    return ConfigError(f"output: cannot write '{output}': {error.strerror or error}", key="output")


def names_of(records: Sequence[RunRecord]) -> list[str]:
    """What each run is called: the name of its directory, or its whole path where two have the same name."""
    names = [name_of(record) for record in records]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    return [
        record.path.strip("/").replace("/", "-") if name in twice else name
        for record, name in zip(records, names, strict=True)
    ]


def rows_of(record: RunRecord) -> Iterable[tuple[int, float, float | None]]:
    """Step, loss and seconds of every line that a run has recorded.

    Raises:
        RunError: they cannot be read.

    """
    path = Path(record.path)
    return read_losses(path) if record.status == "csv" else read_losses(path / LOSSES, maybe_torn=True)
