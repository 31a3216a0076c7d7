"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from autograd_cli.cli.completion import complete_assignment, complete_config, complete_impl, complete_task

Assignments = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Hyperparameters.", autocompletion=complete_assignment),
]
TaskOption = Annotated[str | None, typer.Option(help="The task.", autocompletion=complete_task)]
ImplOption = Annotated[
    str | None, typer.Option(help="The level, or FILE.py:Class for your own.", autocompletion=complete_impl)
]
ConfigOption = Annotated[
    str | None,
    typer.Option(help="YAML file, run directory, or shipped name.", autocompletion=complete_config),
]

DeviceOption = Annotated[str | None, typer.Option(help="cpu or cuda.")]
DtypeOption = Annotated[str | None, typer.Option(help="float32 or float64.")]
RunsDirOption = Annotated[Path, typer.Option(help="Folder for run directories.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
