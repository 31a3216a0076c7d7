"""What a step of each level costs, on this machine."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_cli.api.given import LevelName, classes_in, level_of, many_of
from autograd_cli.bench import measure, plan, record
from autograd_cli.config.files import Setting
from autograd_cli.config.values import parse_duration
from autograd_cli.display.bench import BENCH_FORMATS, bars, bench_rows, growth, summary
from autograd_cli.display.theme import THEMES
from autograd_cli.errors import ConfigError, choose
from autograd_cli.runs.disk import write_whole
from autograd_cli.runs.named import check_place, write_json

_SPAN_S, _QUICK_SPAN_S = 85.0, 18.0


class Benchmark:
    """What was measured; it prints itself in a terminal, and as HTML in a notebook.

    Attributes:
        content: all of it, as the file of `save` has it: seconds, bytes, and every block.
        comparison: what is better or worse than in an earlier benchmark, where one was given.
        notes: what may have disturbed, was left out, or is not as it was, a line each.

    """

    def __init__(
        self, content: record.Content, comparison: record.Comparison | None = None, notes: Sequence[str] = ()
    ) -> None:
        self.content = content
        self.comparison = comparison
        self.notes = list(notes)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Benchmark":
        """What `save` has written.

        Raises:
            ConfigError: the file cannot be read, or is no benchmark.

        """
        return cls(record.read(Path(path), "path"))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A flat row a level and setting, by the names of the CSV's columns."""
        return bench_rows(self.content, self.comparison)

    @property
    def worst(self) -> float:
        """The largest ratio to the earlier benchmark of a level that is worse; 1 if none is."""
        verdicts = self.comparison.verdicts if self.comparison else []
        return max([v.ratio for v in verdicts if v and v.word == "worse"], default=1.0)

    @property
    def summary(self) -> str:
        """What has come of it, in a line."""
        return summary(self.content, self.comparison)

    def text(self, format: str = "table") -> str:  # noqa: A002 - the word that the command line has for it
        """The numbers as `table`, `json`, `csv` or `markdown`.

        Raises:
            ConfigError: another format.

        """
        return choose(format, BENCH_FORMATS, "format")(self.content, self.comparison)

    def against(self, path: str | PathLike[str]) -> "Benchmark":
        """The same beside an earlier benchmark.

        Raises:
            ConfigError: the file is no benchmark, or of other levels or settings.

        """
        found = record.compare(self.content, record.read(Path(path)), str(path))
        return Benchmark(self.content, found, [*self.notes, *found.notes])

    def save(self, path: str | PathLike[str]) -> None:
        """Write a file for `against`.

        Raises:
            ConfigError: it cannot be written.

        """
        write_json(Path(path), self.content, "output")

    def plot(self, path: str | PathLike[str], *, theme: str = "light") -> None:
        """Draw bars with their intervals, or against a key that varies a curve a level, into a picture.

        Raises:
            ConfigError: another ending than .svg, .png or .pdf, or the file cannot be written.

        """
        place = Path(path)
        ending = check_picture(place)
        from autograd_cli.display import figures

        curves = growth(self.content)
        chosen = choose(theme, THEMES, "theme")
        figure = (
            figures.curves_figure(curves, chosen)
            if curves
            else figures.bars_figure(*bars(self.content), chosen)
        )
        try:
            write_whole(place, figures.to_bytes(figure, ending))
        except OSError as error:
            raise ConfigError(f"plot: cannot write '{place}': {error.strerror}", key="plot") from None

    def to_pandas(self) -> Any:
        """The rows as a pandas DataFrame.

        Raises:
            ConfigError: pandas is not installed.

        """
        try:
            import pandas as pd
        except ImportError:
            raise ConfigError("pandas is not installed; pip install pandas") from None
        return pd.DataFrame(self.rows)

    def __repr__(self) -> str:
        """The table."""
        return self.text()

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.text())}</pre>"


def check_picture(path: Path) -> str:
    """The ending of a picture's file.

    Raises:
        ConfigError: another ending, a folder that is not there, or matplotlib is not installed.

    """
    from autograd_cli.api.plot import check_output
    from autograd_cli.display.figures import MOVING, check_matplotlib

    try:
        ending = check_output(path)
    except ConfigError as error:
        raise ConfigError(error.message.replace("output:", "plot:", 1), key="plot") from None
    if ending == MOVING:
        raise ConfigError(f"plot: '{path}': nothing in a benchmark moves; .svg, .png or .pdf", key="plot")
    check_matplotlib(ending, "plot")
    return ending


def bench(
    task: str | Setting | None = None,
    impl: "LevelName | Sequence[LevelName] | None" = None,
    *,
    as_published: bool = False,
    quick: bool = False,
    time: str | float | None = None,
    against: str | PathLike[str] | None = None,
    output: str | PathLike[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
    **keys: Any,
) -> Benchmark:
    """Measure what a step of levels costs: by verb, beside its floor, and what comes before the steps.

    Levels take turns in processes of their own. By default they stand on equal terms: float32, one thread,
    and the start, learning rate and rule of update that all levels of the task can have.

    Args:
        task: only this task.
        impl: only these levels; names with commas between them, or a list of names and classes.
        as_published: leave each level the settings that `evo train` has for it.
        quick: within 20 seconds: fewer processes, and no start-up in fresh ones.
        time: seconds, or a text such as `2m`, in place of 90 seconds; fewer are used where intervals are
            narrow before.
        against: the file of an earlier benchmark to hold this one against.
        output: where to write a file for `against`.
        progress: called with what is done next, and the share that is done.
        keys: keys of the configuration, each with a value or several: `threads=[1, 2]`, `N="16,64,256"`.

    Raises:
        ConfigError: an argument that cannot be used, a device that is not there, or a size for which the
            memory is too small.

    """
    given = many_of({"task": task, "impl": level_of(impl), **keys})
    span_s = _QUICK_SPAN_S if quick else _SPAN_S
    if time is not None:
        try:
            span_s = parse_duration(str(time))
        except ValueError:
            raise ConfigError(f"time: '{time}' is no time; such as 90s or 2m", key="time") from None
    if output is not None:
        check_place(Path(output), "output")
    earlier = None if against is None else record.read(Path(against))
    cases, notes = plan.make_cases(given, classes_in(impl), as_published=as_published)
    if earlier is not None:
        record.check_common(cases, earlier, str(against))
    plan.check_memory(cases)
    measure.check_devices(cases)
    found = measure.measure(cases, span_s, progress or (lambda _what, _share: None), quick=quick)
    content = record.content_of(found, given, as_published=as_published)
    benchmark = Benchmark(content, None, [*notes, *(f"warning: {line}" for line in found.warnings)])
    if output is not None:
        benchmark.save(output)
    if earlier is None:
        return benchmark
    compared = record.compare(content, earlier, str(against))
    return Benchmark(content, compared, [*benchmark.notes, *compared.notes])
