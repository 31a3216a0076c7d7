"""`evo runs`, `evo note` and `evo rm`: what is there, what was said of it, and what goes."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from autograd_cli.contract.batch import Batch
from autograd_cli.runs.folder import remove_run
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.writer import RunWriter
from tests.helpers import config_of, evo, record_run, refused, sweep


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs that have ended."""
    for i in range(3):
        record_run(tmp_path / "runs", f"r{i}", [2.0, float(i + 1)], seed=i)
    return tmp_path / "runs"


@pytest.fixture
def writing(runs: Path) -> RunWriter:
    """One that is being written."""
    writer = RunWriter(runs, config_of("sin", "numpy", seed=9), "busy", {})
    writer.append(Batch(0, [1.0], [0.1]))
    return writer


def test_runs_are_listed_the_latest_first(runs: Path) -> None:
    """`--last` keeps the latest, and says how many more there are; conditions leave `@N` as they are."""
    lines = evo("runs", "--last", "2", cwd=runs.parent).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["@1", "@2"]
    assert lines[1].endswith("runs/r2")
    assert lines[-1] == "… and 1 more"
    (_, line) = evo("runs", "seed=0", cwd=runs.parent).stdout.splitlines()
    assert line.split()[0] == "@3"
    rows = json.loads(evo("runs", "--format", "json", cwd=runs.parent).stdout)
    assert [row["name"] for row in rows] == ["r2", "r1", "r0"]


def test_a_note_is_shown_and_changes_nothing_else(runs: Path) -> None:
    """Runs and compare show it, the record stays byte for byte, and it goes where the run goes."""
    record = (runs / "r2" / "run.json").read_bytes()
    assert evo("note", "@1", "first that\nconverged", cwd=runs.parent).returncode == 0
    for command in ("runs", "compare"):
        assert "first that converged" in evo(command, cwd=runs.parent).stdout
    assert (runs / "r2" / "run.json").read_bytes() == record
    shutil.copytree(runs / "r2", runs / "copy")
    assert read_run(runs / "copy").note == "first that converged"
    assert read_run(runs / "copy").status == "completed"
    evo("note", "copy", "--remove", cwd=runs.parent)
    assert not (runs / "copy" / "note.txt").exists()


def test_what_goes_is_shown_and_confirmed(runs: Path) -> None:
    """Where nobody can be asked `--yes` has to be said; what does not match stays, and no rest is left."""
    done = evo("rm", "seed>=1", cwd=runs.parent)
    assert (done.returncode, done.stdout) == (2, "runs/r1\nruns/r2\n")
    assert done.stderr == "evo: --yes: 2 runs would be removed for good; nobody can be asked here\n"
    assert names(runs) == ["r0", "r1", "r2"]
    assert evo("rm", "seed>=1", "--yes", cwd=runs.parent).returncode == 0
    assert names(runs) == ["r0"]


def test_a_run_that_is_being_written_stays(runs: Path, writing: RunWriter) -> None:
    """Named, it is refused before anything goes; among others, it is left out."""
    assert "still being written; nothing was removed" in refused(
        "rm", "busy", "@1..3", "--yes", cwd=runs.parent
    )
    assert len(names(runs)) == 4
    with pytest.raises(Exception, match="being written"):
        remove_run(runs / "busy")
    done = evo("rm", "runs", "--yes", cwd=runs.parent)
    assert done.stderr.splitlines()[0] == "evo: note: 1 runs are still being written, and stay"
    assert names(runs) == ["busy"]
    assert writing.finish("completed").status == "completed"


def test_half_done_runs_that_were_completed_since_are_offered(runs: Path) -> None:
    """`evo rm` alone means half done runs of whose configuration there is a completed one, no others."""
    for name, seed in (("half", 0), ("alone", 7)):
        RunWriter(runs, config_of("sin", "numpy", seed=seed), name, {}).close()
    assert read_run(runs / "half").status == "interrupted"
    assert evo("rm", "--yes", cwd=runs.parent).stdout == "runs/half\n"
    assert names(runs) == ["alone", "r0", "r1", "r2"]


def test_a_sweep_says_how_the_half_done_runs_that_it_completed_can_go(tmp_path: Path) -> None:
    """The command it names removes these and none that is still half done."""
    folder = tmp_path / "my runs"
    for name, seed in (("half", 0), ("again", 0), ("alone", 7)):
        RunWriter(folder, config_of("sin", "numpy", seed=seed, steps=1), name, {}).close()
    words = ("--task", "sin", "--impl", "numpy", "steps=1")
    (offer,) = [line for line in sweep(folder, *words, "seed=0..1").splitlines() if "note" in line]
    said, _, command = offer.rpartition(": ")
    assert said == "evo: note: 2 half done runs have been completed since"
    assert {"half", "again", "alone"} <= set(names(folder))
    assert evo(*shlex.split(command)[1:], "--yes", cwd=tmp_path).returncode == 0
    assert {"half", "again", "alone"} & set(names(folder)) == {"alone"}
    assert "note" not in sweep(folder, *words, "seed=0..1")


def test_a_kill_leaves_nothing_half_removed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run leaves everybody's sight in one step; what a kill leaves of it goes with the next removal."""
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    remove_run(runs / "r0")
    assert [name for name in names(runs) if name[0] != "."] == ["r1", "r2"]
    assert (runs / ".new").is_dir()
    monkeypatch.undo()
    remove_run(runs / "r1")
    assert names(runs) == ["r2"]


def test_a_link_goes_and_not_what_it_leads_to(runs: Path) -> None:
    """A link to a run elsewhere is only a name."""
    (runs / "link").symlink_to("r0")
    remove_run(runs / "link")
    assert names(runs) == ["r0", "r1", "r2"]
