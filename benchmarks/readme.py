"""The numbers that README states, written into it from what was measured.

python benchmarks/readme.py        # after a benchmark: rewrites what stands between README's two marks
"""

import re
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parent / "README.md"

_BEGIN, _END = "<!-- measured: begin, by benchmarks/readme.py -->\n", "<!-- measured: end -->\n"


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


def render(readme: str, report: str) -> str:
    """README with what `report`, the text of SWEEP.md, says between its marks.

    Raises:
        ValueError: README lacks a mark, or the report its table.
    """
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"README.md has no place for what was measured: {_BEGIN.strip()} … {_END.strip()}")
    return before + begin + sweeps(report) + end + after


def write() -> None:
    """Bring README up to date with SWEEP.md."""
    report = (HERE / "SWEEP.md").read_text(encoding="utf-8")
    README.write_text(render(README.read_text(encoding="utf-8"), report), encoding="utf-8")


if __name__ == "__main__":
    write()
