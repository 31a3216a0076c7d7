"""From a request to its runs, every one checked before the first starts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from math import prod

from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.files import look_for_class, names_class
from autograd_cli.catalogue.registry import find_task
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import Base, keys_of, parse_value
from autograd_cli.config.values import RUNS_MAX, expand_values
from autograd_cli.contract.config import RunConfig, follows_level, identity_of
from autograd_cli.contract.keys import COMMON_KEYS, Key, Value, show
from autograd_cli.contract.task import Task
from autograd_cli.errors import ConfigError
from autograd_cli.runs.naming import fill, is_template
from autograd_cli.runs.place import check_name
from autograd_cli.sweep.request import Request

SEED = COMMON_KEYS["seed"]
_COMPLAINTS_SHOWN = 20
_CELL = ("task", "impl")
# A task and a level, as a request names them, where it does.
_Named = tuple[tuple[str, Setting], ...]


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
        name: what its directory is to be called; None for a name of time, task, level and seed.

    """

    index: int
    cell: Cell
    config: RunConfig
    digest: str
    label: str
    replaces: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, in order, and the sweep's name."""

    name: str
    runs: tuple[PlannedRun, ...]


class Complaints:
    """Mistakes, each once, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: dict[str, ConfigError] = {}

    def add(self, error: ConfigError) -> None:
        """Take in a mistake, or those that it consists of."""
        for reason in error.reasons or (error,):
            self._found.setdefault(str(reason), reason)

    def raise_any(self) -> None:
        """Raise one error for all of them, if there are any; the first ones have a line each."""
        found = list(self._found.values())
        if len(found) < 2:
            for error in found:
                raise error
            return
        lines = [str(error) for error in found[:_COMPLAINTS_SHOWN]]
        if len(lines) < len(found):
            lines.append(f"… and {len(found) - len(lines)} more")
        whole = ConfigError(f"the sweep cannot start, for {len(found)} reasons:", details=lines)
        whole.reasons = tuple(found)
        raise whole


def make_plan(request: Request) -> Plan:
    """Every run that `request` asks for.

    Raises:
        ConfigError: some value or some combination cannot be run, or two runs are the same. The message
            lists all of them, a line each.

    """
    complaints = Complaints()
    template = request.name if is_template(request.name) else None
    if request.name is not None and template is None:
        try:
            check_name(request.name)
        except ConfigError as error:
            complaints.add(error)
    blocks = [
        (_axes(settings, complaints), _repeats(settings, complaints), settings) for settings in request.blocks
    ]
    counts = [_count(axes, repeats, request.pairs, complaints) for axes, repeats, _ in blocks]
    if sum(counts) > RUNS_MAX:
        complaints.add(ConfigError(f"the sweep has {sum(counts)} runs; at most {RUNS_MAX} are allowed"))
    known = _Known(request)
    for (axes, _, settings), count in zip(blocks, counts, strict=True):
        # Without its task or its level, nothing can be said of a block's other values.
        if count and all(key in axes for key in ("task", "impl") if key in settings):
            _check_values(axes, request, known, complaints)
    complaints.raise_any()
    resolved: list[tuple[Cell, RunConfig]] = []
    for axes, repeats, settings in blocks:
        for point in _points(axes, request.pairs):
            cell, config = known.resolve(point)
            try:
                _check_seeds(config.seed, repeats, settings)
            except ConfigError as error:
                complaints.add(error)
                continue
            if repeats == 1:
                resolved.append((cell, config))
            else:
                resolved += [(cell, replace(config, seed=config.seed + i)) for i in range(repeats)]
    complaints.raise_any()
    runs = _label(resolved)
    _check_twice(runs)
    if template is not None:
        return Plan(_default_name(runs), _named(runs, template))
    return Plan(request.name or _default_name(runs), runs)


def _named(runs: Sequence[PlannedRun], template: str) -> tuple[PlannedRun, ...]:
    """The runs with names of their own.

    Raises:
        ConfigError: two of them get the same name, or one gets none.

    """
    named: dict[str, PlannedRun] = {}
    for run in runs:
        name = fill(template, run.config.to_dict())
        if name in named:
            other = named[name].label
            raise ConfigError(f"name: '{template}' names two runs '{name}': {other}; {run.label}", key="name")
        named[name] = replace(run, name=name)
    return tuple(named.values())


def _repeats(settings: Mapping[str, Setting], complaints: Complaints) -> int:
    """`repeats=10`: every run ten times, from its seed upwards."""
    setting = settings.get("repeats")
    if setting is None:
        return 1
    key = Key("repeats", int, "runs from each seed upwards", minimum=1, below=RUNS_MAX + 1)
    try:
        repeats: int = parse_value(key, setting)
    except ConfigError as error:
        complaints.add(error)
        return 1
    return repeats


def _check_seeds(seed: int, repeats: int, settings: Mapping[str, Setting]) -> None:
    if not SEED.holds(seed + repeats - 1):
        raise ConfigError(
            f"{settings['repeats'].where}: repeats is '{repeats}': seed={seed} leaves no {repeats} seeds; "
            f"one is {SEED.allowed}"
        )


def _axes(settings: Mapping[str, Setting], complaints: Complaints) -> dict[str, list[Setting]]:
    """Every key's values; task and level first, which decide what the others may be."""
    first = {key: settings[key] for key in _CELL if key in settings}
    axes: dict[str, list[Setting]] = {}
    for key, setting in (first | dict(settings)).items():
        if key == "repeats":
            continue
        try:
            axes[key] = [Setting(text, setting.where) for text in expand_values(setting.text, setting.where)]
        except ConfigError as error:
            complaints.add(error)
    return axes


def _count(axes: Mapping[str, Sequence[Setting]], repeats: int, pairs: bool, complaints: Complaints) -> int:
    """How many runs a block has; 0 if its keys do not pair."""
    lengths = {key: len(values) for key, values in axes.items() if len(values) > 1}
    if pairs and len(set(lengths.values())) > 1:
        counts = ", ".join(f"{key} has {n}" for key, n in lengths.items())
        complaints.add(
            ConfigError(f"zip: pairs need as many values of each key, or one: {counts}", key="zip")
        )
        return 0
    return repeats * (max(lengths.values(), default=1) if pairs else prod(lengths.values()))


class _Known:
    """The levels of a request, and each value that was found to be one of theirs: read once for all runs."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._bases: dict[_Named, Base] = {}
        self._values: dict[tuple[_Named, str, Setting], dict[str, Value]] = {}

    def base(self, named: _Named) -> Base:
        """What the files say of a task and a level, that a request names so; raises ConfigError."""
        if named not in self._bases:
            self._bases[named] = Base.of(dict(named), self._request.base, self._request.classes)
        return self._bases[named]

    def value(self, named: _Named, key: str, setting: Setting) -> dict[str, Value]:
        """The value by its key, as the level takes it; raises ConfigError."""
        place = (named, key, setting)
        if place not in self._values:
            self._values[place] = self.base(named).parse({key: setting})
        return self._values[place]

    def resolve(self, point: Sequence[tuple[str, Setting]]) -> tuple[Cell, RunConfig]:
        """One run; raises ConfigError where two of its values do not go together."""
        named = tuple(item for item in point if item[0] in _CELL)
        values: dict[str, Value] = {}
        for key, setting in point:
            if key not in _CELL:
                values |= self.value(named, key, setting)
        base = self.base(named)
        return base.cell, base.config(values, dict(point))


def _check_values(
    axes: Mapping[str, Sequence[Setting]], request: Request, known: _Known, complaints: Complaints
) -> None:
    """Look at each value alone, so that one bad value does not hide another."""
    tasks = [task for setting in axes.get("task", ()) if (task := _task(setting))]
    for named, others in _cells_and_values(axes, request.pairs):
        try:
            cell = known.base(named).cell
            cell.check_needs()
            if cell.given is None and names_class(cell.spec.name):
                look_for_class(cell.spec.name)
        except ConfigError as error:
            complaints.add(error)
            continue
        for key, values in others.items():
            if foreign := _foreign_key(key, values[0], cell, tasks):
                complaints.add(foreign)
                continue
            for value in values:
                try:
                    known.value(named, key, value)
                except ConfigError as error:
                    complaints.add(error)


def _cells_and_values(
    axes: Mapping[str, Sequence[Setting]], pairs: bool
) -> Iterator[tuple[_Named, dict[str, list[Setting]]]]:
    """Each task and level once, and the values of the other keys that come with it."""
    others = {key: list(values) for key, values in axes.items() if key not in _CELL}
    if not pairs:
        names = [key for key in _CELL if key in axes]
        for chosen in product(*(axes[key] for key in names)):
            yield tuple(zip(names, chosen, strict=True)), others
        return
    together: dict[_Named, dict[str, dict[Setting, None]]] = {}
    for row in _points(axes, pairs):
        named = tuple(item for item in row if item[0] in _CELL)
        seen = together.setdefault(named, {})
        for key, value in row:
            if key not in _CELL:
                seen.setdefault(key, {})[value] = None
    for named, values in together.items():
        yield named, {key: list(found) for key, found in values.items()}


def _task(setting: Setting) -> Task | None:
    try:
        return find_task(setting.text, setting.where)
    except ConfigError:
        return None  # told elsewhere


def _foreign_key(key: str, setting: Setting, cell: Cell, tasks: Sequence[Task]) -> ConfigError | None:
    """The mistake of giving all tasks a key that only some of them have."""
    if key in keys_of(cell.task) or not any(key in keys_of(task) for task in tasks):
        return None
    return ConfigError(
        f"{setting.where}: task {cell.task.name} has no key '{key}', which others of the sweep have; tasks "
        "with different keys go into 'blocks:' of a sweep file, as in configs/sweeps/tasks.yaml"
    )


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
    complaints = Complaints()
    for run in runs:
        other = first.setdefault(run.digest, run)
        if other is not run:
            complaints.add(
                ConfigError(
                    f"runs {other.index} and {run.index} are the same ({run.label}): a value is given twice"
                )
            )
    complaints.raise_any()


def _default_name(runs: Sequence[PlannedRun]) -> str:
    """The same name for the same runs, so that a sweep taken up again keeps it."""
    tasks = "+".join(dict.fromkeys(run.config.task for run in runs))
    digests = "".join(sorted(run.digest for run in runs))
    return f"{tasks}-{sha256(digests.encode()).hexdigest()[:8]}"
