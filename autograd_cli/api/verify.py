"""Prove levels equal and their gradients right."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import overload

from autograd_cli.api.given import Given, LevelName, classes_in, level_of, settings_of
from autograd_cli.config.files import Setting
from autograd_cli.display.verdicts import VERDICT_FORMATS
from autograd_cli.errors import ConfigError, choose
from autograd_cli.runs.named import check_place
from autograd_cli.verify import cells, plan
from autograd_cli.verify.report import read_report, write_report


class Verification(Sequence[cells.Verdict]):
    """The verdicts, one a level; it prints itself.

    Attributes:
        changes: what is not as it was in the report that was repeated, a line each.
        left_out: levels that were not verified because nobody has named them, each with the reason.

    """

    def __init__(
        self,
        verdicts: Sequence[cells.Verdict],
        asked: dict[str, Setting],
        keys: dict[str, Setting],
        changes: Sequence[str] = (),
        left_out: Sequence[str] = (),
        *,
        quick: bool = False,
    ) -> None:
        self._verdicts, self._asked, self._keys, self._quick = verdicts, asked, keys, quick
        self.changes, self.left_out = tuple(changes), tuple(left_out)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with any level."""
        return all(verdict.passed for verdict in self)

    def text(self, format: str = "table") -> str:  # noqa: A002 - the word that the command line has for it
        """The verdicts as `table`, as `full` with every number, or as `json`.

        Raises:
            ConfigError: another format.

        """
        text = choose(format, VERDICT_FORMATS, "format")(self._verdicts)
        if not self.left_out or format == "json":
            return text
        return f"{text}not verified unless named: {', '.join(self.left_out)}\n"

    def save(self, path: str | PathLike[str]) -> None:
        """Write a report: what was asked, by which versions, and what was found. `against` repeats it.

        Raises:
            ConfigError: it cannot be written.

        """
        write_report(Path(path), self._asked, self._keys, self._verdicts, quick=self._quick)

    @overload
    def __getitem__(self, index: int) -> cells.Verdict: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[cells.Verdict]: ...
    def __getitem__(self, index: int | slice) -> cells.Verdict | Sequence[cells.Verdict]:
        """One verdict, or several."""
        return self._verdicts[index]

    def __len__(self) -> int:
        """How many levels."""
        return len(self._verdicts)

    def __repr__(self) -> str:
        """The table."""
        return self.text()


def verify(
    task: str | Setting | None = None,
    impl: LevelName | None = None,
    *,
    steps: int | Setting | None = None,
    tolerance: float | Setting | None = None,
    dtype: str | Setting | None = None,
    device: str | Setting | None = None,
    quick: bool = False,
    against: str | PathLike[str] | None = None,
    report: str | PathLike[str] | None = None,
    on_level: Callable[[str, int], None] | None = None,
    **keys: Given,
) -> Verification:
    """Hold levels against NumPy in lockstep, and their gradients against finite differences.

    Args:
        task: only this task.
        impl: only these levels, with commas between names; `FILE.py:Class` or a class for one of your own.
        steps: steps in lockstep; by default as many as a level trains.
        tolerance: the largest relative difference that passes in float64, 1e-9 by default and 1e-3 at most.
        dtype: float64 alone by default, with a few steps in float32; float32 for that alone.
        device: where the levels run, cpu by default; NumPy, which they are held against, is on the host.
        quick: fewer steps and directions.
        against: a report, which is repeated as it was asked; it takes the place of all of the above.
        report: where to write what was asked and found, as `Verification.save` does.
        on_level: called before each level, with its name and the number of all.
        keys: keys of the task, such as its sizes.

    Raises:
        ConfigError: an argument that cannot be used.

    """
    own = {"steps": steps, "tolerance": tolerance, "dtype": dtype, "device": device}
    asked = settings_of({"task": task, "impl": level_of(impl), **own})
    given = settings_of(keys)
    if report is not None:
        check_place(Path(report), "report")
    repeated = None
    if against is not None:
        if asked or given or quick:
            first = next(iter([*asked, *given, "quick"]))
            raise ConfigError(
                f"against: a report is repeated as it was asked, without {first}", key="against"
            )
        repeated = read_report(Path(against))
        asked, given = repeated.settings(repeated.asked), repeated.settings(repeated.keys)
        quick = repeated.quick
    how = plan.make_plan(given, quick=quick, **{name: asked[name] for name in own if name in asked})
    chosen = plan.choose_cells(asked.get("task"), asked.get("impl"), classes_in(impl), how.device)

    def announce(cell: str) -> None:
        if on_level:
            on_level(cell, len(chosen))

    verdicts = list(cells.verify(chosen, how, announce))
    changes = list(repeated.changes(verdicts)) if repeated else []
    left_out = plan.left_out(asked.get("task"), asked.get("impl"))
    verification = Verification(verdicts, asked, given, changes, left_out, quick=quick)
    if report is not None:
        verification.save(report)
    return verification
