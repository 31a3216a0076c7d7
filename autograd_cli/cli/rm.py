"""`evo rm`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from autograd_cli.cli.choosing import RunsArgument, SinceOption, UntilOption, WhereOption, chosen_runs
from autograd_cli.errors import ConfigError


def rm(
    runs: RunsArgument = None,
    where: WhereOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    replaced: Annotated[
        bool, typer.Option("--superseded", help="Only those half done in whose place others are complete.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove runs for good; without any named, those half done in whose place others are complete."""
    from autograd_cli.compare.selection import removable
    from autograd_cli.display.history import names_below
    from autograd_cli.display.streams import put, tell
    from autograd_cli.runs.folder import remove_run, superseded

    found = chosen_runs(runs, where, since, until)
    if found.note:
        tell(f"note: {found.note}")
    is_named = bool(runs or where or since or until)
    going, staying = removable(found)
    if staying:
        tell(f"note: {len(staying)} runs are still being written, and stay")
    if replaced or not is_named:
        going = superseded(going)
    if not going:
        tell(
            "nothing to remove: no run is half done and completed since"
            if replaced or not is_named
            else "nothing to remove"
        )
        return
    count = f"{len(going)} run{'s' * (len(going) > 1)}"
    put(names_below(going))
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(f"yes: {count} would be removed for good; nobody can be asked here", key="yes")
    if not yes and not typer.confirm(f"Remove {count} for good?"):
        tell("nothing was removed")
        return
    for record in going:
        remove_run(Path(record.path))
    tell(f"removed {count}")
