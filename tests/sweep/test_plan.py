"""The syntax of sweeps, and what they refuse before they start."""

import math
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.catalogue.registry import TASKS
from autograd_cli.config.files import Setting, config_folder
from autograd_cli.config.resolve import gather, parse_assignment
from autograd_cli.errors import ConfigError
from autograd_cli.sweep.plan import Plan, make_plan
from autograd_cli.sweep.request import find_sweep_file, make_request, read_sweep_file
from autograd_cli.sweep.values import expand_values
from tests.sweeping import sweep

MLP: dict[str, str] = {"task": "mlp", "impl": "autograd,nn"}


def plan(*arguments: str, pairs: bool = False, file: Path | None = None, **options: str) -> Plan:
    """The plan of a command line."""
    given = options if options or file else MLP
    settings = [(key, Setting(text, f"--{key}")) for key, text in given.items()]
    settings += map(parse_assignment, arguments)
    return make_plan(make_request(gather(settings), file=str(file) if file else None, pairs=pairs))


@given(st.integers(-50, 50), st.integers(0, 60))
def test_a_range_of_whole_numbers_includes_both_ends(first: int, count: int) -> None:
    """`a..b` is every whole number from a to b."""
    texts = expand_values(f"{first}..{first + count}", "here")
    assert [int(text) for text in texts] == list(range(first, first + count + 1))


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12), st.integers(2, 50), st.sampled_from(["lin", "log"]))
def test_a_spaced_range_keeps_its_ends_and_its_spacing(a: float, b: float, n: int, kind: str) -> None:
    """The ends are as written; between them differences, or for log ratios, are equal to 12 digits."""
    values = [float(text) for text in expand_values(f"{kind}:{a!r}:{b!r}:{n}", "here")]
    assert (len(values), values[0], values[-1]) == (n, a, b)
    for i, value in list(enumerate(values))[1:-1]:
        part = i / (n - 1)
        exact = a * (b / a) ** part if kind == "log" else a + (b - a) * part
        assert math.isclose(value, exact, rel_tol=1e-10, abs_tol=1e-12 * max(a, b) if kind == "lin" else 0)


def test_lists_and_ranges_mix_and_whole_ends_give_whole_numbers() -> None:
    """`1..3,7` are four values, and a log range between powers of ten holds the powers themselves."""
    assert expand_values("1..3,7", "here") == ["1", "2", "3", "7"]
    assert expand_values("log:10:1000:3", "here") == ["10", "100", "1000"]
    assert expand_values("lin:0:1:3", "here") == ["0", "0.5", "1"]


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
        ("log:0:1:3", "'log:0:1:3': both ends of a log range must be above 0"),
        ("lin:0:inf:3", "'lin:0:inf:3': both ends must be finite numbers"),
        ("lin:0:1:1", "'lin:0:1:1': the count must be from 2 to 100000"),
    ],
)
def test_values_that_make_no_sense_are_refused(text: str, message: str) -> None:
    """Each in one line that shows the value."""
    with pytest.raises(ConfigError) as error:
        expand_values(text, "--lr")
    assert str(error.value) == f"--lr: {message}"


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
    runs = plan("lr=1e-7,1e-6", "seed=0..9").runs
    assert len(runs) == 40
    assert [run.index for run in runs] == list(range(40))
    assert [run.config.seed for run in runs[:10]] == list(range(10))
    assert [run.config.impl for run in runs] == ["autograd"] * 20 + ["nn"] * 20
    assert runs[13].label == "impl=autograd seed=3 lr=1e-06"


def test_pairs_go_together_and_repeats_multiply() -> None:
    """With --zip the n-th values make the n-th run; `repeats` counts up from the seed."""
    runs = plan("lr=1e-7,1e-6", "seed=5,7", "repeats=2", pairs=True, task="mlp", impl="tensor").runs
    assert [(run.config.lr, run.config.seed) for run in runs] == [(1e-7, 5), (1e-7, 6), (1e-6, 7), (1e-6, 8)]


def test_a_sweep_keeps_its_name_and_its_digests() -> None:
    """The same command gives the same name and digests; another value gives others."""
    one, two, other = (plan(f"lr={lr}", "seed=0,1") for lr in ("1e-6", "0.000001", "1e-7"))
    assert one.name == two.name != other.name
    assert [run.digest for run in one.runs] == [run.digest for run in two.runs]
    assert not {run.digest for run in one.runs} & {run.digest for run in other.runs}


def test_how_often_rows_are_printed_makes_no_other_run() -> None:
    """print_every changes no loss, so it is no part of what a run is known by."""
    assert plan("print_every=1").runs[0].digest == plan("print_every=7").runs[0].digest


def test_a_file_and_the_command_line_say_the_same(tmp_path: Path) -> None:
    """YAML takes the same words, and lists; the command line's values replace the file's."""
    file = tmp_path / "rates.yaml"
    file.write_text("task: mlp\nimpl: [autograd, nn]\nlr: log:1e-7:1e-5:3\nseed: 0..4\n")
    from_file = plan(file=file)
    typed = plan("lr=log:1e-7:1e-5:3", "seed=0..4")
    assert from_file.name == "rates"
    assert [run.digest for run in from_file.runs] == [run.digest for run in typed.runs]
    assert len(plan("seed=3", file=file, impl="nn").runs) == 3


def test_every_shipped_sweep_can_run() -> None:
    """`evo sweep NAME` finds the files in configs/sweeps, and they make plans."""
    for path in (config_folder() / "sweeps").glob("*.yaml"):
        assert make_plan(read_sweep_file(find_sweep_file(path.stem))).runs


def test_a_sweep_file_may_start_from_a_configuration(tmp_path: Path) -> None:
    """`config:` names one beside the file, or one that comes with evo."""
    (tmp_path / "base.yaml").write_text("task: mlp\nN: 7\n")
    for name, size in (("base.yaml", 7), ("mlp_n100", 100)):
        (tmp_path / "sweep.yaml").write_text(f"config: {name}\nimpl: nn\nseed: 0..1\n")
        runs = plan(file=tmp_path / "sweep.yaml").runs
        assert [run.config.options["N"] for run in runs] == [size, size]


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
        + ", ".join(row.name for row in TASKS["sin"].levels)
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
            "--engine: batched computes runs of the level 'batched' only",
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
    said = sweep(tmp_path / "runs", "--task", "mlp", "--impl", "nn", *arguments, code=2)
    assert said.startswith(f"evo: {message}")
    assert said.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_counts_and_names_and_writes_nothing(tmp_path: Path) -> None:
    """It also imports no framework."""
    said = sweep(tmp_path / "runs", "lr", "--workers", "2", "--dry-run")
    lines = said.splitlines()
    assert lines[0].startswith("30 runs of sweep 'lr': 30 to do, 0 there already")
    assert lines[1].split() == ["0", "to", "do", "impl=tensor", "seed=0", "lr=1e-07"]
    assert len(lines) == 31
    assert not (tmp_path / "runs").exists()
