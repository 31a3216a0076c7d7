"""Pictures of runs: loss curves, last losses against a key, heat maps, and fits."""

from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_cli.api.runs import AnyRun, Run, load
from autograd_cli.compare import comparison, curves
from autograd_cli.compare.fields import check_key
from autograd_cli.compare.filters import wanted_of, why_none
from autograd_cli.compare.grid import Grid, grid_of
from autograd_cli.compare.groups import split_keys
from autograd_cli.config.reading import look
from autograd_cli.display.theme import THEMES, Theme
from autograd_cli.errors import ConfigError, EvoError, choose
from autograd_cli.runs.disk import write_whole

if TYPE_CHECKING:
    from autograd_cli.predict.fit import Fit

_FRAMES = 48


class Plot:
    """A picture of runs; it prints itself in dots on a terminal, and draws itself in a notebook.

    Attributes:
        content: what is drawn: curves, a grid, or fits.
        notes: what is not in the picture, and why, a line each.

    """

    def __init__(
        self, content: "curves.Curves | Grid | list[Fit]", notes: Sequence[str] = (), runs: Sequence[Run] = ()
    ) -> None:
        self.content = content
        self.notes = list(notes)
        self._runs = list(runs)

    def text(self, width: int | None = None, height: int | None = None) -> str:
        """The picture in dots, in colours where stdout is a terminal.

        Args:
            width: columns of all of it; those of the terminal by default, 80 without one.
            height: lines of the plot itself.

        """
        from autograd_cli.display import charts  # imports what draws dots
        from autograd_cli.display.lines import to_terminal

        columns, lines = charts.room()
        size = width or columns, height or lines
        content = self.content
        if isinstance(content, curves.Curves):
            return to_terminal(charts.curves_chart(content, *size))
        if isinstance(content, Grid):
            return to_terminal(charts.grid_chart(content, *size))
        return to_terminal(charts.fit_chart(content, *size))

    def save(self, path: str | PathLike[str], *, theme: str = "light") -> None:
        """Write the picture to a file that ends in .svg, .png or .pdf, or a fit as it was learned to a .gif.

        A file that is there is replaced. For a .gif the run is trained again from its configuration, because
        a run keeps its last parameters alone; the caption says whether its losses are those of the record.

        Args:
            path: the file.
            theme: `light` or `dark`.

        Raises:
            ConfigError: another ending or theme, a file that cannot be written, a moving picture of anything
                but the fit of one run, or matplotlib is not installed.

        """
        place = Path(fspath(path))
        ending = check_output(place)
        chosen = choose(theme, THEMES, "theme")
        from autograd_cli.display import figures

        figures.check_matplotlib(ending)
        if ending == figures.MOVING:
            if not isinstance(self.content, list) or len(self.content) != 1:
                raise ConfigError("output: a gif shows the fit of one run as it was learned", key="output")
            image = figures.to_gif(*learned(self._runs[0]), chosen)
        else:
            image = figures.to_bytes(self._figure(chosen), ending)
        try:
            write_whole(place, image)
        except OSError as error:
            raise ConfigError(
                f"output: cannot write '{place}': {error.strerror or error}", key="output"
            ) from error

    def __str__(self) -> str:
        """The picture in dots."""
        return self.text()

    __repr__ = __str__

    def _repr_svg_(self) -> str | None:
        """The picture as a notebook shows it; None where matplotlib is not installed."""
        from autograd_cli.display import figures

        try:
            figures.check_matplotlib("svg")
        except ConfigError:
            return None
        return figures.to_bytes(self._figure(THEMES["light"]), "svg").decode()

    def _figure(self, theme: Theme) -> Any:
        from autograd_cli.display import figures

        content = self.content
        if isinstance(content, curves.Curves):
            return figures.curves_figure(content, theme)
        if isinstance(content, Grid):
            return figures.grid_figure(content, theme)
        return figures.fits_figure(content, theme)


def plot(
    runs: AnyRun | Iterable[AnyRun],
    *,
    x: str | None = None,
    y: str | None = None,
    where: str | Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    group_by: str | None = None,
    over: str | None = None,
    fit: bool = False,
) -> Plot:
    """A picture of runs.

    Without `x`: loss against step, a curve a run, or with `group_by` or `over` the mean and a band of a group
    of runs. With `x`: the last loss against the values of that key. With `x` and `y`: a heat map of the last
    loss. With `fit`: data, fitted curve and residual.

    Args:
        runs: runs, paths of run directories, of folders of them or of CSV files with step and loss columns,
            or patterns.
        x: a key.
        y: another key.
        where: conditions that runs must fulfil: `"lr>5e-7 seed=0..3"`, or several such texts.
        since: runs begun then or later: `today`, `yesterday`, `2h`, `2026-11-24`.
        until: runs begun before the end of that.
        group_by: keys, with commas between them; one curve for the runs that agree on them.
        over: keys, with commas between them, to take mean and deviation over, such as `seed`.
        fit: whether to draw what was fitted in place of losses.

    Raises:
        ConfigError: an argument that cannot be used, or nothing is left to draw.
        RunError: a path is no run.

    """
    loaded = load(runs)
    by_record = {id(run.record): run for run in loaded}
    wanted = wanted_of(where, since, until)
    if not loaded:
        raise ConfigError("nothing to plot: no run is given")
    table = comparison.compare([run.record for run in loaded], where=wanted)
    if not table.records:
        raise ConfigError(f"where: {why_none([run.record for run in loaded], wanted)}", key="where")
    chosen = [by_record[id(record)] for record in table.records]
    if fit:
        _refuse_with_fit(x=x, y=y, group_by=group_by, over=over)
        return _fits(chosen, table)
    if y is not None and x is None:
        raise ConfigError("y: a heat map needs both keys; give x, too", key="y")
    keys = list(dict.fromkeys(key for record in table.records for key in record.config))
    for name, key in (("x", x), ("y", y)):
        if key is not None:
            check_key(key, keys, name, fields=())
    if x is not None and y is not None:
        if x == y or group_by is not None or over is not None:
            raise ConfigError(
                "y: a heat map has two different keys, and is a mean over all others: no group_by, no over",
                key="y",
            )
        return _heat_map(table, x, y)
    if x is not None:
        return _finals(table, x, group_by, over)
    return _curves(chosen, table, group_by, over)


def _heat_map(table: comparison.Comparison, x: str, y: str) -> Plot:
    grid, left_out = grid_of(table, x, y)
    if not grid.cells:
        raise ConfigError("nothing to plot: no run has come to its end")
    return Plot(grid, _told(left_out))


def _finals(table: comparison.Comparison, x: str, group_by: str | None, over: str | None) -> Plot:
    first, inside = split_keys(table, group_by, over)
    if x in first or x in (inside or ()):
        raise ConfigError(f"x: '{x}' is in group_by or over, too", key="x")
    picture, left_out = curves.finals(table, x, first, inside)
    return _checked(picture, _told(left_out))


def _curves(
    runs: Sequence[Run], table: comparison.Comparison, group_by: str | None, over: str | None
) -> Plot:
    first, inside = split_keys(table, group_by, over)
    traces, notes = _traces(runs)
    if group_by is None and over is None:
        return _checked(curves.curves_of_runs(table, traces), notes)
    picture, left_out = curves.curves_of_groups(table, traces, first, inside)
    return _checked(picture, notes + _told(left_out))


def check_output(path: Path) -> str:
    """The ending of a picture's file, without its dot.

    Raises:
        ConfigError: another ending, or a folder that is not there.

    """
    from autograd_cli.display.figures import MOVING, STILL

    ending = path.suffix.lower().removeprefix(".")
    if ending not in (*STILL, MOVING):
        allowed = ", ".join(f".{one}" for one in (*STILL, MOVING))
        raise ConfigError(f"output: '{path}' ends in none of {allowed}", key="output")
    try:
        if look(path.parent) is None:
            raise ConfigError(f"output: cannot write '{path}': no folder '{path.parent}'", key="output")
    except OSError as error:
        raise ConfigError(f"output: cannot write '{path}': {error.strerror}", key="output") from error
    return ending


def learned(run: Run) -> "tuple[list[Fit], list[str]]":
    """The fits of a run at steps from its start to its end, ever further apart, and a caption each.

    Raises:
        ConfigError: the run's level cannot be trained again, or has no formula.

    """
    from autograd_cli.api.given import file_of
    from autograd_cli.config.resolve import resolve
    from autograd_cli.predict.fit import fit_of
    from autograd_cli.training.replay import replay

    model = run._model
    cell, config = resolve({}, file_of(run.config if run.path is None else run.path))
    last = config.steps
    steps = sorted({round((last + 1) ** (i / (_FRAMES - 1))) - 1 for i in range(_FRAMES)})
    moments, losses = replay(cell, config, steps)
    recorded = run.losses[: len(losses)]
    same = "the recorded losses, bit for bit" if losses == recorded else "not quite the recorded losses"
    fits, captions = [], []
    for moment in moments:
        fits.append(fit_of(model, parameters=moment.parameters))
        loss = "" if moment.loss is None else f"loss {moment.loss:.4g}; "
        captions.append(f"step {moment.step} of {last}; {loss}trained again: {same}")
    return fits, captions


def _fits(runs: Sequence[Run], table: comparison.Comparison) -> Plot:
    from autograd_cli.predict.fit import fit_of

    tasks = list(dict.fromkeys(str(run.record.config.get("task")) for run in runs))
    if len(tasks) > 1:
        raise ConfigError(f"fit: runs of one task at a time; these are of {', '.join(tasks)}", key="fit")
    if len(runs) > curves.LINES_MAX:
        raise ConfigError(
            f"fit: {len(runs)} runs; at most {curves.LINES_MAX} fit into a picture (choose some with where)",
            key="fit",
        )
    labels = curves.labels_of([run.record for run in runs], table.telling_keys)
    fits, kept, notes = [], [], []
    errors: list[EvoError] = []
    for run, label in zip(runs, labels, strict=True):
        try:
            fits.append(fit_of(run._model, label))
            kept.append(run)
        except EvoError as error:
            errors.append(error)
            notes.append(f"warning: {error}")
    if not fits:
        raise errors[0]
    return Plot(fits, notes, kept)


def _traces(runs: Sequence[Run]) -> tuple[list[curves.Trace], list[str]]:
    traces, notes = [], []
    for run in runs:
        try:
            traces.append(curves.trace_of(run.record, run._rows))
        except EvoError as error:
            notes.append(f"warning: {error}")
            continue
        if not traces[-1].losses:
            notes.append(f"note: {run.path or 'a run in memory'} has no finite loss to draw")
    return traces, notes


def _checked(picture: curves.Curves, notes: list[str]) -> Plot:
    if not (picture.lines or picture.faint):
        raise ConfigError(
            "; ".join(["nothing to plot", *notes]) if notes else "nothing to plot: no run has a loss"
        )
    return Plot(picture, notes)


def _told(left_out: int) -> list[str]:
    return [f"note: {left_out} runs have not come to their end; left out"] if left_out else []


def _refuse_with_fit(**given: str | None) -> None:
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"{name}: a fit has x and y of its own; leave out {name} or fit", key=name)
