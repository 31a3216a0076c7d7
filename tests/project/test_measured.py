"""README's numbers are those that the benchmarks have measured."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.processes import run

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What benchmarks/readme.py reads and writes, in a folder of its own."""
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    for name in ("README.md", "benchmarks/readme.py", "benchmarks/SWEEP.md", "benchmarks/results/cost.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def written(checkout: Path) -> str:
    """README as the script leaves it."""
    done = run([sys.executable, "benchmarks/readme.py"], cwd=checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return (checkout / "README.md").read_text(encoding="utf-8")


def test_readme_says_what_was_measured_last(checkout: Path) -> None:
    """Writing the numbers into README once more changes nothing."""
    assert written(checkout) == README


def test_a_fresh_measurement_goes_into_readme(checkout: Path) -> None:
    """Other factors, and one baseline fewer, are in README's table, whose surroundings stay as they are."""
    report = checkout / "benchmarks" / "SWEEP.md"
    lines = [line for line in report.read_text(encoding="utf-8").splitlines() if "Hydra" not in line]
    report.write_text(re.sub(r"\| [\d.]+ \|$", "| 12.5 |", "\n".join(lines), flags=re.MULTILINE))
    fresh = written(checkout)
    table = re.compile(r"(?<=<!-- measured: begin).*(?=<!-- measured: end)", re.DOTALL)
    (rows,) = table.findall(fresh)
    assert rows.count("| 12.5 times as long |") == rows.count("\n") - 3 > 0
    assert "Hydra" not in rows
    assert table.sub("", fresh) == table.sub("", README)


def test_a_fresh_benchmark_goes_into_readme(checkout: Path) -> None:
    """Other times are in README's other table, and levels that were not measured are not."""
    path = checkout / "benchmarks" / "results" / "cost.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["rows"] = content["rows"][:2]
    content["rows"][0]["step_s"]["median"] = 0.00123
    path.write_text(json.dumps(content), encoding="utf-8")
    (rows,) = re.findall(r"<!-- cost: begin.*<!-- cost: end", written(checkout), re.DOTALL)
    assert "1230 µs" in rows
    assert rows.count("\n|") == 4


def test_no_factor_is_written_by_hand() -> None:
    """Outside of its table README claims no speed: such a number would grow old unseen."""
    prose = re.sub(r"<!-- measured: begin.*<!-- measured: end", "", README, flags=re.DOTALL)
    assert not re.findall(r"\d[\d.]* times as (?:fast|long)", prose)
