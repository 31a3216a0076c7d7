"""What is said before anything trains: names made of a configuration, and the configuration itself."""

from pathlib import Path

from tests.helpers import config_of, evo, record_run, records, refused

SWEEP = ("sweep", "--task", "sin", "--impl", "numpy", "lr=1e-6,1e-7", "seed=0..1", "steps=3", "-q")


def test_a_name_is_filled_from_the_configuration(tmp_path: Path) -> None:
    """Of a run and of each run of a sweep; the same line again makes anew what was cut off."""
    train = ("train", "--task", "sin", "--impl", "numpy", "steps=2", "-q")
    done = evo(*train, "--name", "s{steps}", cwd=tmp_path)
    assert done.stdout == "runs/s2\n"
    assert evo(*SWEEP, "--name", "lr{lr}-s{seed}", cwd=tmp_path).returncode == 0
    names = {Path(record.path).name for record in records(tmp_path / "runs")}
    assert names == {"s2", "lr1e-06-s0", "lr1e-06-s1", "lr1e-07-s0", "lr1e-07-s1"}
    path = tmp_path / "runs" / "lr1e-06-s0" / "run.json"
    path.write_text(path.read_text().replace('"status": "completed",  ', '"status": "interrupted",'))
    assert evo(*SWEEP, "--name", "lr{lr}-s{seed}", cwd=tmp_path).returncode == 0
    assert "lr1e-06-s0-2" in {Path(record.path).name for record in records(tmp_path / "runs")}


def test_names_that_cannot_be_are_refused_before_the_first_run(tmp_path: Path) -> None:
    """Two runs of one name, a name that another run has, an unknown key, a lone brace."""
    told = refused(*SWEEP, "--name", "lr{lr}", cwd=tmp_path)
    assert told.startswith("--name: 'lr{lr}' names two runs 'lr1e-06'")
    assert "unknown key 'sed'; did you mean 'seed'?" in refused(*SWEEP, "--name", "{sed}", cwd=tmp_path)
    assert "a brace too many" in refused(*SWEEP, "--name", "{seed}{", cwd=tmp_path)
    assert not (tmp_path / "runs").exists()
    record_run(tmp_path / "runs", "lr1e-06-s0", [1.0])
    told = refused(*SWEEP, "--name", "lr{lr}-s{seed}", cwd=tmp_path)
    assert told == "--name: runs/lr1e-06-s0 exists already, and is another run"
    assert len(records(tmp_path / "runs")) == 1


def test_the_configuration_is_shown_and_nothing_trained(tmp_path: Path) -> None:
    """Every key with its value, where that came from and what it may be."""
    (tmp_path / "mine.yaml").write_text("task: sin\nN: 50\n")
    arguments = ("--config", "mine.yaml", "--impl", "numpy", "--lr", "1e-4", "steps=1e3")
    lines = evo("train", *arguments, "--show-config", cwd=tmp_path).stdout.splitlines()
    shown = {line.split()[0]: line for line in lines[1:]}
    assert list(shown) == list(config_of("sin", "numpy").to_dict())
    assert "1000 " in shown["steps"]
    assert "argument 'steps=1e3'" in shown["steps"]
    assert "--lr" in shown["lr"]
    assert "mine.yaml:2" in shown["N"]
    assert "configs/sin.yaml:" in shown["seed"]
    assert "SGD alone, for this level" in shown["optimizer"]
    assert not (tmp_path / "runs").exists()
