"""What the shell offers after a tab: names that begin with what was typed."""

from pathlib import Path

import typer


def complete_task(incomplete: str) -> list[str]:
    """Names of tasks that begin with what was typed."""
    from autograd_cli.catalogue.registry import all_tasks

    return [name for name in all_tasks() if name.startswith(incomplete)]


def complete_impl(incomplete: str) -> list[str]:
    """Names of implementations that begin with what was typed."""
    from autograd_cli.catalogue.registry import level_names

    return [name for name in level_names() if name.startswith(incomplete)]


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


def complete_assignment(incomplete: str) -> list[tuple[str, str]]:
    """Keys of all tasks, each with its `=` and what it is, that begin with what was typed."""
    from autograd_cli.catalogue.registry import all_tasks
    from autograd_cli.config.resolve import keys_of

    keys = {name: key for task in all_tasks().values() for name, key in keys_of(task).items()}
    return [(f"{name}=", key.help) for name, key in keys.items() if name.startswith(incomplete)]


def complete_engine(incomplete: str) -> list[str]:
    """Engines of sweeps that begin with what was typed."""
    from autograd_cli.sweep.sweep import ENGINES

    return [name for name in ENGINES if name.startswith(incomplete)]


def complete_key(incomplete: str) -> list[tuple[str, str]]:
    """Keys of all tasks, each with what it is, that begin with what was typed."""
    names = [(name, "what is trained") for name in ("task", "impl") if name.startswith(incomplete)]
    return names + [(word.removesuffix("="), meaning) for word, meaning in complete_assignment(incomplete)]


def complete_theme(incomplete: str) -> list[str]:
    """Themes of pictures that begin with what was typed."""
    from autograd_cli.display.theme import THEMES

    return [name for name in THEMES if name.startswith(incomplete)]
