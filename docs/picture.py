"""Draw the README's picture from real runs: `make picture`.

What stands in it is what a terminal shows: the same renderables, of runs made now.
"""

import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from autograd_cli.compare.comparison import compare, load_runs
from autograd_cli.config.resolve import resolve_command_line
from autograd_cli.display.tables import aligned, comparison_cells
from autograd_cli.display.training import Row, loss_table, rows_to_print, summary_lines
from autograd_cli.training.run import Experiment
from autograd_cli.training.signals import Interruption

PICTURE = Path(__file__).parent / "evo.svg"
LEVELS = ("numpy", "tensor", "autograd", "module")


def train(console: Console | None, task: str, impl: str, *assignments: str) -> Path:
    """Make a run; show it as a terminal would, if a console is given."""
    config = resolve_command_line({"task": task, "impl": impl}, assignments)
    experiment = Experiment(config, Path("runs"))
    rows: list[Row] = []
    for batch in experiment.run(Interruption()):
        rows.extend(rows_to_print(config, batch))
    if console:
        console.print(loss_table(f"{task} / {impl}", rows))
        formula, *rest = summary_lines(experiment.record)
        console.print(formula, style="bold green", highlight=False)
        for line in rest:
            console.print(line, highlight=False)
    return experiment.path


def main() -> None:
    """Train in an empty folder and write the picture."""
    console = Console(record=True, width=116, file=Path(os.devnull).open("w"), force_terminal=True)  # noqa: SIM115
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        console.print("$ evo train --impl optim --task sin print_every=400", style="bold", highlight=False)
        train(console, "sin", "optim", "print_every=400")
        plain = ("start=normal", "bias=false", "lr=1e-6", "dtype=float64", "threads=1")
        paths = [train(None, "mlp", impl, *plain) for impl in LEVELS]
        short = [path.rename(path.with_name(f"mlp-{impl}")) for path, impl in zip(paths, LEVELS, strict=True)]
        console.print("\n$ evo compare runs/mlp-*", style="bold", highlight=False)
        records, _ = load_runs(short)
        console.print(Text(aligned(*comparison_cells(compare(records)))))
    console.save_svg(str(PICTURE), title="evo")


if __name__ == "__main__":
    main()
