"""`evo verify`: every level passes, and every wrong one is rejected by name."""

import json
import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.files import load_class
from autograd_cli.catalogue.registry import find_cell
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import gather, parse_assignment
from autograd_cli.display.verdicts import verdicts_json, verdicts_table
from autograd_cli.errors import ConfigError
from autograd_cli.verify.cells import Verdict, verify
from autograd_cli.verify.functions import check_functions
from autograd_cli.verify.plan import Plan, choose_cells, make_plan
from tests.helpers import CELLS, ROOT, command, environment, evo, message_of

WRONG = Path(__file__).with_name("wrong_levels.py")
SMALL = ("N=9", "D_in=7", "H=6", "D_out=3", "lr=1e-3")
SQUARE = ("N=9", "D_in=6", "H=6", "D_out=3", "lr=1e-3")
STEP_0 = r" at step 0$"

# Class, sizes, what the complaint must say: the parameter, or the step, and where it matters the verb.
REJECTED = [
    ("ClampedGradient", SMALL, r"gradient w1 differs by \d.*" + STEP_0),
    ("NeverZeroed", SMALL, r"gradient w[12] differs by \d.* at step 1$"),
    ("MeanLoss", SMALL, r"loss differs by \d.*" + STEP_0),
    ("MeanGradient", SMALL, r"gradient w1 differs by \d.*" + STEP_0),
    ("TransposedWeight", SMALL, r"parameter w1 has shape \(6, 7\), not \(7, 6\) before the first step"),
    ("TransposedWeight", SQUARE, r"parameter w1 differs by \d.* before the first step"),
    ("TransposedProduct", SQUARE, r"loss differs by \d.*" + STEP_0),
    ("TransposedGradient", SMALL, r"gradient w1 has shape \(6, 7\), not \(7, 6\)" + STEP_0),
    ("TransposedGradient", SQUARE, r"gradient w1 differs by \d.*" + STEP_0),
    ("LearningRateOff", SMALL, r"parameter w[12] differs by \d.* after update\(\)" + STEP_0),
    ("OwnStart", SMALL, r"parameter w2 differs by \d.* before the first step: the level does not stand at"),
    ("OwnSharedStart", SMALL, r"parameter w2 differs by \d.* before the first step"),
    ("UpdatesBeforeItRecords", SMALL, r"forward\(\) changes parameter w1, .*" + STEP_0),
    ("UpdatesInForward", SMALL, r"forward\(\) changes parameter w1, .*" + STEP_0),
    ("UpdatesInBackward", SMALL, r"backward\(\) changes parameter w1, .*" + STEP_0),
]


def verdicts_of(task: str, impls: str, *assignments: str, steps: str = "40") -> list[Verdict]:
    """What `evo verify --task TASK --impl IMPLS ASSIGNMENTS` finds, without a process of its own."""
    return list(verify(cells_of(task, impls), plan_of(*assignments, steps=steps, quick=True)))


def cells_of(task: str, impls: str) -> list[Cell]:
    """The levels that `--task` and `--impl` name."""
    return choose_cells(Setting(task, "--task"), Setting(impls, "--impl"))


def plan_of(*assignments: str, quick: bool = False, **options: str) -> Plan:
    """The plan of a command line."""
    own: dict[str, Any] = {name: Setting(text, f"--{name}") for name, text in options.items()}
    return make_plan(gather(map(parse_assignment, assignments)), quick=quick, **own)


def refused(tmp_path: Path, *arguments: object) -> str:
    """The one line with which `evo verify` refuses its arguments."""
    done = evo("verify", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_every_level_passes(tmp_path: Path) -> None:
    """`evo verify` finds every cell equal to its reference to 1e-9, right and repeatable."""
    done = evo("verify", "--quick", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    verdicts = json.loads(done.stdout)
    assert [(v["task"], v["impl"]) for v in verdicts] == CELLS
    for v in verdicts:
        assert v["passed"]
        assert not v["complaints"]
        e = v["equivalence"]
        assert e["parted"] is e["parted_step"] is None
        assert e["steps"] == 50
        assert max(e["loss"], *e["gradients"].values(), *e["parameters"].values()) <= 1e-9
        assert 0 < v["gradients"]["difference"] <= 1e-6
        assert v["determinism"]["again"]
        assert v["determinism"]["elsewhere"]
        assert v["determinism"]["two_threads_difference"] < 1e-3
    functions = {(v["task"], name): why for v in verdicts for name, why in v["functions"].items()}
    assert {task for task, _ in functions} == {"mlp", "sin", "softmax"}
    assert not any(functions.values())
    references = {v["reference"] for v in verdicts if v["impl"] not in ("function", "dynamic")}
    assert references == {"numpy"}
    assert not list(tmp_path.iterdir())


def test_full_length() -> None:
    """At the documents' sizes and for as long as the documents train, 1e-9 holds to the last step."""
    cells = [*cells_of("mlp", "dynamic"), *cells_of("sin", "function")]
    verdicts = list(verify(cells, plan_of()))
    assert all(verdict.passed for verdict in verdicts)
    assert [verdict.equivalence.steps for verdict in verdicts] == [500, 2000]


@pytest.fixture(scope="module")
def wrong() -> dict[tuple[str, tuple[str, ...]], Verdict]:
    """The verdict on each wrong level, by class and sizes; one verification of all spares many imports."""
    found: dict[tuple[str, tuple[str, ...]], Verdict] = {}
    for sizes in (SMALL, SQUARE):
        names = [name for name, of_sizes, _ in REJECTED if of_sizes == sizes]
        verdicts = verdicts_of("mlp", ",".join(f"{WRONG}:{name}" for name in names), *sizes)
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
    assert f"FAILED: {verdict.complaints[0]}" in verdicts_table([verdict])
    assert json.loads(verdicts_json([verdict]))[0]["passed"] is False


def test_rejected_on_the_command_line(tmp_path: Path) -> None:
    """At the documents' sizes, one wrong level among right ones makes exit code 1, and is named."""
    impls = f"tensor,{WRONG}:ClampedGradient"
    done = evo("verify", "--task", "mlp", "--impl", impls, "--steps", 5, "--quick", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^  FAILED: gradient w1 differs by \S+ at step 0$", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1].startswith("1 of 2 levels verified; FAILED: mlp/")
    assert "mlp / tensor: ok, 5 steps against numpy" in done.stdout


def test_wrong_gradients_do_not_hide_behind_a_wide_tolerance() -> None:
    """Finite differences find the clamped gradient whatever the tolerance of the lockstep is."""
    cells = cells_of("mlp", f"{WRONG}:ClampedGradient")
    (verdict,) = verify(cells, plan_of(*SMALL, steps="2", tolerance="1e9"))
    assert verdict.equivalence.parted is None
    (complaint,) = verdict.complaints
    assert re.fullmatch(r"gradient w1 along .* is off its central difference by \S+", complaint)


def test_gradcheck_finds_a_wrong_function(tmp_path: Path) -> None:
    """A Function whose derivative is 0.1 % off does not pass torch's gradcheck; the right one does."""
    source = (ROOT / "autograd_cli/tasks/mlp/function.py").read_text()
    file = tmp_path / "slightly_wrong.py"
    source = source.replace("return grad_output *", "return 1.001 * grad_output *")
    source += (
        "\n\nfrom torch.autograd import Function\n\n\nclass Product(Function):\n"
        "    @staticmethod\n    def forward(ctx, a, b):\n        return a * b\n"
    )
    file.write_text(source)
    found = check_functions(load_class(f"{file}:Mlp"))
    assert set(found) == {"ReLU"}, "neither an imported class nor one of two inputs"
    assert str(found["ReLU"]).startswith("derivatives of first order")
    right = find_cell("mlp", "function").level_class
    assert check_functions(right) == {"ReLU": None}


def test_unseeded_randomness_is_found() -> None:
    """Noise below the tolerance is no difference to the reference, but one of the level to itself."""
    plan = plan_of(*SMALL, steps="40", tolerance="1e-4", quick=True)
    (verdict,) = verify(cells_of("mlp", f"{WRONG}:Unseeded"), plan)
    assert verdict.equivalence.parted is None
    assert "the same configuration gives other losses the second time" in verdict.complaints
    assert "the same configuration gives other losses in another process" in verdict.complaints


def test_a_verb_that_raises_fails_with_its_line(tmp_path: Path) -> None:
    """A verb that raises is a complaint with file, line and step, and not a traceback."""
    line = next(i for i, text in enumerate(WRONG.read_text().splitlines(), 1) if '"no more"' in text)
    done = evo("verify", "--task", "mlp", "--impl", f"{WRONG}:RaisesAtStep3", "--quick", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    complaint = rf"^  FAILED: step 3: \S*wrong_levels\.py:{line}: ValueError: no more$"
    assert re.search(complaint, done.stdout, re.MULTILINE)


def test_dtype_and_tolerance() -> None:
    """In float32 levels agree to float32's rounding only, and 1e-9 says where they part."""
    cells = cells_of("mlp", "tensor")
    (strict,) = verify(cells, plan_of(*SMALL, steps="20", dtype="float32", quick=True))
    assert re.search(r" differs by \S+e-0[678].* at step \d+$", strict.complaints[0])
    (wide,) = verify(cells, plan_of(*SMALL, steps="20", tolerance="1e-4", dtype="float32", quick=True))
    assert wide.passed


def test_a_rate_at_which_the_reference_diverges(tmp_path: Path) -> None:
    """Where the reference itself diverges there is nothing to compare with, and this is what it says."""
    options = ("--task", "mlp", "--impl", "numpy", "--quick", "lr=1")
    done = evo("verify", *options, *SMALL[:-1], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"FAILED: the reference diverges, its loss is (inf|nan) at step \d+$", done.stdout, re.M)


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
        (["--tolerance", "nan"], "--tolerance: 'nan' must be a finite number, 0 or more"),
        (["--tolerance", "-1"], "--tolerance: '-1' must be a finite number, 0 or more"),
        (["--tolerance", "tiny"], "--tolerance: 'tiny' must be a finite number, 0 or more"),
        (["--dtype", "float16"], "--dtype: dtype is 'float16'; it must be one of float32, float64"),
        (["--format", "yaml"], "--format: unknown format 'yaml'"),
        (["momentum=0.9"], "argument 'momentum=0.9': evo verify sets momentum itself"),
        (["--task", "mlp", "DIN=3"], "argument 'DIN=3': unknown key 'DIN'; did you mean 'D_in'?"),
        (["--task", "mlp", "H=0"], "argument 'H=0': H is '0'; it must be a whole number, 1 or more"),
    ],
)
def test_bad_options(tmp_path: Path, arguments: list[str], message: str) -> None:
    """What cannot be verified is refused in one line with exit code 2."""
    assert message in refused(tmp_path, *arguments)


def test_empty_name_among_levels() -> None:
    """A comma too many is a level without a name, which is none."""
    with pytest.raises(ConfigError) as error:
        cells_of("mlp", "numpy,")
    assert "unknown implementation of task mlp ''" in message_of(error)
