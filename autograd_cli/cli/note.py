"""`evo note`."""

from pathlib import Path
from typing import Annotated

import typer

from autograd_cli.cli.completion import complete_run


def note(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run: its path, name or @1.", autocompletion=complete_run)
    ],
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What to say of it; without, print what was said.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the note away.")] = False,
) -> None:
    """Say something of a run, which runs and compare show; one note a run, in its note.txt."""
    from autograd_cli.compare.selection import one_run
    from autograd_cli.display.streams import put
    from autograd_cli.errors import ConfigError
    from autograd_cli.runs.notes import write_note

    record = one_run(run)
    if record.status == "csv":
        raise ConfigError(f"argument '{run}': a CSV file has no place for a note")
    if text is None and not remove:
        put(f"{record.note or ''}\n")
    elif text is not None and remove:
        raise ConfigError("remove: give a text, or take the note away, but not both", key="remove")
    else:
        write_note(Path(record.path), text or "")
