"""Prove levels equal and their gradients right."""

from collections.abc import Callable, Sequence
from typing import overload

from autograd_cli.api.given import Given, LevelName, classes_in, level_of, settings_of
from autograd_cli.config.files import Setting
from autograd_cli.display.verdicts import VERDICT_FORMATS
from autograd_cli.errors import choose
from autograd_cli.verify import cells, plan


class Verification(Sequence[cells.Verdict]):
    """The verdicts, one a level; it prints itself."""

    def __init__(self, verdicts: Sequence[cells.Verdict]) -> None:
        self._verdicts = verdicts

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with any level."""
        return all(verdict.passed for verdict in self)

    def text(self, format: str = "table") -> str:  # noqa: A002 - the word that the command line has for it
        """The verdicts as `table` or `json`.

        Raises:
            ConfigError: another format.

        """
        return choose(format, VERDICT_FORMATS, "format")(self._verdicts)

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
    on_level: Callable[[str, int], None] | None = None,
    **keys: Given,
) -> Verification:
    """Hold levels against NumPy in lockstep, and their gradients against finite differences.

    Args:
        task: only this task.
        impl: only these levels, with commas between names; `FILE.py:Class` or a class for one of your own.
        steps: steps in lockstep; by default as many as a level trains.
        tolerance: the largest relative difference that passes, 1e-9 by default.
        dtype: of the lockstep, float64 by default.
        device: where the levels run, cpu by default; NumPy, which they are held against, is on the host.
        quick: fewer steps and directions.
        on_level: called before each level, with its name and the number of all.
        keys: keys of the task, such as its sizes.

    Raises:
        ConfigError: an argument that cannot be used.

    """
    given = settings_of({"task": task, "impl": level_of(impl)})
    own = settings_of({"steps": steps, "tolerance": tolerance, "dtype": dtype, "device": device})
    how = plan.make_plan(settings_of(keys), quick=quick, **own)
    chosen = plan.choose_cells(given.get("task"), given.get("impl"), classes_in(impl), how.device)

    def announce(cell: str) -> None:
        if on_level:
            on_level(cell, len(chosen))

    return Verification(list(cells.verify(chosen, how, announce)))
