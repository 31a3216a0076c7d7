"""What the shell offers after a tab: names that begin with what was typed."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import typer

if TYPE_CHECKING:
    from autograd_cli.contract.task import Task


def joined_again(words: list[str], at: int) -> tuple[list[str], int, str]:
    """A line as it was typed, of what bash makes of it, which parts words at `=`, `:` and `@`.

    Args:
        words: as bash has them: `lr`, `=`, `1e-6`; `@`, `1`.
        at: which of them is completed.

    Returns:
        The words, which of them is completed, and what of that bash keeps in front of an answer.

    """
    found: list[str] = []
    place, kept = 0, ""
    is_open = False
    for i, word in enumerate(words[: at + 1]):
        parts = word in ("=", ":")
        if found and (parts or (is_open and word) or (word == "@" and found[-1].endswith("/"))):
            before, found[-1] = found[-1], found[-1] + word
        else:
            before = ""
            found.append(word)
        is_open = parts or word == "@"
        if i == at:
            place, kept = len(found) - 1, found[-1] if is_open else before
    return found, place, kept


def complete_task(incomplete: str) -> list[str]:
    """Names of tasks that begin with what was typed."""
    from autograd_cli.catalogue.registry import all_tasks

    return [name for name in all_tasks() if name.startswith(incomplete)]


def complete_impl(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of implementations that begin with what was typed, of the task at hand where one is given."""
    from autograd_cli.catalogue.registry import all_tasks, level_names

    task = all_tasks().get(str(ctx.params.get("task")))
    names = [level.name for level in task.levels] if task else level_names()
    return [name for name in names if name.startswith(incomplete)]


def complete_level(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of the levels of the task that stands before them, that begin with what was typed."""
    from autograd_cli.catalogue.registry import all_tasks

    task = all_tasks().get(str(ctx.params.get("task")))
    return [spec.name for spec in task.levels if spec.name.startswith(incomplete)] if task else []


def complete_config(incomplete: str) -> list[str]:
    """Configurations that come with evo, and YAML files here, that begin with what was typed."""
    from autograd_cli.config.files import shipped_configs

    folder, _, stem = incomplete.rpartition("/")
    here = Path(folder or ".")
    prefix = f"{folder}/" if folder else ""
    files = [f"{prefix}{p.name}{'/' if p.is_dir() else ''}" for p in here.glob(f"{stem}*") if _is_config(p)]
    return [name for name in shipped_configs() if name.startswith(incomplete)] + sorted(files)


def _is_config(path: Path) -> bool:
    return path.is_dir() or path.suffix in (".yaml", ".yml")


def complete_assignment(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Keys with what they are, or their values after a `=`: of the task at hand, where one is given."""
    from autograd_cli.catalogue.registry import TASKS

    task = TASKS.get(str(ctx.params.get("task")))
    name, equals, value = incomplete.partition("=")
    if not equals:
        return _keys(incomplete, task)
    return _values(name, value, [task] if task else list(TASKS.values()))


def _values(name: str, value: str, tasks: "Iterable[Task]") -> list[tuple[str, str]]:
    """`KEY=VALUE` for each value of a key's choices that begins with what was typed."""
    from autograd_cli.config.resolve import keys_of

    key = next((keys_of(one)[name] for one in tasks if name in keys_of(one)), None)
    if key is None:
        return []
    words = ("true", "false") if key.kind is bool else key.choices
    return [(f"{name}={word}", key.help) for word in words if word.startswith(value)]


def _keys(incomplete: str, task: "Task | None" = None) -> list[tuple[str, str]]:
    """Keys of a task, or of all of them, each with its `=` and what it is, that begin with what was typed."""
    from autograd_cli.catalogue.registry import all_tasks
    from autograd_cli.config.resolve import keys_of

    tasks = [task] if task else all_tasks().values()
    keys = {name: key for one in tasks for name, key in keys_of(one).items()}
    return [(f"{name}=", key.help) for name, key in keys.items() if name.startswith(incomplete)]


def complete_engine(incomplete: str) -> list[str]:
    """Engines of sweeps that begin with what was typed."""
    from autograd_cli.sweep.sweep import ENGINES

    return [name for name in ENGINES if name.startswith(incomplete)]


def complete_run(incomplete: str) -> list[str]:
    """`@1`, names of runs and of folders here, and keys, that begin with what was typed."""
    from autograd_cli.compare.selection import DEFAULT_FOLDER

    if incomplete.startswith("@"):
        return [name for name in ("@1", "@2", "@3", "@1..5") if name.startswith(incomplete)]
    if "=" in incomplete:
        return [word for word, _ in complete_condition(incomplete)]
    folder, slash, stem = incomplete.rpartition("/")
    here = [f"{folder}{slash}{name}" for name in _entries(folder + slash or ".", stem)]
    if slash:
        inside = _entries(f"{DEFAULT_FOLDER}/{folder}", stem) if not here else []
        return here or [f"{folder}/{name.removesuffix('/')}" for name in inside]
    runs = [name.removesuffix("/") for name in _entries(DEFAULT_FOLDER, stem)]
    keys = [word for word, _ in _keys(incomplete)] if incomplete else []
    return [*(["@1"] if not incomplete else []), *here, *runs, *keys]


def _entries(folder: str, stem: str) -> list[str]:
    """Directories and CSV files of a folder whose names begin so; a slash after directories."""
    try:
        with os.scandir(folder) as entries:
            seen = [entry for entry in entries if entry.name.startswith(stem) and entry.name[0] != "."]
            names = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in seen]
    except OSError:
        return []
    return sorted(name for name in names if name.endswith(("/", ".csv")))


def complete_condition(incomplete: str) -> list[tuple[str, str]]:
    """Keys and recorded figures, each with its `=`, that begin with what was typed, or values after it."""
    from autograd_cli.compare.fields import FIELDS, NUMBERS

    name, equals, value = incomplete.partition("=")
    if equals:
        return _values_recorded(name, value)
    recorded = [(f"{name}{'<' if name in NUMBERS else '='}", "as recorded") for name in FIELDS]
    return _keys(incomplete) + [pair for pair in recorded if pair[0].startswith(incomplete)]


def _values_recorded(name: str, value: str) -> list[tuple[str, str]]:
    """`KEY=VALUE` of runs: how they ended, when they began, what was trained, and choices of keys."""
    from autograd_cli.catalogue.registry import all_tasks, level_names
    from autograd_cli.runs.record import Status

    if name in ("since", "until"):
        return [(f"{name}={word}", "") for word in complete_time(value)]
    # A shell would part `timed out`.
    ends = [status for status in get_args(Status) if " " not in status]
    known: dict[str, Iterable[str]] = {"status": ends, "task": all_tasks(), "impl": level_names()}
    key = name.removesuffix("!")
    if key not in known:
        return _values(name, value, all_tasks().values())
    return [(f"{name}={word}", "as recorded") for word in known[key] if word.startswith(value)]


def complete_time(incomplete: str) -> list[str]:
    """Times that runs can be asked for by."""
    return [word for word in ("today", "yesterday", "1h", "1d", "7d") if word.startswith(incomplete)]


def _last_of_list(incomplete: str, names: list[str]) -> list[str]:
    """What may stand after the last comma of a list of names."""
    before, comma, word = incomplete.rpartition(",")
    given = before.split(",")
    return [f"{before}{comma}{name}" for name in names if name.startswith(word) and name not in given]


def complete_key(incomplete: str) -> list[str]:
    """Keys, after commas, too."""
    return _last_of_list(incomplete, ["task", "impl", *(word[:-1] for word, _ in _keys(""))])


def complete_columns(incomplete: str) -> list[str]:
    """Keys and recorded figures, after commas, too."""
    from autograd_cli.compare.fields import FIELDS

    keys = [word[:-1] for word, _ in _keys("")]
    return _last_of_list(incomplete, [*FIELDS, "task", "impl", *keys, "curve"])


def complete_sort(incomplete: str) -> list[str]:
    """Keys and recorded figures, with a minus where one was typed."""
    minus = "-" if incomplete.startswith("-") else ""
    return [minus + name for name in complete_columns("") if name.startswith(incomplete.removeprefix("-"))]


def complete_format(incomplete: str) -> list[str]:
    """Formats of tables."""
    return [name for name in ("table", "json", "csv", "markdown") if name.startswith(incomplete)]


def complete_tool(incomplete: str) -> list[str]:
    """Tools that runs can be exported to."""
    return [name for name in ("tensorboard", "mlflow", "parquet") if name.startswith(incomplete)]


def complete_theme(incomplete: str) -> list[str]:
    """Themes of pictures that begin with what was typed."""
    from autograd_cli.display.theme import THEMES

    return [name for name in THEMES if name.startswith(incomplete)]
