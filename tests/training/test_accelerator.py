"""Training on a device that computes behind the host's back, and sweeps over several: held without one."""

import json
import multiprocessing
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import isfinite
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import autograd_cli as evo
from autograd_cli.config.files import Setting
from autograd_cli.contract.batch import Batch
from autograd_cli.errors import ConfigError
from autograd_cli.runs.record import RunRecord
from autograd_cli.sweep import processes, sweep
from autograd_cli.sweep.events import Event, Note
from autograd_cli.tasks.sin import batched
from autograd_cli.training import clock as clocks
from autograd_cli.training import loop, run
from autograd_cli.training.clock import EventClock, SliceClock
from autograd_cli.training.device import describe_gpu, is_out_of_memory, use_device
from autograd_cli.training.loop import train, train_many
from tests.helpers import config_of, level_of, losses_of, records
from tests.helpers import evo as command
from tests.helpers import sweep as sweep_command
from tests.training.fake_gpu import FakeGpu, OnGpu, pretend_gpus

WORK_S, LAUNCH_S = 0.01, 0.001
SMALL: dict[str, Any] = {"N": "20", "steps": "30"}


class Counting:
    """A level on a fake GPU that uses the memory of its loss again: at step n it is n, or n for each run."""

    parameters = gradients = property(lambda _: {})

    def __init__(self, gpu: FakeGpu | None = None, shape: tuple[int, ...] = ()) -> None:
        self.gpu, self.loss = gpu, torch.full(shape, -1.0, dtype=torch.float64)

    def forward(self) -> torch.Tensor:
        """Ten milliseconds of work."""
        if self.gpu:
            self.gpu.compute(WORK_S, LAUNCH_S)
        return self.loss.add_(1.0)

    def backward(self, loss: torch.Tensor) -> None:
        """Nothing."""

    def update(self) -> None:
        """Nothing."""


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> FakeGpu:
    """A fake GPU whose host's clock is the loop's, too."""
    fake = FakeGpu()
    monkeypatch.setattr(loop, "perf_counter_ns", lambda: int(fake.host_s * 1e9))
    monkeypatch.setattr(clocks, "perf_counter", lambda: fake.host_s)
    return fake


def on_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs on the host be trained as those on a device are."""
    monkeypatch.setattr(run, "clock_of", lambda _device: EventClock(FakeGpu()))


def seconds_of(batches: list[Batch]) -> list[float]:
    """The times of a whole run."""
    return [seconds for batch in batches for seconds in batch.elapsed_s]


def test_a_loss_is_timed_when_the_device_has_it(gpu: FakeGpu) -> None:
    """The host is done handing over long before: its own clock would show a tenth of the time."""
    batches = list(train(Counting(gpu), 500, EventClock(gpu)))
    expected = [LAUNCH_S + WORK_S * (step + 1) for step in range(len(batches[0].losses))]
    assert batches[0].elapsed_s == pytest.approx(expected, rel=1e-6)
    elapsed_s = seconds_of(batches)
    assert elapsed_s[-1] == pytest.approx(500 * WORK_S, rel=0.01)
    assert all(a < b for a, b in pairwise(elapsed_s))


def test_a_batch_of_runs_is_timed_alike(gpu: FakeGpu) -> None:
    """Each of R runs has the R-th part of the device's time, not of the host's."""
    batches = [batches[1] for batches in train_many(Counting(gpu, (4,)), 500, EventClock(gpu))]
    assert seconds_of(batches)[-1] == pytest.approx(500 * WORK_S / 4, rel=0.01)


@pytest.mark.parametrize("clock", [EventClock, SliceClock])
def test_the_host_waits_once_a_slice(gpu: FakeGpu, clock: type[EventClock | SliceClock]) -> None:
    """Waiting at every step would leave the device without work in between."""
    batches = list(train(Counting(gpu), 500, clock(gpu)))
    assert gpu.waits == len(batches) + 1
    assert len(batches) < 500 / 50


def test_without_events_a_slice_is_timed_as_a_whole(gpu: FakeGpu) -> None:
    """The last loss of a slice has the moment when the device was done, the others are spread evenly."""
    batches = list(train(Counting(gpu), 500, SliceClock(gpu)))
    first = batches[0]
    step_s = first.elapsed_s[-1] / len(first.losses)
    assert first.elapsed_s[-1] == pytest.approx(LAUNCH_S + WORK_S * len(first.losses))
    assert first.elapsed_s == pytest.approx([step_s * (i + 1) for i in range(len(first.losses))])
    elapsed_s = seconds_of(batches)
    assert all(a < b for a, b in pairwise(elapsed_s))


def test_short_steps_are_told_apart_after_hours(gpu: FakeGpu) -> None:
    """An event's float32 milliseconds have no room for 30 µs beside 10 hours."""
    clock = EventClock(gpu)
    clock.start()
    gpu.compute(36_000.0, LAUNCH_S)
    clock.read([clock.mark()])
    marks = []
    for _ in range(5):
        gpu.compute(30e-6, 0.0)
        marks.append(clock.mark())
    steps_s = [b - a for a, b in pairwise(clock.read(marks))]
    assert steps_s == pytest.approx([30e-6] * 4, rel=1e-3)


def test_what_the_device_did_before_does_not_count(gpu: FakeGpu) -> None:
    """Making the level's arrays may still go on when the loop starts."""
    gpu.compute(60.0, LAUNCH_S)
    assert seconds_of(list(train(Counting(gpu), 5, EventClock(gpu))))[0] < 1.0


@pytest.mark.parametrize("clock", [lambda _: None, EventClock, SliceClock])
def test_a_loss_whose_memory_is_used_again_is_recorded(clock: Callable[[FakeGpu], Any]) -> None:
    """Five steps have five losses, alone and in a batch, though the level returns one tensor all the time."""
    assert losses_of(Counting(), 5, clock(FakeGpu())) == [0.0, 1.0, 2.0, 3.0, 4.0]
    (batches,) = train_many(Counting(shape=(2,)), 5, clock(FakeGpu()))
    assert [batch.losses for batch in batches] == [[0.0, 1.0, 2.0, 3.0, 4.0]] * 2


def test_losses_do_not_depend_on_the_clock() -> None:
    """Fetched a slice at a time, they are those that the host reads one by one."""
    config = config_of("sin", "autograd", steps=200)
    at_once = losses_of(level_of(config), config.steps)
    assert losses_of(level_of(config), config.steps, EventClock(FakeGpu())) == at_once


def test_divergence_ends_a_run_on_a_device() -> None:
    """Its last loss is the first one that is not finite, as on the host."""
    config = config_of("sin", "autograd", steps=200, lr=1.0)
    at_once = losses_of(level_of(config), config.steps)
    in_slices = losses_of(level_of(config), config.steps, EventClock(FakeGpu()))
    assert len(in_slices) == len(at_once) < config.steps
    assert not isfinite(in_slices[-1])
    assert in_slices[:-1] == at_once[:-1]


def test_no_weights_are_kept_from_past_divergence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a device the level trains on into NaN: none of that is stored, and predicting says why."""
    on_device(monkeypatch)
    diverged = evo.train("sin", "autograd", lr=1.0, steps=200, runs_dir=tmp_path)
    assert (diverged.status, diverged.result) == ("diverged", None)
    assert diverged.path
    assert not (diverged.path / "weights.npz").exists()
    with pytest.raises(ConfigError) as error:
        diverged.predict([0.0])
    assert str(error.value).endswith(f"the run's status is 'diverged': {diverged.record.reason}")
    in_memory = evo.train("sin", "autograd", lr=1.0, steps=200, runs_dir=None)
    assert "has no weights.npz" in str(error.value)
    with pytest.raises(ConfigError, match="diverged"):
        _ = in_memory.parameters
    kept = evo.train("sin", "autograd", steps=20, runs_dir=tmp_path)
    assert kept.result
    assert set(kept.parameters) == set("abcd")


def test_no_weights_are_kept_of_a_run_that_diverged_in_a_batch(tmp_path: Path) -> None:
    """Its neighbours' are."""
    sweep_command(tmp_path, "--task", "sin", "--impl", "batched", "lr=1e-6,1", "steps=200")
    kept = {r.status: ((Path(r.path) / "weights.npz").exists(), r.result) for r in records(tmp_path)}
    assert kept["diverged"] == (False, None)
    assert kept["completed"][0]


def test_run_json_says_what_times_go_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`host`, or what the device's clock is."""
    evo.train("sin", "autograd", steps=3, runs_dir=tmp_path, name="host")
    on_device(monkeypatch)
    evo.train("sin", "autograd", steps=3, runs_dir=tmp_path, name="events")
    for name in ("host", "events"):
        content = json.loads((tmp_path / name / "run.json").read_bytes())
        assert content["environment"]["timing"] == name


def test_the_clock_follows_from_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events where torch has them for it; none on the host, which reads its own."""
    monkeypatch.setattr(torch, "nothing", SimpleNamespace(synchronize=lambda: None), raising=False)
    found = [clocks.clock_of(device) for device in ("cpu", "cuda", "nothing")]
    assert [clock and clock.timing for clock in found] == [None, "events", "slice"]


# --- out of memory -----------------------------------------------------------------------------------------


def no_more_than(runs: int, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception) -> list[int]:
    """Let batches of more runs of `sin` run out of memory in `method`; the sizes that were tried."""
    sizes: list[int] = []
    real = getattr(batched.SinRuns, method)

    def meets_the_limit(self: Any, *given: Any) -> Any:
        size = len(given[0]) if method == "__init__" else len(self.factors)
        sizes.append(size)
        if size > runs:
            raise error
        return real(self, *given)

    monkeypatch.setattr(batched.SinRuns, method, meets_the_limit)
    return sizes


def swept(tmp_path: Path, **keys: Any) -> tuple[list[RunRecord], list[str]]:
    """The records of a sweep of batches of `sin`, one at a time as on a GPU, and its notes."""
    notes: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Note):
            notes.append(event.text)

    evo.sweep("sin", "batched", runs_dir=tmp_path, workers=1, on_event=listen, **SMALL, **keys)
    return records(tmp_path), notes


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_a_batch_too_large_for_memory_is_halved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Until it fits, which is said once; it does not fall apart into single runs."""
    no_more_than(3, monkeypatch, "__init__", error)
    found, notes = swept(tmp_path, seed="0..9")
    assert [record.status for record in found] == ["completed"] * 10
    assert sorted(record.environment["batch"] for record in found) == [1] + [3] * 9
    assert notes == ["memory does not hold 10 runs together: batches of 3 from here on"]


def test_memory_of_a_device_is_tried_before_there_are_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What forward() needs comes on top of the arrays; no run directory is left of what was too large."""
    on_device(monkeypatch)
    no_more_than(3, monkeypatch, "forward", torch.OutOfMemoryError("CUDA out of memory"))
    found, notes = swept(tmp_path, seed="0..4")
    assert [record.status for record in found] == ["completed"] * 5
    assert len(notes) == 1


def test_a_run_too_large_for_memory_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Halved down to one run, it is recorded with the reason."""
    no_more_than(0, monkeypatch, "__init__", MemoryError())
    found, _ = swept(tmp_path, seed="0,1")
    assert [record.status for record in found] == ["failed"] * 2
    assert all("cannot make the arrays" in str(record.error) for record in found)


def test_other_failures_of_a_batch_are_not_halved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would come again: each run gets its own reason at once."""
    sizes = no_more_than(0, monkeypatch, "__init__", ValueError("no"))
    found, notes = swept(tmp_path, seed="0..3")
    assert [record.status for record in found] == ["failed"] * 4
    assert (sizes, notes) == ([4, 1, 1, 1, 1], [])


def test_out_of_memory_on_the_host_is_recognised() -> None:
    """Torch has no kind of error for it."""
    with pytest.raises(RuntimeError) as error:
        torch.empty(10**17)
    assert is_out_of_memory(error.value)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


# --- several GPUs ------------------------------------------------------------------------------------------


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many cores; and workers that are forked, and so know of the pretended GPUs."""
    monkeypatch.setattr(sweep, "cores", lambda: 8)
    monkeypatch.setattr(processes, "_context", lambda _runs: multiprocessing.get_context("fork"))


def gpus_of(runs: list[evo.Run]) -> list[int]:
    """The number of each run's GPU."""
    return [run.record.environment["gpu"]["index"] for run in runs]


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(("devices", "expected"), [(None, {0, 1, 2}), ("0,2", {0, 2}), ([1, 2], {1, 2})])
def test_a_run_on_each_gpu_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: Any, expected: set[int]
) -> None:
    """As many workers as GPUs, whatever the cores allow, and each on a GPU of its own."""
    pretend_gpus(monkeypatch, 3)
    what: dict[str, Any] = {"device": "cuda", "seed": "0..11", "devices": devices, **SMALL}
    job = evo.plan("sin", OnGpu, workers=8, **what)
    assert (job.workers, job.is_limited) == (len(expected), True)
    runs = evo.sweep("sin", OnGpu, workers=8, runs_dir=tmp_path, **what)
    assert [run.status for run in runs] == ["completed"] * 12
    assert set(gpus_of(runs)) == expected
    pids = {(run.record.environment["pid"], run.record.environment["gpu"]["index"]) for run in runs}
    assert len(pids) == len(expected)


@pytest.mark.parametrize("engine", ["auto", "serial"])
def test_one_gpu_needs_no_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """The runs on it follow one another in this process; run.json has its number and name."""
    pretend_gpus(monkeypatch, 3)
    what: dict[str, Any] = {"device": "cuda", "seed": "0,1", "devices": 2, "engine": engine, **SMALL}
    assert [engine for engine, _ in evo.plan("sin", OnGpu, **what).parts()] == ["serial"]
    runs = evo.sweep("sin", OnGpu, runs_dir=tmp_path, **what)
    assert gpus_of(runs) == [2, 2]
    assert {run.record.environment["device"] for run in runs} == {"Fake 2"}


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    ("engine", "gpus", "on_gpus"),
    [("auto", 2, "processes"), ("auto", 1, "serial"), ("processes", 2, "processes")],
)
def test_gpus_do_not_limit_runs_on_the_host(
    monkeypatch: pytest.MonkeyPatch, engine: str, gpus: int, on_gpus: str
) -> None:
    """In a mixed sweep the runs on the host come first, on all cores, and then those on GPUs."""
    pretend_gpus(monkeypatch, gpus)
    job = evo.plan("sin", "nn", device="cpu,cuda", seed="0..7", engine=engine)
    assert job.workers == 8
    assert [(name, {run.config.device for run in runs}) for name, runs in job.parts()] == [
        ("processes", {"cpu"}),
        (on_gpus, {"cuda"}),
    ]


def test_a_gpu_that_is_named_twice_gets_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """For runs that are too small for a whole one."""
    pretend_gpus(monkeypatch, 2)
    monkeypatch.setattr(sweep, "cores", lambda: 8)
    job = evo.plan("sin", "nn", device="cuda", seed="0..7", devices="1,1")
    assert (job.gpus, job.workers) == ((1, 1), 2)


@pytest.mark.parametrize(
    ("devices", "keys", "message"),
    [
        ("0,7", {"device": "cuda"}, "devices: there is no GPU '7'; torch sees 2 (allowed: 0 to 1)"),
        ("gpu", {"device": "cuda"}, "devices: there is no GPU 'gpu'; torch sees 2 (allowed: 0 to 1)"),
        ("0,", {"device": "cuda"}, "devices: '0,' has an empty value"),
        ("0", {}, "devices: no run of the sweep uses a GPU; add device=cuda"),
        (
            "0",
            {"device": "cuda", "engine": "dask"},
            "devices: engine dask leaves the GPU to its workers; set CUDA_VISIBLE_DEVICES for each",
        ),
    ],
)
def test_devices_that_cannot_be_used_are_refused(
    monkeypatch: pytest.MonkeyPatch, devices: str, keys: dict[str, Any], message: str
) -> None:
    """Before anything runs."""
    pretend_gpus(monkeypatch, 2)
    with pytest.raises(ConfigError) as error:
        evo.plan("sin", "nn", devices=devices, **keys)
    assert str(error.value) == message


# --- what is recorded of a GPU -----------------------------------------------------------------------------


@pytest.fixture
def precision() -> Iterator[None]:
    """Whatever a test sets goes back."""
    backends: list[Any] = [torch.backends.cuda.matmul, torch.backends.cudnn]
    before = [backend.allow_tf32 for backend in backends]
    yield
    for backend, allowed in zip(backends, before, strict=True):
        backend.allow_tf32 = allowed


@pytest.mark.usefixtures("precision")
def test_the_circumstances_of_a_gpu_are_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Which one it is, versions, TF32, determinism: what may decide digits and times."""
    pretend_gpus(monkeypatch, 1)
    driver = tmp_path / "version"
    driver.write_text("550.54.15\n")
    monkeypatch.setattr("autograd_cli.training.device._DRIVER", driver)
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    record = evo.train("sin", OnGpu, device="cuda", runs_dir=None, **SMALL).record
    assert record.environment["gpu"] == {
        "index": 0,
        "name": "Fake 0",
        "cuda": torch.version.cuda,
        "driver": "550.54.15",
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "tf32": {"matmul": False, "cudnn": False},
        "deterministic": True,
    }
    assert record.environment["timing"] == "events"


@pytest.mark.usefixtures("precision")
def test_tf32_is_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Left on by a level before, it would change the losses of the next; torch's own variable asks for it."""
    pretend_gpus(monkeypatch, 1)
    config = config_of("sin", "nn", device="cuda")
    monkeypatch.setenv("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    use_device(config)
    assert describe_gpu()["tf32"] == {"matmul": True, "cudnn": True}
    monkeypatch.delenv("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE")
    use_device(config_of("sin", "nn"))
    assert describe_gpu()["tf32"] == {"matmul": True, "cudnn": True}
    use_device(config)
    assert describe_gpu()["tf32"] == {"matmul": False, "cudnn": False}


# --- verifying ---------------------------------------------------------------------------------------------


class Wrong(OnGpu):
    """As the other, but for its update."""

    def update(self) -> None:
        """Too far."""
        self.level.update()
        self.level.a *= 1.001


@pytest.mark.parametrize(("level", "passes"), [(OnGpu, True), (Wrong, False)])
def test_a_level_on_a_device_is_held_against_numpy(
    monkeypatch: pytest.MonkeyPatch, level: Any, passes: bool
) -> None:
    """Its arrays come to the host to be compared, in float64; a wrong update is found."""
    pretend_gpus(monkeypatch, 1)
    monkeypatch.setattr(level, "__module__", "__main__")  # the other process would find no GPU
    verification = evo.verify("sin", level, device="cuda", quick=True, N=50)
    assert verification.passed == passes
    (verdict,) = verification
    found = verdict.cases[0].equivalence
    assert found.steps == (50 if passes else 1)
    if passes:
        assert max(found.parameters.values()) < 1e-9


def test_levels_of_the_host_alone_are_left_out(tmp_path: Path) -> None:
    """`evo verify --device cuda` is about those that run there; one that is named is refused."""
    from autograd_cli.verify.plan import choose_cells

    chosen = [cell.spec for cell in choose_cells(None, None, device=Setting("cuda", "--device"))]
    assert chosen
    assert all("cuda" in spec.devices for spec in chosen)
    result = command("verify", "--task", "sin", "--impl", "numpy", "--device", "cuda", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (
        2,
        "evo: --device: implementation 'numpy' cannot run on 'cuda' (allowed: cpu)\n",
    )


@pytest.mark.parametrize(
    "arguments", [["verify", "--device", "cuda"], ["sweep", "--task", "sin", "--impl", "nn", "device=cuda"]]
)
def test_no_gpu_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    """Exit 2 before anything else is done."""
    result = command(*arguments, cwd=tmp_path, CUDA_VISIBLE_DEVICES="")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "finds no GPU for 'cuda' (allowed here: cpu)" in result.stderr
    assert not list(tmp_path.iterdir())
