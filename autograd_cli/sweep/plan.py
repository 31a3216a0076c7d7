"""From a request to its runs, every one checked before the first starts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from math import prod

from autograd_cli.catalogue.cell import Cell
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import gather, parse_value, resolve
from autograd_cli.contract.config import RunConfig, follows_level, identity_of
from autograd_cli.contract.keys import COMMON_KEYS, Key, Value, show
from autograd_cli.errors import ConfigError
from autograd_cli.runs.writer import check_name
from autograd_cli.sweep.request import Request
from autograd_cli.sweep.values import RUNS_MAX, expand_values

SEED = COMMON_KEYS["seed"]
_COMPLAINTS_SHOWN = 20


@dataclass(frozen=True)
class PlannedRun:
    """One run of a sweep.

    Attributes:
        index: its place in the sweep, from 0.
        cell: what it trains.
        config: its effective configuration.
        digest: what it is known by, its level's source included.
        label: what sets it apart from the others, such as `impl=nn lr=1e-06`.
        replaces: names of the runs that it is made in place of.

    """

    index: int
    cell: Cell
    config: RunConfig
    digest: str
    label: str
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, in order, and the sweep's name."""

    name: str
    runs: tuple[PlannedRun, ...]


def make_plan(request: Request) -> Plan:
    """Every run that `request` asks for.

    Raises:
        ConfigError: some value or some combination cannot be run, or two runs are the same. The message
            lists all of them, a line each.

    """
    if request.name is not None:
        check_name(request.name)
    complaints: Counter[str] = Counter()
    repeats = _repeats(request, complaints)
    axes = _axes(request, complaints)
    if not complaints:
        _check_count(axes, repeats, request.pairs, complaints)
    if not complaints:
        _check_values(axes, request, complaints)
    _complain(complaints)
    resolved = []
    for point in _points(axes, request.pairs):
        try:
            cell, config = resolve(gather(point), request.base, request.classes)
        except ConfigError as error:
            complaints[str(error)] += 1
            continue
        if not SEED.holds(config.seed + repeats - 1):
            complaints[
                f"repeats is '{repeats}': seed={config.seed} leaves no {repeats} seeds; one is {SEED.allowed}"
            ] += 1
            continue
        resolved += [(cell, replace(config, seed=config.seed + i)) for i in range(repeats)]
    _complain(complaints)
    runs = _label(resolved)
    _check_twice(runs)
    return Plan(request.name or _default_name(runs), runs)


def _repeats(request: Request, complaints: Counter[str]) -> int:
    """`repeats=10`: every run ten times, from its seed upwards."""
    setting = request.settings.get("repeats")
    if setting is None:
        return 1
    key = Key("repeats", int, "runs from each seed upwards", minimum=1, below=RUNS_MAX + 1)
    try:
        repeats: int = parse_value(key, setting)
    except ConfigError as error:
        complaints[str(error)] += 1
        return 1
    return repeats


def _axes(request: Request, complaints: Counter[str]) -> dict[str, list[Setting]]:
    """Every key's values; task and level first, which decide what the others may be."""
    first = {key: request.settings[key] for key in ("task", "impl") if key in request.settings}
    axes: dict[str, list[Setting]] = {}
    for key, setting in (first | dict(request.settings)).items():
        if key == "repeats":
            continue
        try:
            axes[key] = [Setting(text, setting.where) for text in expand_values(setting.text, setting.where)]
        except ConfigError as error:
            complaints[str(error)] += 1
    return axes


def _check_count(
    axes: Mapping[str, Sequence[Setting]], repeats: int, pairs: bool, complaints: Counter[str]
) -> None:
    lengths = {key: len(values) for key, values in axes.items() if len(values) > 1}
    if pairs and len(set(lengths.values())) > 1:
        counts = ", ".join(f"{key} has {n}" for key, n in lengths.items())
        raise ConfigError(f"zip: pairs need as many values of each key, or one: {counts}", key="zip")
    count = repeats * (max(lengths.values(), default=1) if pairs else prod(lengths.values()))
    if count > RUNS_MAX:
        complaints[f"the sweep has {count} runs; at most {RUNS_MAX} are allowed"] += 1


def _check_values(axes: Mapping[str, Sequence[Setting]], request: Request, complaints: Counter[str]) -> None:
    """Look at each value alone, so that one bad value does not hide another."""
    levels = [axes[key] for key in ("task", "impl") if key in axes]
    names = [key for key in ("task", "impl") if key in axes]
    for chosen in product(*levels):
        named = list(zip(names, chosen, strict=True))
        found = _try(named, request)
        if found:
            complaints[found] += 1
            continue
        for key, values in axes.items():
            for value in values if key not in names else ():
                if found := _try([*named, (key, value)], request):
                    complaints[found] += 1


def _try(point: list[tuple[str, Setting]], request: Request) -> str | None:
    try:
        resolve(gather(point), request.base, request.classes)
    except ConfigError as error:
        return str(error)
    return None


def _points(axes: Mapping[str, Sequence[Setting]], pairs: bool) -> Iterator[list[tuple[str, Setting]]]:
    """The combinations, the last key's values changing fastest; or the pairs."""
    rows: Iterable[tuple[Setting, ...]] = product(*axes.values())
    if pairs:
        count = max((len(values) for values in axes.values()), default=1)
        rows = zip(*(v if len(v) > 1 else list(v) * count for v in axes.values()), strict=True)
    return (list(zip(axes, row, strict=True)) for row in rows)


def _label(resolved: Sequence[tuple[Cell, RunConfig]]) -> tuple[PlannedRun, ...]:
    seen: dict[str, set[Value]] = {}
    flat = [config.to_dict() for _, config in resolved]
    for values in flat:
        for key, value in values.items():
            seen.setdefault(key, set()).add(value)
    # The level's own section decides several keys at once: those that only follow the level say nothing new.
    varying = [key for key, values in seen.items() if len(values) > 1 and not follows_level(key, flat)]
    return tuple(
        PlannedRun(
            index,
            cell,
            config,
            identity_of(values, cell.source_digest),
            " ".join(f"{key}={show(values[key])}" for key in varying if key in values)
            or f"task={config.task} impl={config.impl}",
        )
        for index, ((cell, config), values) in enumerate(zip(resolved, flat, strict=True))
    )


def _check_twice(runs: Sequence[PlannedRun]) -> None:
    first: dict[str, PlannedRun] = {}
    complaints: Counter[str] = Counter()
    for run in runs:
        other = first.setdefault(run.digest, run)
        if other is not run:
            complaints[
                f"runs {other.index} and {run.index} are the same ({run.label}): a value is given twice"
            ] += 1
    _complain(complaints)


def _default_name(runs: Sequence[PlannedRun]) -> str:
    """The same name for the same runs, so that a sweep taken up again keeps it."""
    tasks = "+".join(dict.fromkeys(run.config.task for run in runs))
    digests = "".join(sorted(run.digest for run in runs))
    return f"{tasks}-{sha256(digests.encode()).hexdigest()[:8]}"


def _complain(complaints: Counter[str]) -> None:
    """Raise one error for all complaints."""
    if not complaints:
        return
    lines = list(complaints)
    if len(lines) == 1:
        raise ConfigError(lines[0])
    shown = lines[:_COMPLAINTS_SHOWN]
    if len(shown) < len(lines):
        shown.append(f"… and {len(lines) - len(shown)} more")
    raise ConfigError(f"the sweep cannot start, for {len(lines)} reasons:", details=shown)
