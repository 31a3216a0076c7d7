"""Which levels are measured, in which settings, and whether the machine has the memory for that."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from autograd_cli.catalogue.cell import Cell
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import keys_of, parse_value, resolve
from autograd_cli.config.values import expand_values
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.level import LevelClass
from autograd_cli.errors import ConfigError, unknown
from autograd_cli.verify.cases import plain_config
from autograd_cli.verify.plan import Plan, choose_cells

# What a process has for itself, beside its arrays.
_PROCESS_BYTES = 60 * 2**20
# A level and its framework make copies, of the data most of all.
_COPIES = 2
CASES_MAX = 500


@dataclass(frozen=True)
class Case:
    """A level in one setting.

    Attributes:
        cell: the level.
        config: the settings.
        varied: the keys that the measurement varies, with their values as text.

    """

    cell: Cell
    config: RunConfig
    varied: Mapping[str, str]

    @property
    def label(self) -> str:
        """`mlp / optim N=64`."""
        return " ".join([self.cell.label, *(f"{key}={value}" for key, value in self.varied.items())])

    @property
    def group(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Cases of one task in one setting, which are held against the leanest of them."""
        return self.cell.task.name, tuple(self.varied.items())

    @property
    def bytes_held(self) -> int:
        """Memory that measuring it takes, as far as its task tells."""
        cost = self.cell.cost(self.config)
        width = 8 if self.config.dtype == "float64" else 4
        arrays = 0 if cost is None else 8 * cost.drawn + _COPIES * width * cost.held
        return _PROCESS_BYTES + arrays


def make_cases(
    given: Mapping[str, Setting], classes: Mapping[str, LevelClass], *, as_published: bool = False
) -> tuple[list[Case], list[str]]:
    """The cases, and a line about each that a level cannot have.

    Levels stand on equal terms unless `as_published`: float32, one thread, and the start, rate and rule of
    update that all levels of the task can have.

    Args:
        given: `task` and `impl`, and keys of the configuration, each with values in the language of sweeps.
        classes: levels that were handed over as classes, by what `impl` calls them.
        as_published: leave each level its own settings.

    Raises:
        ConfigError: an unknown task, level or key, a value that no level of any task can have, or too many.

    """
    device = given.get("device")
    cells = choose_cells(given.get("task"), given.get("impl"), classes, device)
    varied = {key: setting for key, setting in given.items() if key not in ("task", "impl")}
    tasks = {cell.task.name: cell.task for cell in cells}
    values = {}
    for key, setting in varied.items():
        known = [keys_of(task)[key] for task in tasks.values() if key in keys_of(task)]
        if not known:
            names = dict.fromkeys(name for task in tasks.values() for name in keys_of(task))
            raise unknown("key", key, names, setting.where)
        values[key] = expand_values(setting.text, setting.where)
        for text in values[key]:
            parse_value(known[0], replace(setting, text=text))
    several = [key for key, texts in values.items() if len(texts) > 1]
    cases, errors = [], []
    for cell, texts in product(cells, product(*values.values())):
        settings = {k: replace(varied[k], text=text) for k, text in zip(values, texts, strict=True)}
        try:
            config = _config(cell, settings, classes, as_published=as_published)
        except ConfigError as error:
            errors.append(error)
            continue
        cases.append(Case(cell, config, {key: settings[key].text for key in several}))
        if len(cases) > CASES_MAX:
            raise ConfigError(
                f"more than {CASES_MAX} levels and settings; choose some with --task and --impl"
            )
    if not cases:
        raise errors[0]
    return cases, [f"left out: {message}" for message in dict.fromkeys(error.message for error in errors)]


def _config(
    cell: Cell,
    settings: Mapping[str, Setting],
    classes: Mapping[str, LevelClass],
    *,
    as_published: bool,
) -> RunConfig:
    if as_published:
        own = {
            name: Setting(text, "bench")
            for name, text in (("task", cell.task.name), ("impl", cell.spec.name))
        }
        return resolve(own | dict(settings), classes=classes)[1]
    plan = Plan(dtype="float32", settings={"threads": Setting("1", "bench")} | dict(settings))
    config = plain_config(cell, plan)
    # The start of all levels may be asked for another rule of update; a level that has one rule says so here.
    return replace(config, dtype=settings["dtype"].text) if "dtype" in settings else config


def check_memory(cases: Sequence[Case]) -> None:
    """Refuse a size whose arrays the machine has no room for, before it is tried.

    Raises:
        ConfigError: some case does not fit.

    """
    free = available_bytes()
    for case in cases:
        if free is not None and case.bytes_held > free:
            needed, there = case.bytes_held / 2**30, free / 2**30
            sizes = " ".join(f"{k}={v}" for k, v in case.config.options.items() if type(v) is int)
            raise ConfigError(
                f"{case.cell.label} with {sizes} needs about {needed:.3g} GiB; {there:.3g} GiB are free here"
            )


def in_portions(cases: Sequence[Case]) -> list[list[Case]]:
    """Cases that take turns, as many as fit into memory together; those of a group stay in a row."""
    free = (available_bytes() or 2**62) * 0.7
    portions: list[list[Case]] = [[]]
    held = 0
    for case in sorted(cases, key=lambda case: case.group):
        if portions[-1] and held + case.bytes_held > free:
            portions.append([])
            held = 0
        portions[-1].append(case)
        held += case.bytes_held
    return portions


def available_bytes() -> int | None:
    """Memory that is free here, of the machine or of the process's control group; None if nobody tells."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except (OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    group = Path("/sys/fs/cgroup")
    try:
        most, used = ((group / name).read_text(encoding="ascii") for name in ("memory.max", "memory.current"))
        found.append(int(most) - int(used))
    except (OSError, ValueError):
        pass  # no limit, or no control groups
    return min(found, default=None)
