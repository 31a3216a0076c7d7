"""The numbers that README states, written into it from what was measured.

python benchmarks/readme.py        # after a benchmark: rewrites what stands between README's two marks
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"

_BEGIN, _END = "<!-- measured: begin, by benchmarks/readme.py -->\n", "<!-- measured: end -->\n"
_COST_BEGIN, _COST_END = "<!-- cost: begin, by benchmarks/readme.py -->\n", "<!-- cost: end -->\n"


def sweeps(report: str) -> str:
    """The first table of SWEEP.md as README shows it: a row a sweep, a column a baseline.

    Raises:
        ValueError: the report has no such table.
    """
    (cores,) = re.findall(r"(\d+) cores", report)[:1] or ("?",)
    took_s: dict[str, str] = {}
    factors: dict[str, dict[str, str]] = defaultdict(dict)  # by baseline and sweep
    sweep = ""
    for name, took, baseline, factor in re.findall(
        r"^\| (.+?) \| ([\d.]+ s) \| (.+?) [\d.]+ s \| ([\d.]+) \|$", report, re.MULTILINE
    ):
        sweep = sweep if name == "the same" else name
        took_s.setdefault(sweep, took)
        factors[baseline][sweep] = f"{float(factor):.3g} times as long"
    if not took_s:
        raise ValueError("SWEEP.md holds no sweep that was measured beside a baseline")
    rows = [
        [f"on {cores} cores", "evo takes", *(f"{baseline} takes" for baseline in factors)],
        ["---", *["---:"] * (1 + len(factors))],
        *(
            [name, took, *(column.get(name, "") for column in factors.values())]
            for name, took in took_s.items()
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def costs(content: Mapping[str, Any]) -> str:
    """What `evo bench` has measured, as README shows it: a row a level, a column a task."""
    rows = [row for row in content["rows"] if "step_s" in row]
    tasks, levels = (list(dict.fromkeys(row[name] for row in rows)) for name in ("task", "impl"))
    cells = {(row["impl"], row["task"]): _cost_cell(row) for row in rows}
    lines = [["a step of", *(f"`{task}`" for task in tasks)], ["---", *["---:"] * len(tasks)]]
    lines += [[level, *(cells.get((level, task), "") for task in tasks)] for level in levels]
    machine, versions = content["machine"], content["versions"]
    where = (
        f"{machine['cpu']}, {machine['cores']} cores; NumPy {versions['numpy']}, torch {versions['torch']}"
    )
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + f"\n{where}; {content['made_at'][:10]}.\n"


def _cost_cell(row: Mapping[str, Any]) -> str:
    step_us = row["step_s"]["median"] * 1e6
    return f"{step_us:{'.0f' if step_us >= 100 else '.3g'}} µs, × {row['over_leanest']['median']:.3g}"


def render(readme: str, report: str, cost: Mapping[str, Any]) -> str:
    """README with what `report`, the text of SWEEP.md, and `cost`, a benchmark, say between its marks.

    Raises:
        ValueError: README lacks a mark, or the report its table.
    """
    for marks, text in (((_BEGIN, _END), sweeps(report)), ((_COST_BEGIN, _COST_END), costs(cost))):
        before, begin, rest = readme.partition(marks[0])
        _, end, after = rest.partition(marks[1])
        if not (begin and end):
            raise ValueError(
                f"README.md has no place for what was measured: {' … '.join(map(str.strip, marks))}"
            )
        readme = before + begin + text + end + after
    return readme


def write() -> None:
    """Bring README up to date with SWEEP.md and results/cost.json."""
    report = (HERE / "SWEEP.md").read_text(encoding="utf-8")
    cost = json.loads((HERE / "results" / "cost.json").read_text(encoding="utf-8"))
    README.write_text(render(README.read_text(encoding="utf-8"), report, cost), encoding="utf-8")


if __name__ == "__main__":
    write()
