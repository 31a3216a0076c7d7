"""The code of a level of the user's own, which its run keeps: whose it is, and when it may be run again."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from autograd_cli.catalogue.files import names_class
from autograd_cli.config.files import ConfigFile, Setting
from autograd_cli.contract.config import class_name
from autograd_cli.errors import ConfigError
from autograd_cli.runs.record import CONFIG, RECORD, SOURCE


def with_code(file: ConfigFile, given: Mapping[str, Setting], trust: bool) -> ConfigFile:
    """A run's configuration, with its level's code found again: a file of the user's, or as it was kept.

    Only a file of the user's own is run without being asked for. What lies inside a run directory may have
    come from anywhere, and so may a configuration that names a file there.

    Args:
        file: the configuration; one that is not a run's, or names no file, comes back as it is.
        given: what was given directly; a level among it needs no other.
        trust: whether code that a run kept may be run.

    Raises:
        ConfigError: the code is not the user's own file, and is not trusted; or there is none.

    """
    impl = file.settings.get("impl")
    if impl is None or "impl" in given or not names_class(impl.text):
        return file
    folder = Path(file.name).parent
    place = impl.text.rpartition(":")[0]
    if place.endswith(".py") and Path(place).is_file() and not _is_in_a_run(Path(place)):
        return file
    kept = folder / SOURCE if Path(file.name).name == CONFIG and (folder / RECORD).is_file() else Path(place)
    if not kept.is_file():
        return file  # whoever loads the level says what is missing
    if not trust:
        raise ConfigError(
            f"trust: {impl.where} asks for '{impl.text}', whose code is not a file of yours but {kept}, "
            "which came with a run; look at it, and say trust to run it",
            key="trust",
        )
    setting = Setting(f"{kept}:{class_name({'impl': impl.text})}", impl.where)
    return replace(file, settings={**file.settings, "impl": setting})


def _is_in_a_run(path: Path) -> bool:
    return any((folder / RECORD).is_file() for folder in path.resolve().parents)
