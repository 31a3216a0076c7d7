"""Loss curves of many runs, made few enough to be read: one a run, means with bands, or a crowd summed up."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.files import names_class
from autograd_cli.compare.comparison import Comparison
from autograd_cli.compare.fields import sort_key, value_of
from autograd_cli.compare.groups import Members, members
from autograd_cli.contract.keys import Value, show
from autograd_cli.runs.record import RunRecord

# More lines than this nobody tells apart: best, median and worst then stand for all of them.
LINES_MAX = 8
# As many others are drawn behind those three, each as a thin line; more are summed up as bands.
FAINT_MAX = 40
# Where a curve has more points than a picture has, these remain, the smallest and largest of each stretch.
POINTS = 512


@dataclass(frozen=True)
class Trace:
    """The losses of one run, up to the first that is not finite.

    Attributes:
        record: the run.
        steps: the step of each loss, ascending.
        losses: finite ones.
        diverged_step: the step of the first loss that is not finite.

    """

    record: RunRecord
    steps: list[int]
    losses: list[float]
    diverged_step: int | None


@dataclass(frozen=True)
class Curve:
    """A line of a picture.

    Attributes:
        label: what sets it apart from the others.
        x: steps, values of a key, or places of a key's values that are no numbers.
        y: losses, or means of losses; finite.
        low, high: the edges of the band around it, as many as `y`; empty for no band.
        marks: points at which runs have diverged.
        note: what is to be said of it beside its label, such as `× step 7`.

    """

    label: str
    x: list[float]
    y: list[float]
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    marks: list[tuple[float, float]] = field(default_factory=list)
    note: str = ""

    @property
    def text(self) -> str:
        """Label and note."""
        return " ".join(filter(None, (self.label, self.note and f"({self.note})")))


@dataclass(frozen=True)
class Band:
    """What lies between two curves over the same x."""

    label: str
    x: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Curves:
    """A picture of losses.

    Attributes:
        title: what is shown.
        x_name: what lies along x: `step`, or a key.
        y_name: what lies along y.
        lines: curves that are told apart, each labelled.
        faint: curves behind them, without labels.
        bands: bands behind those, the widest first.
        caption: what has to be known to read it, in a line; empty if nothing.
        x_values: the values of a key that are no numbers, in the order of their places 0, 1, …
        has_points: whether the curves consist of single values that lines only lead from one to the next.

    """

    title: str
    x_name: str
    y_name: str
    lines: list[Curve]
    faint: list[Curve] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    caption: str = ""
    x_values: list[str] = field(default_factory=list)
    has_points: bool = False


def trace_of(record: RunRecord, rows: Iterable[tuple[int, float, float | None]]) -> Trace:
    """The trace of a run whose losses.csv has these rows: step, loss, elapsed seconds."""
    steps: list[int] = []
    losses: list[float] = []
    for step, loss, _ in rows:
        if not math.isfinite(loss):
            return Trace(record, steps, losses, step)
        steps.append(step)
        losses.append(loss)
    if any(later <= step for step, later in pairwise(steps)):
        pairs = sorted(dict(zip(steps, losses, strict=True)).items())  # another tool's file, in no order
        steps, losses = [step for step, _ in pairs], [loss for _, loss in pairs]
    return Trace(record, steps, losses, None)


def curves_of_runs(comparison: Comparison, traces: Sequence[Trace]) -> Curves:
    """A curve a run, labelled by what differs; of more than `LINES_MAX`, best, median and worst are."""
    keys = comparison.telling_keys
    labels = labels_of([trace.record for trace in traces], keys)
    curves = [
        Curve(
            label,
            list(map(float, trace.steps)),
            trace.losses,
            marks=[(trace.steps[-1], trace.losses[-1])]
            if trace.diverged_step is not None and trace.losses
            else [],
            note="" if trace.diverged_step is None else f"× step {trace.diverged_step}",
        )
        for label, trace in zip(labels, traces, strict=True)
        if trace.losses
    ]
    title = title_of("loss", comparison.records, keys if len(curves) > 1 else [])
    return _arranged(curves, Curves(title, "step", "loss", []), "runs")


def curves_of_groups(
    comparison: Comparison, traces: Sequence[Trace], first: Sequence[str], inside: Sequence[str] | None
) -> tuple[Curves, int]:
    """The mean curve of each group that `groups.members` makes, and how many runs are in none.

    A band reaches from mean - s to mean + s, where s is the sample standard deviation (n - 1 in the
    denominator), at steps that all runs of the group have, but not below the smallest loss of the runs: near
    zero, mean - s would dive into decades where there is no run. Runs that diverged have no part in either.
    """
    by_run = {id(trace.record): trace for trace in traces}
    known = replace(comparison, records=[trace.record for trace in traces])
    found = members(known, first, inside)
    curves = []
    found = replace(found, runs=dict(sorted(found.runs.items(), key=lambda item: _in_order(item[0]))))
    for label, records in zip(_group_labels(found), found.runs.values(), strict=True):
        group = [by_run[id(record)] for record in records]
        curve = _mean_curve(label, [trace for trace in group if trace.losses])
        if curve:
            curves.append(curve)
    title = title_of("mean loss", comparison.records, found.keys if len(curves) > 1 else [])
    caption = f"mean ± standard deviation over {_over(comparison, found.keys, inside)}"
    return _arranged(curves, Curves(title, "step", "loss", [], caption=caption), "groups"), found.left_out


def finals(
    comparison: Comparison, x: str, first: Sequence[str], inside: Sequence[str] | None
) -> tuple[Curves, int]:
    """The last loss against the values of key `x`, a curve for each group of the others that differ.

    Runs of one group and one value of x give a mean and a band, as in `curves_of_groups`; those that
    diverged are marked. Also: how many runs have not come to their end, and are left out.
    """
    found = members(comparison, [x, *first], inside if inside is not None or first else ())
    at = found.keys.index(x)
    series: dict[tuple[Value, ...], dict[Value, list[RunRecord]]] = {}
    for values, records in found.runs.items():
        rest = (*values[:at], *values[at + 1 :])
        series.setdefault(rest, {})[values[at]] = records
    places, x_values = _places(dict.fromkeys(value for points in series.values() for value in points))
    keys = [key for key in found.keys if key != x]
    series = dict(sorted(series.items(), key=lambda item: _in_order(item[0])))
    rest_of_all = Members(keys, {rest: [] for rest in series}, 0)
    curves = []
    for label, points in zip(_group_labels(rest_of_all), series.values(), strict=True):
        ordered = sorted(points.items(), key=lambda item: places[item[0]])
        curves.append(_final_curve(label, [(places[value], records) for value, records in ordered]))
    curves = [curve for curve in curves if curve.x or curve.marks]
    caption = ""
    if any(curve.low for curve in curves):
        caption = f"mean ± standard deviation over {_over(comparison, found.keys, inside)}"
    name = "mean last loss" if caption else "last loss"
    title = title_of(name, comparison.records, [x], word="against")
    if len(curves) > 1:
        title += f", by {' and '.join(keys)}"
    picture = Curves(title, x, name, [], caption=caption, x_values=x_values, has_points=True)
    return _arranged(curves, picture, "series"), found.left_out


# --- one curve -----------------------------------------------------------------------------------------


def _mean_curve(label: str, group: Sequence[Trace]) -> Curve | None:
    calm = [trace for trace in group if trace.diverged_step is None]
    gone = [trace for trace in group if trace.diverged_step is not None]
    marks = [(float(trace.steps[-1]), trace.losses[-1]) for trace in gone]
    note = f"{len(gone)} of {len(group)} ×" if gone else ""
    if not calm:
        if not gone:
            return None
        longest = max(gone, key=lambda trace: len(trace.steps))
        return Curve(label, list(map(float, longest.steps)), longest.losses, marks=marks, note=note)
    shortest = min(calm, key=lambda trace: trace.steps[-1])
    grid = _evenly(shortest.steps, POINTS)
    columns = list(zip(*(_at(trace.steps, trace.losses, grid) for trace in calm), strict=True))
    x, y, low, high = [], [], [], []
    for step, column in zip(grid, columns, strict=True):
        values = [value for value in column if value is not None]
        mean, down, up = _spread(values)
        if len(values) == len(calm) and math.isfinite(mean):
            x.append(float(step))
            y.append(mean)
            low.append(down)
            high.append(up)
    has_band = len(calm) > 1
    return Curve(label, x, y, low if has_band else [], high if has_band else [], marks, note)


def _final_curve(label: str, points: Sequence[tuple[float, Sequence[RunRecord]]]) -> Curve:
    curve = Curve(label, [], [])
    has_band = False
    for place, records in points:
        losses = [r.last_loss for r in records if r.last_loss is not None and r.diverged_step is None]
        gone = sum(record.diverged_step is not None for record in records)
        if losses:
            mean, low, high = _spread(losses)
            curve.x.append(place)
            curve.y.append(mean)
            curve.low.append(low)
            curve.high.append(high)
            has_band = has_band or len(losses) > 1
        if gone:
            curve.marks.append((place, math.inf))
    return curve if has_band else replace(curve, low=[], high=[])


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, and the edges of the band: mean - s, but not below the smallest value, and mean + s."""
    n = len(values)
    mean = sum(values) / n if n else math.nan
    deviation = (
        math.sqrt(sum((value - mean) * (value - mean) for value in values) / (n - 1)) if n > 1 else 0.0
    )
    if not math.isfinite(deviation):
        return mean, min(values), max(values)
    return mean, max(mean - deviation, min(values, default=mean)), mean + deviation


def _at(steps: Sequence[int], losses: Sequence[float], grid: Sequence[int]) -> list[float | None]:
    """The losses at the steps of `grid`, on straight lines between those that there are; None beyond them."""
    found: list[float | None] = []
    for step in grid:
        i = bisect_left(steps, step)
        if i == len(steps) or (i == 0 and steps[0] != step):
            found.append(None)
        elif steps[i] == step:
            found.append(losses[i])
        else:
            share = (step - steps[i - 1]) / (steps[i] - steps[i - 1])
            found.append(losses[i - 1] * (1 - share) + losses[i] * share)
    return found


def _evenly(values: Sequence[int], count: int) -> list[int]:
    if len(values) <= count:
        return list(values)
    return [values[i * (len(values) - 1) // (count - 1)] for i in range(count)]


def thinned(x: Sequence[float], y: Sequence[float], most: int = POINTS) -> tuple[list[float], list[float]]:
    """First and last point, and of `most` stretches between them the smallest and the largest y."""
    inside = len(x) - 2
    if inside <= 2 * most:
        return list(x), list(y)
    kept = [0]
    for i in range(most):
        stretch = range(1 + i * inside // most, 1 + (i + 1) * inside // most)
        kept += sorted({min(stretch, key=y.__getitem__), max(stretch, key=y.__getitem__)})
    kept.append(len(x) - 1)
    return [x[i] for i in kept], [y[i] for i in kept]


# --- all curves of a picture ---------------------------------------------------------------------------


def _arranged(curves: Sequence[Curve], picture: Curves, what: str) -> Curves:
    """The picture with these curves: cut where they diverge, and summed up where they are too many."""
    curves = _cut(curves)
    if len(curves) <= LINES_MAX:
        return replace(picture, lines=[_thin(curve) for curve in curves])
    known = [curve for curve in curves if curve.y]
    # Of values of a key a mark is of one of them alone, and the last point only that of the largest.
    calm = known if picture.has_points else [curve for curve in known if not curve.marks] or known
    if not calm:
        return replace(picture, lines=curves[:LINES_MAX])
    ranked = sorted(calm, key=lambda curve: min(curve.y) if picture.has_points else curve.y[-1])
    chosen = {"best": ranked[0], "median": ranked[(len(ranked) - 1) // 2], "worst": ranked[-1]}
    lines = [_thin(replace(curve, label=f"{name}: {curve.label}")) for name, curve in chosen.items()]
    others = [curve for curve in curves if all(curve is not one for one in chosen.values())]
    gone = sum(bool(curve.marks) for curve in curves)
    caption = [f"{len(curves)} {what}: best, median and worst {'point' if picture.has_points else 'end'}"]
    caption += [f"{gone} diverged (×)"] if gone else []
    caption += [picture.caption] if picture.caption else []
    if len(curves) <= FAINT_MAX:
        faint = [_thin(replace(curve, low=[], high=[])) for curve in others]
        return replace(picture, lines=lines, faint=faint, caption="; ".join(caption))
    bands = _bands(calm)
    caption[1:1] = [f"shaded: {' and '.join(band.label for band in bands)}"]
    marks = [Curve("", [], [], marks=curve.marks) for curve in others if curve.marks]
    return replace(picture, lines=lines, faint=marks, bands=bands, caption="; ".join(caption))


def _thin(curve: Curve) -> Curve:
    if curve.low:
        return curve  # means are few already
    x, y = thinned(curve.x, curve.y)
    return replace(curve, x=x, y=y)


def _cut(curves: Sequence[Curve]) -> list[Curve]:
    """The curves, of which those that diverge end where they leave what the others need.

    A loss on its way to infinity passes three hundred decades, beside which nothing else would be seen.
    """
    calm = [max(curve.high or curve.y) for curve in curves if curve.y and not curve.marks]
    first = [curve.y[0] for curve in curves if curve.y]
    top = max(calm + first) if calm else max(first, default=1.0) * 1e3
    return [_cut_at(curve, top) if curve.marks and not curve.low else curve for curve in curves]


def _cut_at(curve: Curve, top: float) -> Curve:
    end = next((i for i, y in enumerate(curve.y) if y > top), None)
    if end is None or not any(math.isfinite(y) for _, y in curve.marks):
        return curve
    x, y = [*curve.x[: end + 1]], [*curve.y[:end], top]
    marks = [(curve.x[end], top)] if len(curve.marks) == 1 else [(x, min(y, top)) for x, y in curve.marks]
    return replace(curve, x=x, y=y, marks=marks)


def _bands(curves: Sequence[Curve]) -> list[Band]:
    """All of the curves, and the middle half of them, at steps that the longest has."""
    longest = max(curves, key=lambda curve: curve.x[-1])
    grid = [longest.x[i] for i in range(0, len(longest.x), max(len(longest.x) // (POINTS // 2), 1))]
    if grid[-1] != longest.x[-1]:
        grid.append(longest.x[-1])
    everything, half = Band("all", [], [], []), Band("the middle half", [], [], [])
    columns = zip(*(_at(curve.x, curve.y, grid) for curve in curves), strict=True)  # type: ignore[arg-type]
    for x, column in zip(grid, columns, strict=True):
        values = sorted(value for value in column if value is not None)
        for band, share in ((everything, 0.0), (half, 0.25)):
            band.x.append(x)
            band.low.append(values[round(share * (len(values) - 1))])
            band.high.append(values[round((1 - share) * (len(values) - 1))])
    return [everything, half]


def _places(values: Iterable[Value]) -> tuple[dict[Value, float], list[str]]:
    """Where values stand along x: numbers at themselves, words in their order, which is then told, too."""
    known = list(values)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return {value: float(value) for value in known if isinstance(value, int | float)}, []
    return {value: float(i) for i, value in enumerate(known)}, [short("", value) for value in known]


# --- words ---------------------------------------------------------------------------------------------


def labels_of(records: Sequence[RunRecord], keys: Sequence[str]) -> list[str]:
    """What sets each run apart; its name where that is nothing, or another's, too."""
    found = [_label(keys, [value_of(record, key) for key in keys]) for record in records]
    names = [Path(record.path).name if record.path else f"run {i}" for i, record in enumerate(records)]
    if len(records) > 1:
        twice = {label for label in found if found.count(label) > 1} if len(found) < 1000 else set()
    else:
        twice = set()
    return [
        name if not label else f"{label} ({name})" if label in twice else label
        for label, name in zip(found, names, strict=True)
    ]


def _group_labels(found: Members) -> list[str]:
    return [_label(found.keys, values) or "all runs" for values in found.runs]


def _label(keys: Sequence[str], values: Sequence[Any]) -> str:
    """`1e-06` where one key tells runs apart, `lr=1e-06 seed=3` where several do."""
    known = [(key, value) for key, value in zip(keys, values, strict=True) if value is not None]
    if len(keys) == 1:
        return "".join(short(key, value) for key, value in known)
    return " ".join(f"{key}={short(key, value)}" for key, value in known)


def short(key: str, value: Value) -> str:
    """A value in four digits; a level of the user's own without the folders of its file."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if key == "impl" and names_class(str(value)):
        return Path(str(value)).name
    return show(value)


def title_of(what: str, records: Sequence[RunRecord], keys: Sequence[str], word: str = "by") -> str:
    """`loss of sin / numpy by lr`: what all runs have in common, and what sets them apart."""
    tasks = {record.config.get("task") for record in records}
    impls = {record.config.get("impl") for record in records}
    subject = str(next(iter(tasks))) if len(tasks) == 1 and tasks != {None} else ""
    if subject and len(impls) == 1:
        subject += f" / {short('impl', next(iter(impls)))}"
    parts = [what, f"of {subject}" if subject else "", f"{word} {' and '.join(keys)}" if keys else ""]
    return " ".join(filter(None, parts))


def _in_order(values: Sequence[Value]) -> list[tuple[bool, float, str]]:
    return [sort_key(value) for value in values]


def _over(comparison: Comparison, keys: Sequence[str], inside: Sequence[str] | None) -> str:
    """The keys over which a mean is taken, in words."""
    over = inside or [key for key in comparison.differing if key not in keys and key != "print_every"]
    return ", ".join(over) or "repeated runs"
