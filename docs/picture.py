"""Draw the README's picture from real runs: `make picture`.

What stands in it is what a terminal shows: the same renderables, of runs made now.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

import autograd_cli as evo
from autograd_cli.compare.comparison import compare, load_runs
from autograd_cli.display.lines import print_lines
from autograd_cli.display.runs import comparison_cells
from autograd_cli.display.tables import aligned
from autograd_cli.display.training import Row, loss_table, rows_to_print, summary_lines

PICTURE = Path(__file__).parent / "evo.svg"
LEVELS = ("numpy", "tensor", "autograd", "module")


def train(console: Console | None, task: str, impl: str, **keys: Any) -> Path:
    """Make a run; show it as a terminal would, if a console is given."""
    batches: list[evo.Batch] = []
    run = evo.train(task, impl, on_batch=batches.append, **keys)
    if console:
        rows: list[Row] = [row for batch in batches for row in rows_to_print(run.config, batch)]
        console.print(f"{task} / {impl}", style="bold", highlight=False)
        print_lines(console, loss_table(rows))
        formula, *rest = summary_lines(run.record)
        console.print(formula, style="bold green", highlight=False)
        for line in rest:
            console.print(line, highlight=False)
    assert run.path
    return run.path


def main() -> None:
    """Train in an empty folder and write the picture."""
    console = Console(record=True, width=116, file=Path(os.devnull).open("w"), force_terminal=True)  # noqa: SIM115
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        console.print("$ evo train --impl optim --task sin print_every=400", style="bold", highlight=False)
        train(console, "sin", "optim", print_every=400)
        plain = {"start": "normal", "bias": False, "lr": 1e-6, "dtype": "float64", "threads": 1}
        paths = [train(None, "mlp", impl, **plain) for impl in LEVELS]
        short = [path.rename(path.with_name(f"mlp-{impl}")) for path, impl in zip(paths, LEVELS, strict=True)]
        console.print("\n$ evo compare runs/mlp-*", style="bold", highlight=False)
        records, _ = load_runs(short)
        console.print(Text(aligned(*comparison_cells(compare(records)))))
    console.save_svg(str(PICTURE), title="evo")


if __name__ == "__main__":
    main()
