"""What `evo verify` found, as a table, as JSON, and as it goes."""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Protocol

from autograd_cli.display.tables import aligned
from autograd_cli.display.text import json_text, shown
from autograd_cli.verify.cells import Verdict
from autograd_cli.verify.equivalence import Equivalence
from autograd_cli.verify.functions import FunctionCheck
from autograd_cli.verify.report import verdict_json

# The cases that every level has; the others are of odd sizes.
_CASES = ("plain", "as trained", "float32")
_LEGEND = (
    "Largest relative differences; in float32, as a share of what rounding explains;\n"
    "in the last column, of gradients to finite differences. -v tells every number.\n"
)
# So many levels are told in full.
_FEW = 3


class Progress(Protocol):
    """Something that shows how far a verification is."""

    def __call__(self, cell: str, total: int) -> None:
        """Show that `cell` comes next, one of `total`."""


def verdicts_table(verdicts: Sequence[Verdict]) -> str:
    """A picture of tasks and levels, a line a level, and what is wrong; of few levels, what was compared."""
    parts = [_picture(verdicts), _lines(verdicts), _failures(verdicts)]
    if len(verdicts) <= _FEW:
        parts += [_reach(verdict) for verdict in verdicts]
    return "\n".join(filter(None, [*parts, summary(verdicts) + "\n"]))


def verdicts_at_length(verdicts: Sequence[Verdict]) -> str:
    """Every number: a block a level, then what is wrong, if anything."""
    return "\n".join([_picture(verdicts), *map(_block, verdicts), summary(verdicts) + "\n"])


def _picture(verdicts: Sequence[Verdict]) -> str:
    """Tasks down, levels across: `✓` passed, `✗` failed; only where there is more than one level."""
    if len(verdicts) < 2:
        return ""
    marks = {(v.task, _short(v.impl)): "✓" if v.passed else "✗" for v in verdicts}
    tasks, levels = (list(dict.fromkeys(names)) for names in zip(*marks, strict=True))
    return aligned(
        ["", *levels], [[task, *(marks.get((task, level), "") for level in levels)] for task in tasks]
    )


def _short(impl: str) -> str:
    """A level's name; of one in a file the class alone."""
    return impl.rpartition(":")[2]


def _lines(verdicts: Sequence[Verdict]) -> str:
    header = ("level", "", *_CASES, "odd sizes", "differences")
    return aligned(header, [_line(verdict) for verdict in verdicts]) + _LEGEND


def _line(v: Verdict) -> list[str]:
    named = {case.label: case.equivalence for case in v.cases}
    odd = [case.equivalence for case in v.cases if case.label not in _CASES]
    return [
        f"{v.task} / {v.impl}",
        "ok" if v.passed else "FAILED",
        *(_measured(named[label]) if label in named else "-" for label in _CASES),
        _exponent(max(map(_worst, odd))) if odd else "-",
        _exponent(v.gradients.difference) if v.gradients else "-",
    ]


def _measured(e: Equivalence) -> str:
    """How far the two were apart; in float32 how much of what rounding explains."""
    if not e.steps and not e.parted:
        return "-"
    if e.parted:
        return "parted" if e.parted.step < 0 else f"parted at {e.parted.step}"
    return _exponent(_worst(e)) if e.share is None else f"{e.share:.0%}"


def _worst(e: Equivalence) -> float:
    return max([e.loss, *e.gradients.values(), *e.parameters.values()])


def _failures(verdicts: Sequence[Verdict]) -> str:
    return "".join(
        f"FAILED  {shown(f'{v.task} / {v.impl}')}\n" + "".join(_wrapped("  ", c) for c in v.complaints)
        for v in verdicts
        if not v.passed
    )


def _reach(v: Verdict) -> str:
    """What was compared of a level, and what was not."""
    parts = {"  compared   ": v.reach, "  not shown  ": v.not_shown}
    lines = [
        _wrapped(what if i == 0 else " " * len(what), line)
        for what, of_kind in parts.items()
        for i, line in enumerate(of_kind)
    ]
    return f"{shown(f'{v.task} / {v.impl}')}\n" + "".join(lines) if lines else ""


def _wrapped(margin: str, text: str) -> str:
    """A line behind a margin; several, where a terminal is watching and not as wide."""
    if not sys.stdout.isatty():
        return f"{margin}{shown(text)}\n"
    width = max(shutil.get_terminal_size().columns, 40)
    return (
        textwrap.fill(
            shown(text),
            width,
            initial_indent=margin,
            subsequent_indent=" " * len(margin),
            break_on_hyphens=False,
        )
        + "\n"
    )


def _block(v: Verdict) -> str:
    rows = [("  against", f"{v.reference}, within {v.tolerance:g}")]
    for case in v.cases:
        e = case.equivalence
        share = "" if e.share is None else f"   {e.share:.1%} of the bound at most"
        rows += [
            (f"  {case.label}", f"{e.steps} step{'s' * (e.steps != 1)}   loss {_exponent(e.loss)}{share}")
        ]
        rows += [("    gradients", _each(e.gradients)), ("    parameters", _each(e.parameters))]
    if v.gradients:
        rows += [("  finite differences", f"{_exponent(v.gradients.difference)}  ({v.gradients.worst})")]
    rows += [(f"  gradcheck {name}", _derivatives(check)) for name, check in v.functions.items()]
    if d := v.determinism:
        apart = (
            "identical" if d.two_threads else f"different, by {_exponent(d.two_threads_difference)} at most"
        )
        rows += [("  repeated", f"{_same(d.again)} here, {_elsewhere(d.elsewhere)}"), ("  2 threads", apart)]
    rows += [("  compared", line) for line in v.reach] + [("  not shown", line) for line in v.not_shown]
    title = f"{v.task} / {v.impl}: {'ok' if v.passed else 'FAILED'}"
    complaints = [f"  FAILED: {shown(complaint)}\n" for complaint in v.complaints]
    return f"{shown(title)}\n" + aligned(rows[0], rows[1:]) + "".join(complaints)


def _derivatives(check: FunctionCheck) -> str:
    if check.first:
        return check.first
    return (
        "first and second order right"
        if check.second is None
        else f"first order right; second: {check.second}"
    )


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many levels passed, in one line."""
    failed = [f"{v.task}/{v.impl}" for v in verdicts if not v.passed]
    ok = len(verdicts) - len(failed)
    failures = f"; FAILED: {', '.join(failed)}" if failed else ""
    return shown(f"{ok} of {len(verdicts)} levels verified{failures}")


def verdicts_json(verdicts: Sequence[Verdict]) -> str:
    """Every number, as a JSON array of one object a level."""
    return json_text([verdict_json(verdict) for verdict in verdicts])


def with_colours(text: str) -> str:
    """What passed in green and what failed in red, where a terminal is watching that shows colours."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    for pattern, colour in _COLOURS:
        text = re.sub(pattern, f"\x1b[{colour}m\\g<0>\x1b[0m", text)
    return text


_COLOURS = ((r"✗|\bFAILED\b", 31), (r"✓|(?<=  )ok(?=  )", 32))

VERDICT_FORMATS = {"table": verdicts_table, "full": verdicts_at_length, "json": verdicts_json}


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
