"""`evo report`, as it is typed: what it draws, and what it says of what cannot be drawn."""

import json
import sys
from html import escape
from pathlib import Path

import pytest

from tests.helpers import LEVELS, evo, record_run, refused

LOSSES = [3.0, 2.0, 1.0]
COUNT = len(LEVELS["linear"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two runs under `runs`."""
    record_run(tmp_path / "runs", "a", LOSSES, task="linear", impl="numpy")
    record_run(tmp_path / "runs", "b", LOSSES, task="linear", impl="tensor")
    return tmp_path


def test_it_says_where_the_page_is(folder: Path) -> None:
    """The page's place goes to stdout, with how many levels it has, and how many of them a curve."""
    done = evo("report", "--task", "linear", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"evolution.html: {COUNT} levels, 2 with a curve\n"
    page = (folder / "evolution.html").read_text(encoding="utf-8")
    assert "evo train --task linear --impl nn" in page  # of a level without a run
    assert "evo verify --task linear --impl numpy" in page
    again = evo("report", "--task", "linear", "--lang", "zh", cwd=folder)
    assert again.returncode == 0
    assert "损失" in (folder / "evolution.html").read_text(encoding="utf-8")


def test_what_is_good_is_drawn(folder: Path) -> None:
    """A run with a torn CSV and one with a broken record cost a line each, and no other run its curve."""
    torn = record_run(folder / "runs", "c", LOSSES, task="linear", impl="nn")
    csv = Path(torn.path) / "losses.csv"
    csv.write_text(csv.read_text().replace("2.0", "two"))
    (folder / "runs" / "d").mkdir()
    (folder / "runs" / "d" / "run.json").write_text("{")
    (folder / "runs" / "notes.txt").write_text("no run")
    done = evo("report", "--task", "linear", cwd=folder)
    assert done.returncode == 0
    assert done.stdout == f"evolution.html: {COUNT} levels, 2 with a curve\n"
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("evo: warning: runs/") for line in lines)


def test_another_run_stands_in_for_a_torn_one(folder: Path) -> None:
    """Where the run that would be drawn cannot be read, the level's next one is."""
    newer = record_run(folder / "runs", "z", LOSSES, task="linear", impl="numpy")
    (Path(newer.path) / "losses.csv").write_text("step,loss\nx,y\n")
    done = evo("report", "--task", "linear", cwd=folder)
    assert done.stdout == f"evolution.html: {COUNT} levels, 2 with a curve\n"


def test_the_run_nearest_to_the_defaults_is_drawn(folder: Path) -> None:
    """A run at another rate stands for its level only where there is none at the level's own, and says so."""
    record_run(folder / "runs", "other", [5.0], task="linear", impl="numpy", lr=0.02)
    record_run(folder / "runs", "alone", [5.0], task="linear", impl="nn", lr=0.02)
    evo("report", "--task", "linear", cwd=folder)
    page = (folder / "evolution.html").read_text(encoding="utf-8")
    assert "Run a: completed, steps: 3, with the defaults of this level. Other runs" in page
    assert "Run alone: completed, steps: 1, with lr=0.02" in page


@pytest.mark.parametrize("words", ["lr=0.02", "--where lr=0.02", "--runs runs/* --where lr=0.02", "other"])
def test_runs_are_chosen_as_for_every_other_command(folder: Path, words: str) -> None:
    """By name, by pattern and by condition; the level's other run, nearer to its defaults, is not drawn."""
    record_run(folder / "runs", "other", [5.0], task="linear", impl="numpy", lr=0.02)
    done = evo("report", "--task", "linear", *words.split(), cwd=folder)
    assert (done.stdout, done.stderr) == (f"evolution.html: {COUNT} levels, 1 with a curve\n", "")
    assert "Run other: completed, steps: 1, with lr=0.02" in (folder / "evolution.html").read_text()


def test_verdicts_are_shown(folder: Path) -> None:
    """A chapter says that its level passed and how closely, or what was wrong, or how to find out."""
    words = ("--task", "linear", "--impl", "numpy,tensor", "--quick", "--steps", "3")
    assert evo("verify", *words, "--report", "v.json", cwd=folder).returncode == 0
    verdicts = json.loads((folder / "v.json").read_text())
    (tensor,) = (one for one in verdicts["verdicts"] if one["impl"] == "tensor")
    tensor |= {"passed": False, "complaints": ["w <parts> at step 3"]}
    (folder / "v.json").write_text(json.dumps(verdicts))
    evo("report", "--task", "linear", "--verdicts", "v.json", cwd=folder)
    page = (folder / "evolution.html").read_text(encoding="utf-8")
    assert "the same training as the reference" in page
    assert all(escape(line) in page for line in tensor["reach"])
    assert "NOT the same training" in page
    assert "w &lt;parts&gt; at step 3" in page
    assert "evo verify --task linear --impl numpy" not in page
    assert "evo verify --task linear --impl nn" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--runs", "none/*"], "--runs: there is no run at none/*"),
        (["--task", "sin"], "--runs: there is no run of task sin"),
        (["--where", "lr>1"], "nothing to report: none of 2 runs has lr>1; lr is "),
        (["runs", "--since", "yesterdy"], "--since: 'yesterdy' is no time; did you mean 'yesterday'?"),
        (["@99"], "argument '@99': runs has 2 runs: @1, the latest, to @2"),
        (["--runs", "runs/*", "--where", "lr>1"], "none of 2 runs has lr>1"),
        (["--task", "liner"], "--task: unknown task 'liner'; did you mean 'linear'?"),
        (["--lang", "de"], "--lang: unknown lang 'de' (allowed: en, zh)"),
        (["--output", "page.pdf"], "--output: 'page.pdf' must end in .html"),
        (["--output", "no/page.html"], "--output: cannot write 'no/page.html': there is no folder 'no'"),
        (["--output", "folder.html"], "--output: 'folder.html' is a folder"),
        (["--verdicts", "none.json"], "--verdicts: cannot read 'none.json'"),
        (["--verdicts", "bad.json"], "--verdicts: 'bad.json' is not valid JSON"),
        (["--verdicts", "odd.json"], "--verdicts: 'odd.json' is no report of evo verify"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line(folder: Path, words: list[str], said: str) -> None:
    """What cannot be done is told in one line, and no page is left behind."""
    (folder / "folder.html").mkdir()
    (folder / "bad.json").write_text("{")
    (folder / "odd.json").write_text('{"verdicts": [{"task": "linear"}]}')
    assert said in refused("report", *words, cwd=folder)
    assert not (folder / "evolution.html").exists()


def test_a_full_or_forbidden_place_is_one_line(folder: Path) -> None:
    """What shows only at the writing is told as well, and what stood there stays."""
    (folder / "page.html").write_text("old")
    (folder / ".page.html.part").mkdir()
    assert "cannot write 'page.html'" in refused("report", "--output", "page.html", cwd=folder)
    assert (folder / "page.html").read_text() == "old"


@pytest.mark.parametrize("module", ["vl_convert", "jinja2"])
def test_a_missing_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Without what draws or renders, the line to install it with is told."""
    monkeypatch.setitem(sys.modules, module, None)
    assert "pip install 'autograd-cli[report]'" in refused("report", cwd=folder)


def test_what_no_curve_shows_is_said(folder: Path) -> None:
    """Losses of zero are counted, also of a level that has no others, and a run of one step is a point."""
    record_run(folder / "runs", "zeros", [1.0, 0.0, 0.0], task="linear", impl="nn")
    record_run(folder / "runs", "one", [1.0], task="linear", impl="optim")
    record_run(folder / "runs", "none", [0.0, 0.0], task="linear", impl="module")
    done = evo("report", "--task", "linear", cwd=folder)
    assert done.stdout == f"evolution.html: {COUNT} levels, 5 with a curve\n"
    page = (folder / "evolution.html").read_text(encoding="utf-8")
    assert "all levels of linear. 4 losses are zero" in page
    assert '"kind":"point"' in page
