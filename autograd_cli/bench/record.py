"""The file of a benchmark: what was measured where, as plain data that tables, pictures and verdicts read."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograd_cli.bench.measure import Measured, Measurement
from autograd_cli.bench.plan import Case
from autograd_cli.bench.statistics import Estimate, Pair, Verdict, differ
from autograd_cli.config.files import Setting
from autograd_cli.contract.encoding import json_bytes
from autograd_cli.errors import ConfigError, EvoError
from autograd_cli.lesson.level import read_lesson
from autograd_cli.runs.named import read_json
from autograd_cli.verify.report import current_versions

FORMAT = "evo benchmark 1"
# What tells two machines apart.
_MACHINE = ("cpu", "cores", "system", "gpu")

Row = Mapping[str, Any]
Content = Mapping[str, Any]


def content_of(found: Measurement, asked: Mapping[str, Setting], *, as_published: bool) -> Content:
    """All that a benchmark has found, in JSON's kinds; times in seconds, memory in bytes."""
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": current_versions(),
        "machine": _machine(found),
        "asked": {name: setting.text for name, setting in asked.items()},
        "as_published": as_published,
        "span_s": round(found.span_s, 1),
        "warnings": found.warnings,
        "rates": [asdict(work) | {"per_s": rate} for work, rate in found.rates.items()],
        "loop_s": _rounded(found.loop_s),
        "rows": [_row(one) for one in found.measured],
    }


def _row(one: Measured) -> Row:
    case = one.case
    row: dict[str, Any] = {
        "task": case.cell.task.name,
        "impl": case.cell.spec.name,
        "settings": case.config.to_dict(),
        "varied": dict(case.varied),
        "failure": one.failure,
        "lines": _lines(one),
        "source_digest": case.cell.source_digest,
    }
    if one.step is None:
        return row
    return row | {
        "step_s": asdict(one.step),
        "verbs_s": one.verbs_s,
        "first_step_s": one.first_step_s,
        "startup": one.startup and asdict(one.startup),
        "floor": one.floor and asdict(one.floor),
        "over_leanest": one.over_leanest and asdict(one.over_leanest),
        "over_gram": one.over_gram and asdict(one.over_gram),
        "blocks_s": _rounded(one.blocks),
    }


def _lines(one: Measured) -> Mapping[str, int] | None:
    """Lines of code by verb; None where the level's source is nowhere."""
    try:
        return read_lesson(one.case.cell).lines
    except EvoError:
        return None


def _rounded(generations: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[float(f"{block:.5g}") for block in own] for own in generations]


def _machine(found: Measurement) -> Mapping[str, Any]:
    on_gpu = any(one.case.config.device != "cpu" for one in found.measured)
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "gpu": _gpu() if on_gpu else None,
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _gpu() -> str:
    from autograd_cli.bench.fresh import call_fresh
    from autograd_cli.training.device import describe_gpu

    return str(call_fresh(describe_gpu)["name"])


def read(path: Path, argument: str = "against") -> Content:
    """The benchmark in `path`, which is the value of `argument`.

    Raises:
        ConfigError: it cannot be read, or is none.

    """
    content = read_json(path, argument)
    if not _is_benchmark(content):
        raise ConfigError(
            f"{argument}: '{path}' is no benchmark; `evo bench --output FILE` writes one", key=argument
        )
    return dict(content)


def _is_benchmark(content: Any) -> bool:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return False
    rows = content.get("rows")
    kinds: Mapping[str, type] = {"versions": dict, "machine": dict, "asked": dict, "warnings": list}
    return (
        all(isinstance(content.get(name), kind) for name, kind in kinds.items())
        and _are_generations(content.get("loop_s"))
        and isinstance(rows, list)
        and all(_is_row(row) for row in rows)
    )


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("task", "impl")):
        return False
    if not all(isinstance(row.get(name), dict) for name in ("settings", "varied")):
        return False
    return "step_s" not in row or (
        isinstance(row["step_s"], dict)
        and all(isinstance(row["step_s"].get(name), float) for name in Estimate.__dataclass_fields__)
        and _are_generations(row.get("blocks_s"))
    )


def _are_generations(found: Any) -> bool:
    return (
        isinstance(found, list)
        and bool(found)
        and all(
            isinstance(own, list) and own and all(isinstance(block, float) and block > 0 for block in own)
            for own in found
        )
    )


@dataclass(frozen=True)
class Comparison:
    """A benchmark beside an earlier one.

    Attributes:
        verdicts: of each row of the later one; None where the earlier one has no such row.
        reference: of each row the level that both are held over, where the machines are not the same.
        notes: what is not as it was, a line each.

    """

    verdicts: list[Verdict | None]
    reference: list[str | None]
    notes: list[str]


def compare(now: Content, then: Content, where: str) -> Comparison:
    """What is better or worse now than `then`, the content of the file `where`.

    On another machine, or after a change of it, seconds say nothing of a level: there each is held over the
    level of its task that was the leanest then.

    Raises:
        ConfigError: the two have no level in common, in the same settings.

    """
    notes = [
        f"{name} was {was or 'not there'}, and is {now['versions'].get(name, 'not there')}"
        for name, was in (dict.fromkeys(now["versions"]) | then["versions"]).items()
        if now["versions"].get(name) != was
    ]
    changed = [n for n in _MACHINE if now["machine"].get(n) != then["machine"].get(n)]
    if changed:
        notes.append(
            f"{where} is of another machine ({', '.join(str(then['machine'].get(n)) for n in changed)}): "
            "compared are ratios to the leanest level of a task, not times"
        )
    earlier = {_key(row): row for row in then["rows"] if "step_s" in row}
    same_loop = now["versions"].get("python") == then["versions"].get("python")
    pairs: dict[int, Pair] = {}
    references: list[str | None] = []
    current = {_key(row): row for row in now["rows"] if "step_s" in row}
    for i, row in enumerate(now["rows"]):
        before = earlier.get(_key(row))
        references.append(None)
        if before is None or "step_s" not in row:
            continue
        if before.get("source_digest") != row.get("source_digest"):
            notes.append(f"{row['task']} / {row['impl']} has another source")
        beside, beside_then = now["loop_s"], then["loop_s"]
        if changed:
            reference, reference_then = _leanest(before, earlier, current)
            references[-1] = reference["impl"]
            beside, beside_then = reference["blocks_s"], reference_then["blocks_s"]
        elif not same_loop:  # another Python is faster or slower at the loop, too
            beside, beside_then = [[1.0]], [[1.0]]
        pairs[i] = Pair(row["blocks_s"], before["blocks_s"], beside, beside_then)
    found = dict(zip(pairs, differ(list(pairs.values())), strict=True))
    verdicts = [found.get(i) for i in range(len(now["rows"]))]
    if not found:
        raise _nothing_common(where)
    return Comparison(verdicts, references, notes)


def check_common(cases: Sequence[Case], then: Content, where: str) -> None:
    """Refuse an earlier benchmark that has none of the cases, before they are measured.

    Raises:
        ConfigError: it has none of them.

    """
    keys = {
        _key({"task": case.cell.task.name, "impl": case.cell.spec.name, "settings": case.config.to_dict()})
        for case in cases
    }
    if keys.isdisjoint(_key(row) for row in then["rows"] if "step_s" in row):
        raise _nothing_common(where)


def _nothing_common(where: str) -> ConfigError:
    return ConfigError(f"against: '{where}' holds none of these levels in these settings", key="against")


def _leanest(row: Row, earlier: Mapping[str, Row], current: Mapping[str, Row]) -> tuple[Row, Row]:
    """The leanest level of the row's group then, as it is now and as it was, of those that both have."""
    group = [
        key
        for key, other in earlier.items()
        if key in current and (other["task"], other["varied"]) == (row["task"], row["varied"])
    ]
    key = min(group, key=lambda key: float(earlier[key]["step_s"]["median"]))
    return current[key], earlier[key]


def _key(row: Row) -> str:
    settings = {name: value for name, value in row["settings"].items() if name != "print_every"}
    return json_bytes([row["task"], row["impl"], settings], sort=True).decode()
