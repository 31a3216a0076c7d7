"""Recorded runs side by side, as a table that shows itself."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from autograd_cli.api.runs import AnyRun, load
from autograd_cli.compare import comparison, groups
from autograd_cli.compare.filters import wanted_of
from autograd_cli.display.groups import GROUPING_FORMATS, grouping_cells
from autograd_cli.display.runs import COMPARISON_FORMATS, comparison_cells
from autograd_cli.errors import ConfigError, choose
from autograd_cli.runs.record import RunRecord


class Table:
    """A table of runs or of groups of runs; it prints itself in a terminal, and as HTML in a notebook.

    Attributes:
        content: what stands in it, unformatted.

    """

    def __init__(self, content: comparison.Comparison | groups.Grouping) -> None:
        self.content = content

    @property
    def columns(self) -> list[str]:
        """Names of the columns that programs read."""
        return self.content.columns

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The values of each row by column: numbers as numbers, None where there is nothing."""
        content = self.content
        if isinstance(content, groups.Grouping):
            return [content.row(group) for group in content.groups]
        return content.rows()

    def text(self, format: str = "table") -> str:  # noqa: A002 - the word that the command line has for it
        """The table as `table`, `json`, `csv` or `markdown`.

        Raises:
            ConfigError: another format.

        """
        if isinstance(self.content, groups.Grouping):
            return choose(format, GROUPING_FORMATS, "format")(self.content)
        return choose(format, COMPARISON_FORMATS, "format")(self.content)

    def to_pandas(self) -> Any:
        """The rows as a pandas DataFrame.

        Raises:
            ConfigError: pandas is not installed.

        """
        try:
            import pandas as pd
        except ImportError:
            raise ConfigError("pandas is not installed; pip install pandas") from None
        return pd.DataFrame(self.rows, columns=self.columns)

    def __str__(self) -> str:
        """The plain table."""
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table as a notebook shows it."""
        from html import escape  # with its table of two thousand names, that no terminal needs

        if isinstance(self.content, groups.Grouping):
            header, rows, right = grouping_cells(self.content)
        else:
            header, rows, right = comparison_cells(self.content)
        sides = ["right" if name in right else "left" for name in header]

        def line(tag: str, cells: Sequence[str]) -> str:
            one = (
                f'<{tag} style="text-align:{s}">{escape(c)}</{tag}>'
                for s, c in zip(sides, cells, strict=True)
            )
            return f"<tr>{''.join(one)}</tr>"

        body = "".join(line("td", row) for row in rows)
        return f"<table><thead>{line('th', header)}</thead><tbody>{body}</tbody></table>"


def compare(
    runs: AnyRun | RunRecord | Iterable[AnyRun | RunRecord],
    *,
    sort: str | None = None,
    baseline: str | RunRecord | None = None,
    where: str | Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    group_by: str | None = None,
    over: str | None = None,
    columns: str | None = None,
    limit: int | None = None,
) -> Table:
    """Runs side by side: one row a run, or, with `group_by` or `over`, one row a group of runs.

    Args:
        runs: runs, paths of run directories, of folders of them or of CSV files with step and loss columns,
            or patterns: `runs/*`.
        sort: a column or key, smallest first; with `-` before it, largest first. By default the smallest last
            loss of runs of one task and size.
        baseline: path or name of the run that ratios refer to.
        where: conditions that runs must fulfil: `"lr>5e-7 seed=0..3"`, or several such texts.
        since: runs begun then or later: `today`, `yesterday`, `2h`, `2026-11-24`.
        until: runs begun before the end of that.
        group_by: keys, with commas between them; one row for the runs that agree on them.
        over: keys, with commas between them, to take mean and deviation over, such as `seed`.
        columns: names of columns, with commas between them, in place of all.
        limit: how many rows to keep, of the first ones.

    Raises:
        ConfigError: an argument that cannot be used.
        RunError: a path is no run.

    """
    every = (
        [runs]
        if isinstance(runs, RunRecord) or not isinstance(runs, Iterable) or isinstance(runs, str)
        else runs
    )
    records = [
        record
        for one in every
        for record in ([one] if isinstance(one, RunRecord) else [run.record for run in load(one)])
    ]
    wanted = wanted_of(where, since, until)
    if group_by is None and over is None:
        ordered = records if sort else comparison.best_first(records)
        return Table(comparison.compare(ordered, sort, baseline, wanted, columns, limit))
    for name, given in (("baseline", baseline), ("columns", columns)):
        if given is not None:
            raise ConfigError(
                f"{name}: groups have no {_LACKING[name]}; leave out group_by and over", key=name
            )
    grouping = groups.group(comparison.compare(records, where=wanted), group_by, over, sort)
    if limit is not None:
        grouping = replace(
            grouping, groups=grouping.groups[:limit], more=max(len(grouping.groups) - limit, 0)
        )
    return Table(grouping)


_LACKING = {"baseline": "ratios", "columns": "columns but their own"}
