"""What only a real GPU can show."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

import autograd_cli as evo
from autograd_cli.training.clock import EventClock
from autograd_cli.training.loop import train
from tests.helpers import CELLS, cell_of, config_of, level_of, losses_of

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU here")

GPUS = set(range(torch.cuda.device_count()))
ON_GPU = [(task, impl) for task, impl in CELLS if "cuda" in cell_of(config_of(task, impl)).spec.devices]


def two_events() -> tuple[Any, Any]:
    """Events to time work on the device by, without the package."""
    event: Any = torch.cuda.Event
    return event(enable_timing=True), event(enable_timing=True)


def test_times_never_fall_and_reach_the_end_of_the_work() -> None:
    """A step's events are in order, and their sum is the time that the host has waited for everything."""
    config = config_of("mlp", "autograd", device="cuda", steps=2000)
    level = level_of(config)
    losses_of(level, 100, EventClock(torch.cuda))  # its kernels are loaded
    torch.cuda.synchronize()
    start, end = two_events()
    start.record()
    batches = list(train(level, config.steps, EventClock(torch.cuda)))
    end.record()
    end.synchronize()
    elapsed_s = [seconds for batch in batches for seconds in batch.elapsed_s]
    assert len(elapsed_s) == config.steps
    assert all(a <= b for a, b in pairwise(elapsed_s))
    assert elapsed_s[-1] == pytest.approx(start.elapsed_time(end) / 1e3, rel=0.05)


def test_times_are_those_of_the_work_not_of_handing_it_over() -> None:
    """Large products, of which a few hundred are handed over in no time, take the time that they take."""
    config = config_of("mlp", "tensor", device="cuda", dtype="float64", N=4096, D_in=4096, H=4096, steps=20)
    level = level_of(config)
    torch.cuda.synchronize()
    start, end = two_events()
    start.record()
    for _ in range(5):
        level.backward(level.forward())
    end.record()
    end.synchronize()
    step_s = start.elapsed_time(end) / 5e3
    (*_, last) = train(level, config.steps, EventClock(torch.cuda))
    assert last.elapsed_s[-1] > 0.5 * step_s * config.steps


@pytest.mark.parametrize(("task", "impl"), ON_GPU)
def test_losses_on_the_gpu_are_those_of_the_host(task: str, impl: str) -> None:
    """In float64, to rounding."""
    config = config_of(task, impl, dtype="float64", steps=50)
    expected = losses_of(level_of(config), config.steps)
    config = config_of(task, impl, dtype="float64", steps=50, device="cuda")
    found = losses_of(level_of(config), config.steps, EventClock(torch.cuda))
    assert found == pytest.approx(expected, rel=1e-9)


def test_every_level_that_runs_there_is_verified() -> None:
    """Held against NumPy on the host, in float64."""
    verification = evo.verify(device="cuda", quick=True)
    assert len(verification) == len(ON_GPU)
    assert verification.passed, verification.text()


def test_a_run_records_its_gpu(tmp_path: Path) -> None:
    """Which one, and what may decide its digits."""
    run = evo.train("sin", "nn", device="cuda", steps=20, runs_dir=tmp_path, name="r")
    environment = json.loads((tmp_path / "r" / "run.json").read_bytes())["environment"]
    assert run.status == "completed"
    assert environment["timing"] == "events"
    assert environment["device"] == environment["gpu"]["name"] == torch.cuda.get_device_name(0)
    assert environment["gpu"]["index"] == 0
    assert environment["gpu"]["cuda"] == torch.version.cuda
    assert environment["gpu"]["tf32"] == {"matmul": False, "cudnn": False}


def test_sweeps_on_gpus_leave_ordinary_runs(tmp_path: Path) -> None:
    """By processes, and as one program; each run has its own digits, whoever executed it."""
    for impl, engine in (("autograd", "processes"), ("batched", "batched")):
        keys: dict[str, Any] = {"device": "cuda", "seed": "0..3", "steps": 50, "dtype": "float64"}
        runs = evo.sweep("sin", impl, engine=engine, runs_dir=tmp_path, **keys)
        assert [run.status for run in runs] == ["completed"] * 4
        assert {run.record.environment["gpu"]["index"] for run in runs} <= GPUS
        for run in runs:
            config = config_of("sin", "autograd", seed=run.config.seed, steps=50, dtype="float64")
            expected = losses_of(level_of(config), 50)
            assert run.losses == pytest.approx(expected, rel=1e-9)
