"""`evo bench` from end to end, at sizes and times at which it is over soon."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import autograd_cli as evo
from autograd_cli.api.bench import Benchmark
from autograd_cli.bench.work import VERBS, LevelWork
from tests.helpers import cell_of, refused, small
from tests.helpers import evo as command

SLOW = """
from time import perf_counter
from autograd_cli.tasks.linear.numpy import Linear

class Slow(Linear):
    def update(self):
        super().update()
        until_s = perf_counter() + 200e-6
        while perf_counter() < until_s:
            pass
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a level that waits 200 µs in its update, and with the benchmark of it beside NumPy's."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "slow.py").write_text(SLOW, encoding="utf-8")
    words = ("--task", "linear", "--impl", "numpy,slow.py:Slow", "--quick", "--time", "0.2s")
    done = command("bench", *words, "--output", "mine.json", "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((folder / "mine.json").read_text(encoding="utf-8"))
    return folder


@pytest.fixture
def content(place: Path) -> dict[str, Any]:
    """What the benchmark has found."""
    found: dict[str, Any] = json.loads((place / "mine.json").read_text(encoding="utf-8"))
    return found


def test_a_slow_level_is_seen_with_the_verb_that_is_slow(content: dict[str, Any]) -> None:
    """A step of it takes what it waits at least, and that is in its update; the leanest is once itself."""
    numpy, slow = content["rows"]
    assert min(row["over_leanest"]["median"] for row in content["rows"]) == 1.0
    assert slow["step_s"]["low"] > 200e-6
    assert slow["verbs_s"]["update"] > 200e-6 > slow["verbs_s"]["forward"]
    assert list(slow["verbs_s"]) == list(VERBS)
    assert slow["lines"]["forward"] == numpy["lines"]["forward"]
    assert 0 < numpy["floor"]["seconds"] < numpy["step_s"]["low"]


def test_against_itself_nothing_differs_and_a_slowed_level_does(content: dict[str, Any], place: Path) -> None:
    """The same blocks are no difference; blocks four times as long are worse by that much."""
    # As on a quiet machine: how far to believe a busy one is for the statistics' tests.
    for found, key in ((content, "loop_s"), *((row, "blocks_s") for row in content["rows"])):
        found[key] = [[20e-6 * (1 + 0.001 * i) for i, _ in enumerate(own)] for own in found[key]]
    (place / "quiet.json").write_text(json.dumps(content), encoding="utf-8")
    same = Benchmark(content).against(place / "quiet.json")
    assert [row["verdict"] for row in same.rows] == ["no difference"] * 2
    assert same.worst == 1.0
    slowed = copy.deepcopy(content)
    slowed["rows"][1]["blocks_s"] = [[4 * block for block in own] for own in content["rows"][1]["blocks_s"]]
    compared = Benchmark(slowed).against(place / "quiet.json")
    assert [row["verdict"] for row in compared.rows] == ["no difference", "worse"]
    assert compared.worst == pytest.approx(4)


def test_another_machine_is_compared_by_ratios(content: dict[str, Any], place: Path) -> None:
    """A machine half as fast makes no level worse: each is held over the leanest of its task."""
    other = copy.deepcopy(content)
    other["machine"]["cpu"] = "another"
    for row in other["rows"]:
        row["blocks_s"] = [[2 * block for block in own] for own in row["blocks_s"]]
    found = Benchmark(other).against(place / "mine.json")
    assert [row["verdict"] for row in found.rows] == ["no difference"] * 2
    assert "is of another machine" in found.notes[0]


def test_every_format_says_the_same(content: dict[str, Any], tmp_path: Path) -> None:
    """The table, Markdown and CSV have a row a level; both pictures are drawn."""
    found = Benchmark(content)
    header, *rows = found.text("csv").splitlines()
    assert len(rows) == len(found.rows) == 2
    assert header.split(",") == list(found.rows[0])
    for format_ in ("table", "markdown"):
        assert [name in found.text(format_) for name in ("numpy", "Slow", "of floor")] == [True] * 3
    for i, row in enumerate(content["rows"]):
        row["varied"] = {"N": str(2**i)}
    found.plot(tmp_path / "growth.svg")
    Benchmark({**content, "rows": [dict(row, varied={}) for row in content["rows"]]}).plot(
        tmp_path / "bars.svg"
    )
    assert "N (log scale)" not in (tmp_path / "bars.svg").read_text(encoding="utf-8")
    assert all((tmp_path / f"{name}.svg").stat().st_size > 5000 for name in ("growth", "bars"))


def test_fail_above_fails(place: Path) -> None:
    """Exit 1 where a level is worse by more than that, here than in a file that says it took no time."""
    content = json.loads((place / "mine.json").read_text(encoding="utf-8"))
    content["rows"][0]["blocks_s"] = [[b / 1e4 for b in own] for own in content["rows"][0]["blocks_s"]]
    (place / "fast.json").write_text(json.dumps(content), encoding="utf-8")
    words = ("--task", "linear", "--impl", "numpy", "--quick", "--time", "0.1s", "--against", "fast.json")
    done = command("bench", *words, "--fail-above", "10%", cwd=place)
    assert (done.returncode, "worse" in done.stdout) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["N=0"], "argument 'N=0': N is '0'; it must be a whole number, 1 or more"),
        (["M=3"], "argument 'M=3': unknown key 'M'"),
        (["--task", "mlp", "--impl", "numpi"], "did you mean 'numpy'?"),
        (["--task", "mlp", "N=100000000"], "GiB are free here"),
        (["--against", "slow.py"], "--against: 'slow.py' is not valid JSON"),
        (["--against", "none.json"], "--against: cannot read 'none.json': No such file or directory"),
        (["--against", "mine.json", "N=3"], "--against: 'mine.json' holds none of these levels"),
        (["--fail-above", "10%"], "--fail-above: it needs --against FILE"),
        (["--fail-above", "many", "--against", "mine.json"], "--fail-above: 'many' is no percentage"),
        (["--time", "never"], "--time: 'never' is no time"),
        (["--plot", "a.gif"], "--plot: 'a.gif': nothing in a benchmark moves"),
        (["--output", "none/a.json"], "--output: cannot write 'none/a.json'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes_are_told_in_a_line(place: Path, words: list[str], said: str) -> None:
    """Before anything is measured, with exit 2."""
    assert said in refused("bench", *words, cwd=place)


@pytest.mark.parametrize(
    "content", [[], {}, {"format": "evo benchmark 1"}, {"format": "evo verify report 1"}]
)
def test_a_file_that_is_no_benchmark_is_refused(tmp_path: Path, content: Any) -> None:
    """Whatever JSON it is."""
    (tmp_path / "some.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(evo.ConfigError, match="is no benchmark"):
        Benchmark({}).against(tmp_path / "some.json")


def test_blocks_never_train_into_divergence() -> None:
    """A level starts anew before its numbers leave those that a training meets, and after they have."""
    config = small("sin", "numpy", lr=10.0, steps=50)
    timed = LevelWork(cell_of(config), config).make()
    assert all(timed.block() > 0 for _ in range(3))
    assert timed._life < 50
