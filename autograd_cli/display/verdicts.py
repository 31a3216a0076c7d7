"""What `evo verify` found, as a table, as JSON, and as it goes."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Protocol

import orjson

from autograd_cli.display.tables import aligned
from autograd_cli.display.text import json_text, shown
from autograd_cli.verify.cells import Verdict


class Progress(Protocol):
    """Something that shows how far a verification is."""

    def __call__(self, cell: str, total: int) -> None:
        """Show that `cell` comes next, one of `total`."""


def verdicts_table(verdicts: Sequence[Verdict]) -> str:
    """A block a level: the differences that were measured, then what is wrong, if anything."""
    return "\n\n".join(map(_block, verdicts)) + "\n\n" + summary(verdicts) + "\n"


def _block(v: Verdict) -> str:
    e, d = v.equivalence, v.determinism
    steps = f"{e.steps} step" + "s" * (e.steps != 1)
    rows = [("  loss", _exponent(e.loss)), ("  gradients", _each(e.gradients))]
    rows += [("  parameters", _each(e.parameters))]
    if v.gradients:
        rows += [("  finite differences", f"{_exponent(v.gradients.difference)}  ({v.gradients.worst})")]
    rows += [
        (f"  gradcheck {name}", why or "first and second order right") for name, why in v.functions.items()
    ]
    if d:
        apart = (
            "identical" if d.two_threads else f"different, by {_exponent(d.two_threads_difference)} at most"
        )
        rows += [("  repeated", f"{_same(d.again)} here, {_elsewhere(d.elsewhere)}")]
        rows += [("  2 threads", apart)]
    title = f"{v.task} / {v.impl}: {'ok' if v.passed else 'FAILED'}, {steps} against {v.reference}"
    body = aligned(rows[0], rows[1:]).rstrip("\n")
    complaints = [f"  FAILED: {shown(complaint)}" for complaint in v.complaints]
    return "\n".join([shown(title), body, *complaints])


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many levels passed, in one line."""
    failed = [f"{v.task}/{v.impl}" for v in verdicts if not v.passed]
    ok = len(verdicts) - len(failed)
    failures = f"; FAILED: {', '.join(failed)}" if failed else ""
    return shown(f"{ok} of {len(verdicts)} levels verified{failures}")


def verdicts_json(verdicts: Sequence[Verdict]) -> str:
    """Every number, as a JSON array of one object a level."""
    rows = [{"passed": verdict.passed} | orjson.loads(orjson.dumps(verdict)) for verdict in verdicts]
    return json_text(rows)


VERDICT_FORMATS = {"table": verdicts_table, "json": verdicts_json}


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on stderr while it is a terminal; nothing otherwise."""
    if not sys.stderr.isatty():
        yield lambda _cell, _total: None
        return
    from rich.console import Console  # 60 ms that a pipe need not pay
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        done = count()
        yield lambda cell, total: bar.update(task, total=total, completed=next(done), description=shown(cell))


def _each(differences: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {_exponent(value)}" for name, value in differences.items()) or "-"


def _exponent(value: float) -> str:
    return "0" if value == 0 else f"{value:.1e}"


def _elsewhere(same: bool | None) -> str:
    return "not tried in another process" if same is None else f"{_same(same)} in another process"


def _same(same: bool) -> str:
    return "identical" if same else "different"
