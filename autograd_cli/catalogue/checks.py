"""Whether a class from outside is a level: the three verbs, and the two views."""

from collections.abc import Mapping
from typing import Any, cast

from autograd_cli.catalogue.blame import blame_class, place_of
from autograd_cli.contract.level import LevelClass
from autograd_cli.errors import ConfigError

VERBS = ("forward", "backward", "update")
VIEWS = ("parameters", "gradients")


def check_class(found: Any) -> LevelClass:
    """`found`, if it is a class with the three verbs.

    Raises:
        ConfigError: it is not.

    """
    missing = [verb for verb in VERBS if not callable(getattr(found, verb, None))]
    if missing:
        raise ConfigError(f"{place_of(found)}class {found.__name__} lacks {_verbs(missing)}")
    return cast(LevelClass, found)


def check_level(level: Any) -> None:
    """Refuse a level that does not show its parameters.

    `gradients` may rightly be missing before the first backward(): see `check_gradients_view`.

    Raises:
        ConfigError: `parameters` is missing, or is not a mapping of names to arrays.

    """
    found = type(level)
    missing = [view for view in VIEWS if not hasattr(found, view) and view not in vars(level)]
    if "parameters" in missing:
        raise ConfigError(f"{place_of(found)}class {found.__name__} lacks {_verbs(missing)}")
    try:
        parameters = level.parameters
    except Exception as error:
        raise ConfigError(f"{blame_class(error, found)} (in parameters)") from error
    if callable(parameters) or not isinstance(parameters, Mapping) or not parameters:
        raise ConfigError(
            f"{place_of(found)}parameters of class {found.__name__} is {_kind(parameters)}; "
            "it must be a property that maps the task's names to arrays"
        )
    for name, array in parameters.items():
        if _letter(array) not in "fiu":
            raise ConfigError(
                f"{place_of(found)}parameter '{name}' of class {found.__name__} is no array of numbers"
            )


def check_gradients_view(level: Any) -> None:
    """Refuse a level that does not show its gradients after backward().

    Raises:
        ConfigError: `gradients` is missing.

    """
    found = type(level)
    if not hasattr(found, "gradients") and "gradients" not in vars(level):
        raise ConfigError(f"{place_of(found)}class {found.__name__} lacks {_verbs(['gradients'])}")


def _letter(array: Any) -> str:
    """NumPy's letter for what an array of any framework holds: `f` for floats, `O` for objects."""
    from autograd_cli.contract.arrays import to_numpy  # looking up a level must not import NumPy

    try:
        return to_numpy(array).dtype.kind
    except (TypeError, ValueError, RuntimeError):
        return "O"


def _kind(value: Any) -> str:
    return "a method" if callable(value) else f"{type(value).__name__} {value!r:.40}"


def _verbs(missing: list[str]) -> str:
    return f"{' and '.join(missing)} (a level has {', '.join(VERBS + VIEWS)})"
