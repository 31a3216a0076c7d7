"""The syntax of sweeps, and what they refuse before they start."""

import itertools
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_cli
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import resolve
from autograd_cli.config.values import expand_values, parse_duration
from autograd_cli.errors import ConfigError
from autograd_cli.sweep.sweep import Sweep
from autograd_cli.training.cores import cores
from tests.helpers import LEVELS, ROOT, evo, plan_of, refused, sweep

MLP = ("task=mlp", "impl=autograd,nn")


@given(st.integers(-50, 50), st.integers(0, 60))
def test_a_range_of_whole_numbers_includes_both_ends(first: int, count: int) -> None:
    """`a..b` is every whole number from a to b."""
    texts = expand_values(f"{first}..{first + count}", "here")
    assert [int(text) for text in texts] == list(range(first, first + count + 1))


def test_a_run_of_a_plan_is_what_it_would_be_alone() -> None:
    """Values are read once for all runs, files' and defaults' with them, and none leaks into another run."""
    axes = {"task": ["sin"], "impl": ["nn", "optim", "numpy"], "lr": ["1e-7", "1e-6"], "seed": ["0", "7"]}
    plan = plan_of(*(f"{key}={','.join(values)}" for key, values in axes.items()), "N=10")
    points = [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]
    alone = [resolve({key: Setting.of(key, text) for key, text in (p | {"N": "10"}).items()}) for p in points]
    assert [(run.cell.spec, run.config) for run in plan.runs] == [(cell.spec, c) for cell, c in alone]


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12), st.integers(2, 50), st.sampled_from(["lin", "log"]))
def test_a_spaced_range_keeps_its_ends_and_its_spacing(a: float, b: float, n: int, kind: str) -> None:
    """The ends are as written; between them differences are equal to 12 digits, or for log ratios to 4."""
    values = [float(text) for text in expand_values(f"{kind}:{a!r}:{b!r}:{n}", "here")]
    assert (len(values), values[0], values[-1]) == (n, a, b)
    for i, value in list(enumerate(values))[1:-1]:
        part = i / (n - 1)
        exact = a * (b / a) ** part if kind == "log" else a + (b - a) * part
        close = 1e-10 if kind == "lin" else 5.1e-4
        assert math.isclose(value, exact, rel_tol=close, abs_tol=1e-12 * max(a, b) if kind == "lin" else 0)


def test_lists_and_ranges_mix_and_whole_ends_give_whole_numbers() -> None:
    """`1..3,7` are four values, and a log range between powers of ten holds the powers themselves."""
    assert expand_values("1..3,7", "here") == ["1", "2", "3", "7"]
    assert expand_values("log:10:1000:3", "here") == ["10", "100", "1000"]
    assert expand_values("lin:0:1:3", "here") == ["0", "0.5", "1"]
    assert expand_values("log:1e-7:1e-6:4", "here") == ["1e-7", "2.154e-07", "4.642e-07", "1e-6"]
    assert expand_values("log125:1e-7:1e-5", "here") == [
        *("1e-07", "2e-07", "5e-07", "1e-06", "2e-06", "5e-06", "1e-05"),
    ]
    assert expand_values("log125:10:300", "here") == ["10", "20", "50", "100", "200"]
    assert expand_values("log125:0.5:2", "here") == ["0.5", "1.0", "2.0"]
    assert expand_values("log125:0.5:1", "here") == ["0.5", "1.0"]
    for power in range(-300, 300):
        assert list(map(float, expand_values(f"log125:1e{power}:1e{power}", "here"))) == [float(f"1e{power}")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,,2", "'1,,2' has an empty value"),
        ("9..0", "'9..0' is empty: the first number is larger than the last"),
        ("0..100000", "'0..100000' has more than 100000 values"),
        (
            "log:1:2",
            "'log:1:2' is not a range; write log:FIRST:LAST:COUNT, such as log:1e-7:1e-5:16",
        ),
        ("log125:1:2:3", "'log125:1:2:3' is not a range; write log125:FIRST:LAST, as log125:1e-7:1e-3"),
        ("log125:3:4", "'log125:3:4' is empty: no 1, 2 or 5 times a power of ten lies between"),
        ("log125:1:inf", "'log125:1:inf': both ends must be above 0, the smaller one first"),
        ("log125:0:4", "'log125:0:4': both ends must be above 0, the smaller one first"),
        ("log:0:1:3", "'log:0:1:3': both ends of a log range must be above 0"),
        ("lin:0:inf:3", "'lin:0:inf:3': both ends must be finite numbers"),
        ("lin:0:1:1", "'lin:0:1:1': the count must be from 2 to 100000"),
    ],
)
def test_values_that_make_no_sense_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """Each in one line that shows the value."""
    line = refused("sweep", *MLP, f"lr={text}", cwd=tmp_path)
    assert line == f"argument 'lr={text}': {message}"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_shell_changes_the_syntax(shell: str) -> None:
    """Every form arrives as written, without quotes."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    words = "lr=1e-7,1e-6 seed=0..9 lr=log:1e-7:1e-5:16 lr=lin:0:1:5 repeats=3"
    shown = subprocess.run([shell, "-c", f"printf '%s ' {words}"], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == words.split()


def test_the_grid_is_the_product_in_the_order_written() -> None:
    """Levels first, the last key's values changing fastest."""
    runs = plan_of(*MLP, "lr=1e-7,1e-6", "seed=0..9").runs
    assert len(runs) == 40
    assert [run.index for run in runs] == list(range(40))
    assert [run.config.seed for run in runs[:10]] == list(range(10))
    assert [run.config.impl for run in runs] == ["autograd"] * 20 + ["nn"] * 20
    assert runs[13].label == "impl=autograd seed=3 lr=1e-06"


def test_pairs_go_together_and_repeats_multiply() -> None:
    """With --zip the n-th values make the n-th run; `repeats` counts up from the seed."""
    runs = plan_of("task=mlp", "impl=tensor", "lr=1e-7,1e-6", "seed=5,7", "repeats=2", pairs=True).runs
    assert [(run.config.lr, run.config.seed) for run in runs] == [(1e-7, 5), (1e-7, 6), (1e-6, 7), (1e-6, 8)]


def test_a_sweep_keeps_its_name_and_its_digests() -> None:
    """The same command gives the same name and digests; another value gives others."""
    one, two, other = (plan_of(*MLP, f"lr={lr}", "seed=0,1") for lr in ("1e-6", "0.000001", "1e-7"))
    assert one.name == two.name != other.name
    assert [run.digest for run in one.runs] == [run.digest for run in two.runs]
    assert not {run.digest for run in one.runs} & {run.digest for run in other.runs}


def test_how_often_rows_are_printed_makes_no_other_run() -> None:
    """print_every changes no loss, so it is no part of what a run is known by."""
    assert plan_of(*MLP, "print_every=1").runs[0].digest == plan_of(*MLP, "print_every=7").runs[0].digest


def test_a_file_and_the_command_line_say_the_same(tmp_path: Path) -> None:
    """YAML takes the same words, and lists; the command line's values replace the file's."""
    file = tmp_path / "rates.yaml"
    file.write_text("task: mlp\nimpl: [autograd, nn]\nlr: log:1e-7:1e-5:3\nseed: 0..4\n")
    from_file = plan_of(file=file)
    typed = plan_of(*MLP, "lr=log:1e-7:1e-5:3", "seed=0..4")
    assert from_file.name == "rates"
    assert [run.digest for run in from_file.runs] == [run.digest for run in typed.runs]
    assert len(plan_of("seed=3", "impl=nn", file=file).runs) == 3


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "configs" / "sweeps").glob("*.yaml")])
def test_every_shipped_sweep_can_run(name: str) -> None:
    """`evo sweep NAME` finds the files in configs/sweeps, and they make plans."""
    assert plan_of(file=name).runs


def test_a_sweep_file_may_start_from_a_configuration(tmp_path: Path) -> None:
    """`config:` names one beside the file, or one that comes with evo."""
    (tmp_path / "base.yaml").write_text("task: mlp\nN: 7\n")
    for name, size in (("base.yaml", 7), ("mlp_n100", 100)):
        (tmp_path / "sweep.yaml").write_text(f"config: {name}\nimpl: nn\nseed: 0..1\n")
        runs = plan_of(file=tmp_path / "sweep.yaml").runs
        assert [run.config.options["N"] for run in runs] == [size, size]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "task: mlp\nimpl: nn\nlevels:\n  nn:\n    lr: 1\n",
            "sweep.yaml:4: a sweep has no levels; put them into a configuration and name it by 'config:'",
        ),
        ("task: mlp\nimpl: nn\nzip: perhaps\n", "sweep.yaml:3: zip is 'perhaps'; it must be true or false"),
        ("impl: nn\nconfig: mpl\n", "sweep.yaml:2: unknown configuration 'mpl'; did you mean 'mlp'? "),
        (
            "task: mlp\nimpl: nn\nrepeats: x\n",
            "sweep.yaml:3: repeats is 'x'; it must be a whole number, 1 or",
        ),
    ],
)
def test_complaints_about_sweep_files(tmp_path: Path, text: str, message: str) -> None:
    """What a sweep's file cannot hold is named with its line."""
    (tmp_path / "sweep.yaml").write_text(text)
    assert refused("sweep", "sweep.yaml", cwd=tmp_path).startswith(message)


def test_one_sweep_file_at_a_time(tmp_path: Path) -> None:
    """A second file on the command line is refused by its name."""
    line = refused("sweep", "lr", "other.yaml", cwd=tmp_path)
    assert line == "argument 'other.yaml': one sweep file at a time; 'lr' is one already"


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Every bad value and every impossible combination has a line; exit 2, and no folder is made."""
    runs_dir = tmp_path / "runs"
    said = sweep(
        runs_dir, "--task", "sin", "--impl", "numpy,tensr,nn", "lr=abc,1", "seed=0,x", "momentum=0.5", code=2
    )
    lines = said.splitlines()
    assert lines[0] == "evo: the sweep cannot start, for 5 reasons:"
    assert sorted(line.strip().split(": ", 1)[1] for line in lines[1:]) == [
        "lr is 'abc'; it must be a finite number, 0 or more",
        "momentum is '0.5', but implementation 'nn' takes only momentum=0.0",
        "momentum is '0.5', but implementation 'numpy' takes only momentum=0.0",
        "seed is 'x'; it must be a whole number, 0 or more and below 9223372036854775808",
        "unknown implementation of task sin 'tensr'; did you mean 'tensor'? (allowed: "
        + ", ".join(LEVELS["sin"])
        + ")",
    ]
    assert not runs_dir.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lr=1,1.0"], "runs 0 and 1 are the same"),
        (
            ["lr=1,2", "seed=0..2", "--zip"],
            "--zip: pairs need as many values of each key, or one: lr has 2, seed has 3",
        ),
        (["repeats=0"], "argument 'repeats=0': repeats is '0'; it must be a whole number, 1 or more"),
        (["seed=0..999", "lr=lin:1:2:1000"], "the sweep has 1000000 runs; at most 100000 are allowed"),
        (["nowhere.yaml"], "argument: unknown sweep file or KEY=VALUES 'nowhere.yaml' (allowed: lr, tasks)"),
        (["--engine", "proceses"], "--engine: unknown engine 'proceses'; did you mean 'processes'?"),
        (
            ["--engine", "batched"],
            "--engine: batched computes runs of 'batched', 'gram' only",
        ),
        (
            ["--scheduler", "tcp://x", "--engine", "serial"],
            "--scheduler: engine 'serial' has no scheduler; only dask has one",
        ),
        (["--workers", "0"], "--workers: workers is '0'; it must be a whole number, 1 or more"),
        (["--timeout", "30x"], "--timeout: timeout is '30x'; it must be a time above 0, such as 30s,"),
        (["--budget", "0"], "--budget: budget is '0'; it must be a time above 0, such as 30s,"),
        (["--name", "a/b"], "--name: 'a/b' cannot name a directory"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    """Exit 2, nothing written."""
    line = refused("sweep", "--task", "mlp", "--impl", "nn", *arguments, cwd=tmp_path)
    assert line.startswith(message)
    assert not list(tmp_path.iterdir())


def test_a_dry_run_counts_and_names_and_writes_nothing(tmp_path: Path) -> None:
    """What would run, a line each, and how many of them at a time."""
    done = evo("sweep", "lr", "--workers", "2", "--dry-run", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("30 runs of sweep 'lr': 30 to do, 0 there already")
    assert lines[1].split() == ["0", "to", "do", "impl=tensor", "seed=0", "lr=1e-07"]
    assert len(lines) == 31
    assert not list(tmp_path.iterdir())


def test_pairs_are_checked_as_pairs() -> None:
    """What only the product would hold is no mistake; what a pair holds is."""
    assert [run.label for run in plan_of("task=mlp,softmax", "impl=nn,numpy", pairs=True).runs] == [
        "task=mlp impl=nn",
        "task=softmax impl=numpy",
    ]
    runs = plan_of("task=sin", "impl=dynamic,numpy", "momentum=0.5,0.0", pairs=True).runs
    assert [run.config.options["momentum"] for run in runs] == [0.5, 0.0]
    with pytest.raises(ConfigError, match="implementation 'numpy' takes only"):
        plan_of("task=sin", "impl=dynamic,numpy", "momentum=0.0,0.5", pairs=True)


def test_zip_in_a_file_can_be_undone(tmp_path: Path) -> None:
    """--no-zip makes the product of it again."""
    file = tmp_path / "sweep.yaml"
    file.write_text("task: sin\nimpl: numpy\nzip: true\nlr: 1e-6,1e-7\nseed: 0,1\n")
    dry = ("--dry-run", str(file))
    assert sweep(tmp_path / "runs", *dry).startswith("2 runs")
    assert sweep(tmp_path / "runs", *dry, "--no-zip").startswith("4 runs")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.py:Level", "--impl: there is no file 'nowhere.py'"),
        ("no_such_module:Level", "--impl: there is no module 'no_such_module'"),
        ("{file}:Levle", "{file}: unknown class 'Levle'; did you mean 'Level'? (allowed: Level)"),
        ("{torn}:Level", "{torn}:1: SyntaxError: '(' was never closed (while reading {torn})"),
    ],
)
def test_a_level_that_is_not_there_is_found_before_the_first_run(
    tmp_path: Path, name: str, message: str
) -> None:
    """Also by --dry-run, which executes nothing of the file; exit 2, nothing written."""
    file, torn = tmp_path / "my.py", tmp_path / "torn.py"
    file.write_text("class Level: ...\nprint('executed')\n")
    torn.write_text("print(\n")
    level, message = (text.format(file=file, torn=torn) for text in (name, message))
    for how in (["--dry-run"], ["--engine", "serial"]):
        said = sweep(tmp_path / "runs", "--task", "sin", "--impl", level, "seed=0..2", *how, code=2)
        assert said == f"evo: {message}\n"
    assert not (tmp_path / "runs").exists()
    ok = sweep(tmp_path / "runs", "--task", "sin", "--impl", f"{file}:Level", "--dry-run")
    assert "executed" not in ok


def test_tasks_with_different_keys_share_a_sweep_by_blocks(tmp_path: Path) -> None:
    """Each block is a grid of its own on top of what all share; the command line's values win in all."""
    file = tmp_path / "both.yaml"
    file.write_text(
        "impl: numpy\nseed: 0..1\nblocks:\n"
        "  - task: mlp\n    H: [10, 20]\n  - task: sin\n    N: 50\n    seed: 7\n"
    )
    seen = [
        (run.config.task, run.config.seed, run.config.options.get("H")) for run in plan_of(file=file).runs
    ]
    assert seen == [("mlp", 0, 10), ("mlp", 0, 20), ("mlp", 1, 10), ("mlp", 1, 20), ("sin", 7, None)]
    assert {run.config.seed for run in plan_of("seed=3", file=file).runs} == {3}


def test_a_key_that_only_some_tasks_have_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """The line names the task that lacks it, and says what blocks are for."""
    said = sweep(tmp_path / "runs", "--task", "mlp,sin", "--impl", "numpy", "H=10,20", code=2)
    assert said.startswith("evo: argument 'H=10,20': task sin has no key 'H', which others of the sweep have")
    assert "blocks:" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("blocks: 3\n", "1: blocks must be a list"),
        ("blocks:\n  - task: sin\n    zip: true\n", "3: zip is said for the whole sweep, not in a block"),
        ("engine: fast\ntask: sin\nimpl: numpy\n", "1: unknown engine 'fast'"),
        (
            "task: sin\nimpl: numpy\nworkers: two\n",
            "3: workers is 'two'; it must be a whole number",
        ),
        ("task: sin\nimpl: numpy\ndevices: 0\n", "3: no run of the sweep uses a GPU; add device=cuda"),
        ("task: sin\nimpl: numpy\nbudget: 1y\n", "3: budget is '1y'; it must be a time above 0"),
    ],
)
def test_a_file_that_makes_no_sense_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """Options in it, too."""
    file = tmp_path / "sweep.yaml"
    file.write_text(text)
    said = sweep(tmp_path / "runs", str(file), code=2)
    assert said.startswith(f"evo: {file}:{message}")


def test_a_file_may_say_how_it_is_carried_out(tmp_path: Path) -> None:
    """Engine, workers, folder and limits; the command line's options win."""
    file, folder = tmp_path / "sweep.yaml", tmp_path / "elsewhere"
    file.write_text(
        f"task: sin\nimpl: numpy\nseed: 0..1\nengine: serial\nworkers: 1\nruns_dir: {folder}\ntimeout: 5m\n"
    )
    job = autograd_cli.plan(file=str(file))
    assert (job.options.engine, job.options.workers, job.options.timeout_s) == ("serial", 1, 300.0)
    assert job.runs_dir == folder
    other = autograd_cli.plan(file=str(file), engine="processes", timeout=7, runs_dir=tmp_path)
    assert (other.options.engine, other.options.timeout_s, other.runs_dir) == ("processes", 7.0, tmp_path)


def test_a_group_is_a_folder_of_the_sweeps_name(tmp_path: Path) -> None:
    """The same line goes on there, readers of the whole folder find it, and no run is taken for a group."""
    words = ("--task", "sin", "--impl", "numpy", "steps=1", "seed=0..1", "--group")
    folder = tmp_path / "runs"
    sweep(folder, *words, "--name", "first")
    assert "2 runs of sweep 'first': 0 new" in sweep(folder, *words, "--name", "first")
    (inside,) = folder.iterdir()
    runs = sorted(path.name for path in inside.iterdir() if path.name[0] != ".")
    assert (inside.name, len(runs)) == ("first", 2)
    for word, found in (("runs", 2), ("first", 2), ("@1", 1), (f"first/{runs[0]}", 1)):
        rows = json.loads(evo("compare", word, "--format", "json", cwd=tmp_path).stdout)
        assert [row["sweep"] for row in rows] == ["first"] * found
    assert f"{inside / runs[0]} is a run" in sweep(inside, *words, "--name", runs[0], code=2)
    file = tmp_path / "mine.yaml"
    file.write_text("task: sin\nimpl: numpy\ngroup: true\n")
    assert autograd_cli.plan(file=str(file)).runs_dir == Path("runs/mine")
    assert autograd_cli.plan(file=str(file), group=False).runs_dir == Path("runs")


def test_ranges_and_options_are_told_with_everything_else(tmp_path: Path) -> None:
    """A bad range hides no bad value, nor one option another."""
    said = sweep(
        tmp_path / "runs",
        *("--task", "sin", "--impl", "numpy", "seed=9..0", "lr=abc", "N=0"),
        *("--engine", "fast", "--workers", "0", "--timeout", "x", "--budget", "-1", "--name", "a/b"),
        code=2,
    )
    assert said.startswith("evo: the sweep cannot start, for 8 reasons:")
    for start in ("argument 'seed=9..0'", "argument 'lr=abc'", "argument 'N=0'", "--engine", "--workers"):
        assert f"\n  {start}" in said
    for start in ("--timeout", "--budget", "--name"):
        assert f"\n  {start}" in said


def test_a_scheduler_alone_means_dask() -> None:
    """It can mean nothing else."""
    assert autograd_cli.plan("sin", "numpy", scheduler="tcp://x:1").options.engine == "dask"


@given(st.floats(0.001, 1e6), st.sampled_from(["", "s", "m", "h", "d"]))
def test_times_are_seconds_minutes_hours_or_days(number: float, unit: str) -> None:
    """As a person writes them."""
    seconds = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert parse_duration(f"{number:.3f}{unit}") == pytest.approx(round(number, 3) * seconds)


@pytest.mark.parametrize("text", ["", "s", "0", "-1", "1 h", "1e3", "inf", "nan", "1h30m", "1_0", "٣"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """So is none at all."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000"}, 64),
        ({"cpu.max": "250000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64),
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4),
        ({"cpu,cpuacct/c/cpu.cfs_quota_us": "500000", "cpu,cpuacct/c/cpu.cfs_period_us": "100000"}, 5),
        ({"cpu.max": "nonsense"}, 64),
    ],
)
def test_a_containers_quota_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: int
) -> None:
    """Of version 2 and of version 1, of the process's group and of those above it; whole processors."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    own = tmp_path / "own"
    own.write_text("3:cpu,cpuacct:/c\n1:name=systemd:/x\n0::/a/b\n")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert cores(tmp_path, own) == expected
    assert cores(tmp_path, tmp_path / "no such file") >= 1


def test_mixed_numbers_of_threads_still_go_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the smallest allow; the engine sees that they fit together."""
    monkeypatch.setattr(sys.modules[Sweep.__module__], "cores", lambda: 4)
    job = autograd_cli.plan("sin", "numpy", threads="1,4", seed="0..3")
    assert job.workers == 4
    assert [engine for engine, _ in job.parts()] == ["processes"]


def test_workers_for_batches_start_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has computed may have threads, which a fork does not survive."""
    monkeypatch.setattr(sys.modules[Sweep.__module__], "cores", lambda: 4)
    for workers, expected in ((4, ["batched", "serial"]), (1, ["serial", "batched"])):
        job = autograd_cli.plan("sin", "numpy,batched,batched", seed="0,1,2", zip=True, workers=workers)
        assert [engine for engine, _ in job.parts()] == expected
