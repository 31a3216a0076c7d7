"""The verdicts that `evo verify --report` has written, read from a file that may have come from anywhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from autograd_cli.config.reading import read_bounded
from autograd_cli.contract.encoding import parse_json
from autograd_cli.errors import ConfigError

_BYTES_MAX = 8 * 2**20


@dataclass(frozen=True)
class Judged:
    """What was found of a level.

    Attributes:
        passed: whether nothing was wrong.
        complaints: what was wrong, a line each.
        reach: what was compared, a line each.
        not_shown: what was not, a line each.
        tolerance: the largest relative difference that passed.

    """

    passed: bool
    complaints: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    tolerance: float | None = None


def read_verdicts(path: Path) -> dict[tuple[str, str], Judged]:
    """The verdicts in a file, by task and level.

    Raises:
        ConfigError: it cannot be read, is not JSON, or holds no verdicts.

    """
    try:
        content = parse_json(read_bounded(path, _BYTES_MAX))
    except OSError as error:
        raise ConfigError(f"verdicts: cannot read '{path}': {error.strerror}", key="verdicts") from error
    except orjson.JSONDecodeError as error:
        raise ConfigError(
            f"verdicts: '{path}' is not JSON: {error.msg} in line {error.lineno}", key="verdicts"
        ) from error
    found = content.get("verdicts") if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise ConfigError(
            f"verdicts: '{path}' holds no verdicts; evo verify --report writes such a file", key="verdicts"
        )
    return {(row["task"], row["impl"]): _judged(row) for row in map(_sound(path), found)}


def _sound(path: Path) -> Any:
    def check(row: Any) -> dict[str, Any]:
        if not (
            isinstance(row, dict)
            and all(isinstance(row.get(name), str) for name in ("task", "impl"))
            and isinstance(row.get("passed"), bool)
        ):
            raise ConfigError(
                f"verdicts: '{path}' holds something else than verdicts: {str(row)[:40]}", key="verdicts"
            )
        return row

    return check


def _judged(row: dict[str, Any]) -> Judged:
    lists = [row.get(name) for name in ("complaints", "reach", "not_shown")]
    complaints, reach, not_shown = (tuple(map(str, one)) if isinstance(one, list) else () for one in lists)
    tolerance = row.get("tolerance")
    known = isinstance(tolerance, int | float) and not isinstance(tolerance, bool)
    return Judged(row["passed"], complaints, reach, not_shown, tolerance if known else None)
