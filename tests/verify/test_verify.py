"""`evo verify`: every level passes, and every wrong one is rejected by name."""

import json
import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from autograd_cli.display.verdicts import verdicts_json, verdicts_table
from autograd_cli.verify.cells import Verdict
from tests.helpers import TRAINED, evo, refused, verdicts_of
from tests.processes import command, environment, evo_process

WRONG = Path(__file__).with_name("wrong_levels.py")
WRONG_TENSORS = Path(__file__).with_name("wrong_tensors.py")
SMALL = ("N=9", "D_in=7", "H=6", "D_out=3", "lr=1e-3")
SQUARE = ("N=9", "D_in=6", "H=6", "D_out=3", "lr=1e-3")
STEP_0 = r" at step 0\b"
RAISES = next(i for i, line in enumerate(WRONG.read_text().splitlines(), 1) if '"no more"' in line)
# Class, sizes, what the complaint must say: the parameter, or the step, and where it matters the verb.
REJECTED = [
    ("ClampedGradient", SMALL, r"gradient w1 differs by \d.*" + STEP_0),
    ("NeverZeroed", SMALL, r"gradient w[12] differs by \d.* at step 1\b"),
    ("MeanLoss", SMALL, r"loss is \S+, and the reference's \S+, at step 0\b"),
    ("MeanGradient", SMALL, r"gradient w1 differs by \d.*" + STEP_0),
    ("TransposedWeight", SMALL, r"parameter w1 has shape \(6, 7\), not \(7, 6\) before the first step"),
    ("TransposedWeight", SQUARE, r"parameter w1 differs by \d.* before the first step"),
    ("TransposedProduct", SQUARE, r"loss is \S+, and the reference's \S+, at step 0\b"),
    ("TransposedGradient", SMALL, r"gradient w1 has shape \(6, 7\), not \(7, 6\)" + STEP_0),
    ("TransposedGradient", SQUARE, r"gradient w1 differs by \d.*" + STEP_0),
    ("LearningRateOff", SMALL, r"parameter w[12] differs by \d.* after update\(\)" + STEP_0),
    ("OwnStart", SMALL, r"parameter w2 differs by \d.* before the first step: the level does not stand at"),
    ("OwnSharedStart", SMALL, r"parameter w2 differs by \d.* before the first step"),
    ("UpdatesBeforeItRecords", SMALL, r"forward\(\) changes parameter w1, .*" + STEP_0),
    ("UpdatesInForward", SMALL, r"forward\(\) changes parameter w1, .*" + STEP_0),
    ("UpdatesInBackward", SMALL, r"backward\(\) changes parameter w1, .*" + STEP_0),
    ("RaisesAtStep3", SMALL, rf"step 3: \S*wrong_levels\.py:{RAISES}: ValueError: no more$"),
]


def test_every_level_passes(tmp_path: Path) -> None:
    """`evo verify` finds every cell equal to its reference to 1e-9, as it trains, and repeatable."""
    done = evo_process("verify", "--quick", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    verdicts = json.loads(done.stdout)
    assert [(v["task"], v["impl"]) for v in verdicts] == TRAINED
    for v in verdicts:
        assert v["passed"]
        assert not v["complaints"]
        cases = {case["label"]: case["equivalence"] for case in v["cases"]}
        assert len(cases) > 3
        for label, e in cases.items():
            assert e["parted"] is None
            assert (e["share"] is None) == (label != "float32")
            if label == "float32":
                least = 0.1 if v["task"] == "mlp" else 0
                assert least < e["share"] <= 1, "a bound that explains anything explains nothing"
            else:
                assert max(e["loss"], *e["gradients"].values(), *e["parameters"].values()) <= 1e-9
        assert cases["as trained"]["steps"] == 50
        assert cases["float32"]["steps"] == 20
        assert 0 < v["gradients"]["difference"] <= 1e-6
        assert v["determinism"]["again"]
        assert v["determinism"]["elsewhere"]
        assert v["determinism"]["two_threads_difference"] < 1e-3
        assert not v["not_shown"] or v["task"] == "softmax"
    functions = {(v["task"], name): check for v in verdicts for name, check in v["functions"].items()}
    assert {task for task, _ in functions} == {"mlp", "sin", "softmax"}
    assert all(check == {"first": None, "second": None} for check in functions.values())
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_full_length() -> None:
    """At the documents' size and for as long as the documents train, 1e-9 holds to the last step."""
    (verdict,) = verdicts_of("sin", "function", steps="2000")
    assert verdict.passed
    assert {case.label: case.equivalence for case in verdict.cases}["as trained"].steps == 2000


def path_of(name: str) -> str:
    """The value of --impl for a wrong level."""
    file = WRONG_TENSORS if name in ("ClampedGradient", "NeverZeroed", "MeanLoss") else WRONG
    return f"{file}:{name}"


@pytest.fixture(scope="module")
def wrong() -> dict[tuple[str, tuple[str, ...]], Verdict]:
    """The verdict on each wrong level, by class and sizes; one verification of all spares many imports."""
    found: dict[tuple[str, tuple[str, ...]], Verdict] = {}
    for sizes in (SMALL, SQUARE):
        names = [name for name, of_sizes, _ in REJECTED if of_sizes == sizes]
        verdicts = verdicts_of("mlp", ",".join(map(path_of, names)), *sizes)
        found |= {(name, sizes): verdict for name, verdict in zip(names, verdicts, strict=True)}
    return found


@pytest.mark.parametrize(("name", "sizes", "complaint"), REJECTED)
def test_wrong_level_is_rejected(
    wrong: dict[tuple[str, tuple[str, ...]], Verdict], name: str, sizes: tuple[str, ...], complaint: str
) -> None:
    """Each mistake fails with a first complaint that names the parameter, or the step, that is wrong."""
    verdict = wrong[name, sizes]
    assert not verdict.passed
    assert re.search(complaint, verdict.complaints[0]), verdict.complaints
    assert f"  {verdict.complaints[0]}\n" in verdicts_table([verdict])
    assert json.loads(verdicts_json([verdict]))[0]["passed"] is False


def test_rejected_on_the_command_line(tmp_path: Path) -> None:
    """At the documents' sizes, one wrong level among right ones makes exit code 1, and is named."""
    impls = f"numpy,{path_of('MeanGradient')}"
    done = evo("verify", "--task", "mlp", "--impl", impls, "--steps", 5, "--quick", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^  gradient w1 differs by \S+ at step 0\b", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1].startswith("1 of 2 levels verified; FAILED: mlp/")
    assert re.search(r"^mlp / numpy +ok ", done.stdout, re.MULTILINE)


def test_a_rate_at_which_the_reference_diverges(tmp_path: Path) -> None:
    """Where the reference itself diverges there is nothing to compare with, and this is what it says."""
    options = ("--task", "mlp", "--impl", "numpy", "--quick", "lr=1")
    done = evo("verify", *options, *SMALL[:-1], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^  the reference diverges, its loss is (inf|nan) at step \d+$", done.stdout, re.M)


def test_a_bar_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal a bar on stderr counts the levels; stdout has no control codes."""
    ours, theirs = pty.openpty()
    arguments = ("verify", "--task", "linear", "--impl", "numpy", "--quick")
    with subprocess.Popen(
        command(*arguments),
        cwd=tmp_path,
        env=environment(TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how a terminal ends on Linux
            while block := os.read(ours, 65536):
                shown += block
        assert process.stdout is not None
        result = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    assert b"0/1" in shown
    assert b"linear / numpy" in shown
    assert b"\x1b" not in result


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "mpl"], "--task: unknown task 'mpl'; did you mean 'mlp'?"),
        (["--impl", "nump"], "--impl: unknown implementation 'nump'; did you mean 'numpy'?"),
        (["--task", "linear", "--impl", "dynamic"], "task linear has no implementation 'dynamic': a single"),
        (["--impl", "my.py:Level"], "--task is missing: a level of your own does not say which task"),
        (["--task", "mlp", "--impl", "my.py:Level"], "--impl: there is no file 'my.py'"),
        (["--steps", "0"], "--steps: steps is '0'; it must be a whole number, 1 or more"),
        (["--steps", "1.5"], "--steps: steps is '1.5'; it must be a whole number"),
        (["--tolerance", "nan"], "--tolerance: 'nan' must be a number from 0 to 0.001"),
        (["--tolerance", "-1"], "--tolerance: '-1' must be a number from 0 to 0.001"),
        (["--tolerance", "tiny"], "--tolerance: 'tiny' must be a number from 0 to 0.001"),
        (["--dtype", "float16"], "--dtype: dtype is 'float16'; it must be one of float32, float64"),
        (["--format", "yaml"], "--format: unknown format 'yaml'"),
        (["--tolerance", "1e300"], "--tolerance: '1e300' must be a number from 0 to 0.001"),
        (["--against", "port.json"], "--against: cannot read 'port.json': No such file or directory"),
        (
            ["--against", "port.json", "--quick"],
            "--against: a report is repeated as it was asked, without quick",
        ),
        (["--task", "mlp", "--impl", "nn", "momentum=0.9"], "'nn' takes only momentum=0.0"),
        (["--task", "mlp", "DIN=3"], "argument 'DIN=3': unknown key 'DIN'; did you mean 'D_in'?"),
        (["--task", "mlp", "--impl", "numpy,"], "--impl: unknown implementation of task mlp ''"),
        (["--task", "mlp", "H=0"], "argument 'H=0': H is '0'; it must be a whole number, 1 or more"),
    ],
)
def test_bad_options(tmp_path: Path, arguments: list[str], message: str) -> None:
    """What cannot be verified is refused in one line with exit code 2."""
    assert message in refused("verify", *arguments, cwd=tmp_path)
