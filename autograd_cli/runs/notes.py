"""note.txt: what somebody has written of a run, beside what the run has recorded of itself.

The record's list of files is of what training wrote; a note may come, change and go without touching it.
"""

import os
from pathlib import Path

from autograd_cli.config.reading import read_bounded
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.disk import write_whole
from autograd_cli.runs.record import NOTE

_BYTES_MAX = 2**16


def read_note(folder: Path | str) -> str | None:
    """The note in a run directory, in one line; None if there is none that can be read."""
    if not os.access(f"{folder}/{NOTE}", os.F_OK):  # an error takes longer
        return None
    try:
        text = read_bounded(f"{folder}/{NOTE}", _BYTES_MAX).decode(errors="replace")
    except OSError:
        return None
    return " ".join(text.split()) or None


def write_note(folder: Path, text: str) -> None:
    """Put `text` in the place of the run's note; an empty one removes it.

    Raises:
        ConfigError: it is longer than any note.
        RunError: the directory cannot be written.

    """
    content = f"{text}\n".encode(errors="surrogateescape")
    if len(content) > _BYTES_MAX:
        raise ConfigError(f"text: a note of {len(content)} bytes; at most {_BYTES_MAX} are kept", key="text")
    try:
        if text.strip():
            write_whole(folder / NOTE, content)
        elif os.path.lexists(folder / NOTE):
            (folder / NOTE).unlink()
    except OSError as error:
        raise RunError(f"{folder}: cannot write the note: {error.strerror}") from error
