"""A configuration before it is used: every key with its value, where that came from, and what it may be."""

import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import get_terminal_size

from autograd_cli.config.files import config_folder
from autograd_cli.config.resolve import Explained
from autograd_cli.contract.keys import show
from autograd_cli.display.fitting import Column, fit, lines_of
from autograd_cli.display.text import shown


def settings_table(keys: Sequence[Explained]) -> str:
    """A line a key."""
    columns = [
        Column("key", [shown(key.name) for key in keys]),
        Column("value", [shown(show(key.value)) for key in keys]),
        Column("from", [shown(_short(key.origin)) for key in keys], weight=1),
        Column("may be", [_allowed(key) for key in keys], weight=2, least=20),
        Column("what it is", [key.key.help if key.key else "" for key in keys], weight=3),
    ]
    if sys.stdout.isatty():
        columns, _ = fit(columns, get_terminal_size().columns)
    return "\n".join(lines_of(columns)) + "\n"


def _allowed(key: Explained) -> str:
    if key.key is None:
        return "see evo list"
    return f"{show(key.value)} alone, for this level" if key.is_fixed else key.key.allowed


def _short(origin: str) -> str:
    """`configs/sin.yaml:12` for the files that come with evo."""
    place, colon, line = origin.rpartition(":")
    if colon and Path(place).is_relative_to(config_folder()):
        return f"{Path('configs') / Path(place).relative_to(config_folder())}:{line}"
    return origin
