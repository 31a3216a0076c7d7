"""In which settings, on which data and at which sizes a level is held against its reference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from autograd_cli.catalogue.cell import Cell
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import resolve
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Value, show
from autograd_cli.contract.problem import Problem
from autograd_cli.verify.plan import Plan

# In float32 each step is judged by itself, so that a few tell what many would.
ROUNDED_STEPS = 20
_SMALL_STEPS = 6
_SMALL_SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Case:
    """One training of a level beside its reference.

    Attributes:
        label: what is special about it, for a person.
        config: the settings.
        problem: data and start, in float64.
        steps: how many.
        is_asked: whether somebody has asked for its dtype; a level that has another is otherwise let off.
        together: the configurations of the batch that the run is one of; empty where it is trained alone.

    """

    label: str
    config: RunConfig
    problem: Problem
    steps: int
    is_asked: bool = True
    together: tuple[RunConfig, ...] = ()

    @property
    def is_rounded(self) -> bool:
        """Whether float32 is what it is about."""
        return self.config.dtype == "float32"


def cases_of(cell: Cell, plan: Plan) -> Iterator[Case]:
    """The cases of a level, those first that say most.

    `plain`: the start and the rule of update that all levels share, on data that hide nothing. `as
    trained`: the settings and the data of `evo train`. `float32`: the same in that dtype. Then both, for
    a few steps, with other seeds at odd sizes, but for those that the plan gives itself.

    Raises:
        ConfigError: the plan's settings do not fit the task.

    """
    plain, trained = plain_config(cell, plan), trained_config(cell, plan)
    general = getattr(cell.own_problems, "general", cell.own_problems.make)
    usual = cell.own_problems.make(trained)
    if cell.has_reference and plan.dtype == "float64":
        if plain != trained or general != cell.own_problems.make:
            yield Case("plain", plain, general(plain), plan.steps_of(plain))
        yield Case("as trained", trained, usual, plan.steps_of(trained))
    elif plan.dtype == "float64":
        # The lowest level knows one rule of update, and that is the plain one.
        yield Case("plain", plain, general(plain), plan.steps_of(plain))
    if cell.has_reference:
        rounded = replace(trained, dtype="float32")
        steps = min(ROUNDED_STEPS, plan.steps_of(rounded))
        yield Case("float32", rounded, usual, steps, is_asked=plan.dtype == "float32")
    if plan.dtype != "float64":
        return
    for config in [plain] + [trained] * (cell.has_reference and trained != plain):
        for small in _odd(cell, plan, config):
            yield Case(_difference(small, config), small, general(small), _SMALL_STEPS)
    if cell.spec.batch_target and cell.has_reference:
        yield from _batches(cell, plan, trained)


def plain_config(cell: Cell, plan: Plan) -> RunConfig:
    """The start and the rule that every level can have; for another model, the level as it is configured."""
    shares_model = cell.model == cell.task.model
    config = _config(cell, plan, cell.task.plain if shares_model else {})
    if not shares_model:
        return config
    # The one learning rate of the lowest level, for which the plain start was made.
    only_lr = replace(plan, settings={name: plan.settings[name] for name in ("lr",) if name in plan.settings})
    return replace(config, lr=_config(Cell(cell.task, cell.task.levels[0]), only_lr, {}, "cpu").lr)


def trained_config(cell: Cell, plan: Plan) -> RunConfig:
    """The level as `evo train` trains it, but in the plan's dtype."""
    return _config(cell, plan, {})


def _odd(cell: Cell, plan: Plan, config: RunConfig) -> Iterator[RunConfig]:
    if "seed" in plan.settings:
        return
    shapes = [
        {name: size for name, size in shape.items() if name not in plan.settings}
        for shape in cell.task.odd_shapes
    ]
    # What is compiled is compiled anew for each size: one, whose arrays are all of more than a number.
    if cell.spec.compiles:
        shapes = shapes[-1:]
    seeds = _SMALL_SEEDS[: 1 if plan.quick else None]
    for shape, seed in product(filter(None, shapes), seeds):
        yield replace(config, seed=seed, options={**config.options, **shape})


def _batches(cell: Cell, plan: Plan, trained: RunConfig) -> Iterator[Case]:
    """Runs that are trained at once, each beside its own reference: with every word, unless `quick`."""
    shape = {k: v for k, v in cell.task.odd_shapes[-1].items() if k not in plan.settings}
    config = replace(trained, options={**trained.options, **shape})
    for words in ({}, *([] if plan.quick else _other_words(cell, plan, config))):
        runs = tuple(_apart(replace(config, options={**config.options, **words}), cell.batch_class.per_run))
        said = "".join(f" by {key}={show(value)}" for key, value in words.items())
        for run in runs:
            label = f"{len(runs)} runs at once{said} seed={run.seed}"
            yield Case(label, run, cell.own_problems.make(run), _SMALL_STEPS, together=runs)


def _other_words(cell: Cell, plan: Plan, config: RunConfig) -> Iterator[dict[str, Value]]:
    """Each other choice of a key that decides start, model or rule of update."""
    for key in cell.task.keys:
        if key.plain is not None and not key.is_fixed_for(cell.spec.name) and key.name not in plan.settings:
            for value in key.choices or (False, True) * (key.kind is bool):
                if value != config.options[key.name]:
                    yield {key.name: value}


def _apart(config: RunConfig, per_run: frozenset[str]) -> Iterator[RunConfig]:
    """Runs that differ in what those of a batch may."""
    has_momentum = "momentum" in per_run and config.options.get("optimizer") == "SGD"
    for i in range(3):
        momentum = {"momentum": 0.25 * i} if has_momentum else {}
        options = {**config.options, **momentum}
        yield replace(config, seed=config.seed + i + 1, lr=config.lr / (1 + i), options=options)


def _difference(config: RunConfig, usual: RunConfig) -> str:
    changed = {k: v for k, v in config.to_dict().items() if v != usual.to_dict()[k]}
    return " ".join(f"{key}={show(value)}" for key, value in changed.items())


def _config(cell: Cell, plan: Plan, keys: Mapping[str, Value], device: str | None = None) -> RunConfig:
    settings: dict[str, Value] = {"task": cell.task.name, "impl": cell.spec.name, "dtype": plan.dtype, **keys}
    own = {key: Setting(show(value), "verify") for key, value in settings.items()}
    if plan.device and device is None:
        own["device"] = plan.device
    classes = {cell.spec.name: cell.given} if cell.given else {}
    return resolve(own | dict(plan.settings), classes=classes)[1]
