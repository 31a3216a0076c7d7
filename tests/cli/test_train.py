"""`evo train` as a person runs it: the real command line, in processes of its own."""

import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
from pathlib import Path

import pytest

from autograd_cli.catalogue.registry import TASKS
from autograd_cli.config.files import shipped_configs
from autograd_cli.runs.reader import read_run
from tests.helpers import command, environment, evo

SIN = ("train", "--task", "sin", "--impl", "numpy")
CONTROL_CODES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def loss_column(run: Path) -> list[str]:
    """The losses of a run, as the text in its file."""
    with (run / "losses.csv").open(newline="") as file:
        return [row["loss"] for row in csv.DictReader(file)]


def entries(folder: Path) -> list[str]:
    """What lies in the runs folder, if there is one."""
    runs = folder / "runs"
    return sorted(p.name for p in runs.iterdir()) if runs.exists() else []


# --- output ------------------------------------------------------------------------------------------


def test_a_pipe_gets_plain_lines(tmp_path: Path) -> None:
    """On a pipe: a header, a row each 100 steps, the result; no control codes."""
    result = evo(*SIN, "--name", "r", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert not CONTROL_CODES.search(result.stdout)
    header, *rows, formula, losses, end, place = result.stdout.splitlines()
    assert header.split() == ["step", "loss", "elapsed_s"]
    assert [int(row.split()[0]) for row in rows] == list(range(99, 2000, 100))
    assert re.fullmatch(r"y = \S+ [+-] \S+ x [+-] \S+ x² [+-] \S+ x³", formula)
    assert re.fullmatch(r"last loss \S+, best \S+ at step 1999", losses)
    assert re.fullmatch(r"completed; 2000 steps in \S+ \S+, \S+ \S+ a step", end)
    assert place == "runs/r"
    recorded = loss_column(tmp_path / "runs" / "r")
    for row in rows:
        step, loss, _ = row.split()
        assert float(loss) == pytest.approx(float(recorded[int(step)]), rel=1e-7)


def test_rows_come_while_it_trains(tmp_path: Path) -> None:
    """A reader of the pipe sees rows of a run that is far from its end."""
    arguments = command(*SIN, "steps=1000000000")
    with subprocess.Popen(arguments, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = [process.stdout.readline().split()[0] for _ in range(3)]
        still_runs = process.poll() is None
        process.kill()
    assert first == [b"step", b"99", b"199"]
    assert still_runs


def test_the_last_step_has_a_row(tmp_path: Path) -> None:
    """A run whose length is no multiple of the interval prints its last step as well."""
    rows = evo(*SIN, "steps=7", "print_every=3", cwd=tmp_path).stdout.splitlines()[1:4]
    assert [int(row.split()[0]) for row in rows] == [2, 5, 6]


def test_quiet_prints_the_directory_alone(tmp_path: Path) -> None:
    """--quiet prints one line, which leads to the run."""
    result = evo(*SIN, "steps=3", "--quiet", "--runs-dir", "my runs", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(r"my runs/\d{8}T\d{6}Z-sin-numpy-s0-[0-9a-f]{8}\n", result.stdout)
    assert read_run(tmp_path / result.stdout.strip()).steps == 3


def test_json_prints_one_object(tmp_path: Path) -> None:
    """--json prints the record of the run with its path, and nothing else."""
    result = evo(*SIN, "steps=3", "--json", "--name", "r", "--seed", "4", cwd=tmp_path)
    record = json.loads(result.stdout)
    stored = json.loads((tmp_path / "runs" / "r" / "run.json").read_text())
    assert record == {"path": "runs/r"} | stored
    assert (record["status"], record["steps"], record["config"]["seed"]) == ("completed", 3, 4)
    assert result.stderr == ""


def test_no_steps_is_a_run(tmp_path: Path) -> None:
    """With steps=0 nothing is trained, the start is what is saved, and no placeholder is printed."""
    result = evo(*SIN, "--steps", "0", "--name", "r", cwd=tmp_path)
    assert result.returncode == 0
    assert "None" not in result.stdout
    assert read_run(tmp_path / "runs" / "r").status == "completed"


def terminal_output(*arguments: object, cwd: Path, **extra: str) -> tuple[str, int]:
    """What `evo ARGUMENTS` writes to a terminal, and its exit code."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=environment(TERM="xterm-256color", COLUMNS="100", LINES="40") | extra,
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    pieces = []
    while select.select([main], [], [], 60)[0]:
        try:
            piece = os.read(main, 65536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(main)
    return b"".join(pieces).decode(), process.wait(timeout=30)


def test_a_terminal_gets_a_live_table(tmp_path: Path) -> None:
    """On a terminal: a table that is drawn anew, a bar with loss, speed and time left, then the result."""
    output, code = terminal_output(*SIN, "steps=60000", "print_every=6000", "--name", "r", cwd=tmp_path)
    assert code == 0
    for expected in ("sin / numpy", "\x1b[", "steps/s", "loss ", " left", "59999", "┃", "runs/r", "y = "):
        assert expected in output
    end = output[output.rindex("sin / numpy") :]
    assert "steps/s" not in end


def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    """A terminal that cannot move its cursor gets what a pipe gets."""
    output, code = terminal_output(*SIN, "steps=200", cwd=tmp_path, TERM="dumb")
    assert code == 0
    assert "\x1b" not in output
    assert [line.split()[0] for line in output.splitlines()[:3]] == ["step", "99", "199"]


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`evo train | head -1` leaves no error, and the run goes on to its end."""
    line = " ".join(map(str, command(*SIN, "print_every=1", "--name", "r")))
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line} | head -1"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == ["step", "loss", "elapsed_s"]
    assert read_run(tmp_path / "runs" / "r").status == "completed"


# --- repeating a run ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "impl", "keys"),
    [
        ("mlp", "numpy", ["steps=60", "seed=3", "lr=5e-7"]),
        ("mlp", "nn", ["steps=60", "--dtype", "float64"]),
        ("sin", "dynamic", ["steps=500", "b=0.25"]),
    ],
)
def test_a_run_repeats_from_its_configuration(tmp_path: Path, task: str, impl: str, keys: list[str]) -> None:
    """A run made again from its config.yaml, or from its directory, has the same loss column."""
    cell = ("train", "--task", task, "--impl", impl)
    assert evo(*cell, *keys, "--threads", "1", "--name", "a", "--quiet", cwd=tmp_path).returncode == 0
    runs = tmp_path / "runs"
    again = "runs/a/config.yaml" if impl != "nn" else "runs/a"
    assert evo("train", "--config", again, "--name", "b", "--quiet", cwd=tmp_path).returncode == 0
    assert loss_column(runs / "a") == loss_column(runs / "b")
    assert (runs / "a" / "config.yaml").read_bytes() == (runs / "b" / "config.yaml").read_bytes()


def test_shipped_configuration_by_name_and_path(tmp_path: Path) -> None:
    """A configuration that comes with evo is found by its name, and its levels by --impl."""
    result = evo("train", "--config", "mlp_n100", "--impl", "numpy", "--json", cwd=tmp_path)
    record = json.loads(result.stdout)
    assert (record["config"]["N"], record["steps"]) == (100, 20)


# --- the ends of a run -------------------------------------------------------------------------------


@pytest.mark.parametrize(("task", "impl"), [("mlp", "numpy"), ("sin", "nn")])
def test_divergence(tmp_path: Path, task: str, impl: str) -> None:
    """A learning rate that explodes ends as diverged with exit code 3, names its step and keeps its CSV."""
    result = evo("train", "--task", task, "--impl", impl, "lr=1", "--name", "r", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (3, "")
    record = read_run(tmp_path / "runs" / "r")
    losses = loss_column(tmp_path / "runs" / "r")
    assert record.status == "diverged"
    assert record.diverged_step == record.steps - 1 == len(losses) - 1
    assert losses[-1] in ("inf", "nan")
    assert f"diverged at step {record.diverged_step}: the loss is not finite" in result.stdout


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_interruption(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Ctrl-C and SIGTERM end a run between two steps, leave it readable, and have their own exit codes."""
    arguments = command(*SIN, "steps=1000000000", "--name", "r")
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, "")
    assert out.endswith("runs/r\n")
    assert "interrupted; " in out
    run = tmp_path / "runs" / "r"
    record = read_run(run)
    assert record.status == "interrupted"
    assert record.steps == len(loss_column(run)) > 100
    assert (run / "losses.csv").read_bytes().endswith(b"\n")
    assert (run / "weights.npz").exists()


# --- bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "sin"], "--impl is missing: give it, or write 'impl:' into the configuration file"),
        (
            ["--task", "son", "--impl", "nn"],
            f"--task: unknown task 'son'; did you mean 'sin'? (allowed: {', '.join(TASKS)})",
        ),
        (
            ["--task", "sin", "--impl", "nnn"],
            "--impl: unknown implementation of task sin 'nnn'; did you mean 'nn'? "
            f"(allowed: {', '.join(row.name for row in TASKS['sin'].levels)})",
        ),
        ([*SIN[1:], "N=0"], "argument 'N=0': N is '0'; it must be a whole number, 1 or more"),
        (
            [*SIN[1:], "--steps", "-1"],
            "--steps: steps is '-1'; it must be a whole number, 0 or more and below 9007199254740992",
        ),
        ([*SIN[1:], "--lr", "nan"], "--lr: lr is 'nan'; it must be a finite number, 0 or more"),
        ([*SIN[1:], "--lr", "1", "lr=2"], "argument 'lr=2': lr is given twice, also by --lr"),
        ([*SIN[1:], "--dtype", "half"], "--dtype: dtype is 'half'; it must be one of float32, float64"),
        (
            [*SIN[1:], "--device", "cuda"],
            "--device: implementation 'numpy' cannot run on 'cuda' (allowed: cpu)",
        ),
        (
            [*SIN[1:], "--name", "a/b"],
            "--name: 'a/b' cannot name a directory; use letters, digits and _ . - + = , @, and no path",
        ),
        ([*SIN[1:], "--runs-dir", "file"], "--runs-dir: 'file' is not a directory"),
        ([*SIN[1:], "--config", "bad.yaml"], "bad.yaml:2: lr is a list; expected a single value"),
        (
            [*SIN[1:], "--config", "torn.yaml"],
            "torn.yaml:2: not valid YAML: did not find expected ',' or ']'",
        ),
        (
            [*SIN[1:], "--config", "siin"],
            "--config: unknown configuration 'siin'; did you mean 'sin'? "
            f"(allowed: {', '.join(shipped_configs())})",
        ),
        ([*SIN[1:], "--config", "empty"], "empty: cannot read the configuration: Is a directory"),
    ],
)
def test_bad_input(tmp_path: Path, arguments: list[str], message: str) -> None:
    """A user's mistake is one line on stderr and exit code 2, and leaves no run directory behind."""
    (tmp_path / "file").write_text("")
    (tmp_path / "bad.yaml").write_text("steps: 1\nlr: [1]\n")
    (tmp_path / "torn.yaml").write_text("lr: [1\n")
    (tmp_path / "empty").mkdir()
    result = evo("train", *arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"evo: {message}\n")
    assert entries(tmp_path) == []


def test_an_existing_name(tmp_path: Path) -> None:
    """A name that is taken is refused, and the run that has it stays as it is."""
    evo(*SIN, "steps=3", "--name", "r", cwd=tmp_path)
    before = {p.name: p.read_bytes() for p in (tmp_path / "runs" / "r").iterdir()}
    result = evo(*SIN, "steps=4", "--name", "r", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == "evo: --name: runs/r exists already, and no run is ever overwritten\n"
    assert {p.name: p.read_bytes() for p in (tmp_path / "runs" / "r").iterdir()} == before


def test_no_gpu(tmp_path: Path) -> None:
    """--device cuda on a machine without a GPU is one line and exit code 2."""
    result = evo(
        "train", "--task", "sin", "--impl", "nn", "--device", "cuda", cwd=tmp_path, CUDA_VISIBLE_DEVICES=""
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(
        r"evo: --device: torch \S+ finds no GPU for 'cuda' \(allowed here: cpu\)\n", result.stderr
    )
    assert entries(tmp_path) == []


def test_arrays_beyond_memory(tmp_path: Path) -> None:
    """Sizes that no machine can hold are refused in one line before there is a run."""
    for cell in (["--task", "mlp", "--impl", "numpy", "H=99999999999"], [*SIN[1:], "N=99999999999999"]):
        result = evo("train", *cell, cwd=tmp_path)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("evo: cannot make the arrays of N=")
        assert result.stderr.count("\n") == 1
    assert entries(tmp_path) == []


def test_an_unknown_option(tmp_path: Path) -> None:
    """An option that does not exist is a usage error, and its name is said."""
    result = evo("train", "--stepz", "3", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--stepz" in result.stderr
    assert "Traceback" not in result.stderr
