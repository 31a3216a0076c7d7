"""What is kept of a run whose loss is no longer finite."""

from pathlib import Path

import numpy as np
import pytest

import autograd_cli as evo
from autograd_cli.errors import ConfigError
from autograd_cli.runs.reader import read_run
from tests.faulty import told


def test_a_run_alone_keeps_the_parameters_of_its_last_loss(tmp_path: Path) -> None:
    """They are finite, and give the very loss that was not."""
    run = evo.train("sin", "numpy", lr=1.0, runs_dir=tmp_path)
    assert (run.status, run.result is not None) == ("diverged", True)
    assert all(np.isfinite(array).all() for array in run.parameters.values())


def test_a_run_of_a_batch_keeps_none(tmp_path: Path) -> None:
    """The batch has computed on past the end of that run; its neighbours keep theirs."""
    good, bad = evo.sweep(
        "sin", "batched", lr="1e-6,1", steps=60, N=50, seed=1, runs_dir=tmp_path, engine="batched"
    )
    assert (good.status, bad.status) == ("completed", "diverged")
    assert good.parameters
    assert good.result
    assert bad.path
    assert not (bad.path / "weights.npz").exists()
    assert bad.result is None
    assert read_run(bad.path).status == "diverged"
    with pytest.raises(ConfigError, match=r"has no weights\.npz; the run's status is 'diverged': the loss"):
        bad.predict([0.5])
    code, line = told("predict", bad.path, "0.5")
    assert (code, "the loss is not finite at step" in line) == (2, True)


def test_a_batch_says_that_its_size_counts(tmp_path: Path) -> None:
    """run.json names the number of runs, and that only the same runs repeat the last digits."""
    run = evo.sweep("sin", "batched", seed="0,1", steps=2, N=10, runs_dir=tmp_path, engine="batched")[0]
    environment = run.record.environment
    assert (environment["batch"], environment["repeats_exactly"]) == (2, "in a batch of the same runs alone")
