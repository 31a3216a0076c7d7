"""What a verdict can be relied on for: what it does not reject, what it does not miss, what it says."""

import json
from pathlib import Path

import pytest

from autograd_cli.verify import cells
from autograd_cli.verify.cells import Verdict
from tests.helpers import ROOT, evo, refused, verdicts_of
from tests.verify.here import here


@pytest.fixture(autouse=True)
def _no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "fresh_processes", here)


SMALL = ("N=9", "D_in=7", "H=6", "D_out=3", "lr=1e-3")


def write(folder: Path, body: str, name: str = "mine.py") -> Path:
    """A file of levels of mlp that build on the NumPy one."""
    file = folder / name
    file.write_text("import numpy as np\nfrom autograd_cli.tasks.mlp.numpy import Mlp\n\n" + body)
    return file


def of_case(verdict: Verdict, label: str) -> object:
    """What was found in a case."""
    return {case.label: case.equivalence for case in verdict.cases}[label]


# --- autograd Functions -----------------------------------------------------------------------------

APPLIED = ("return grad_output *", "return 1.001 * grad_output *")
EXTRA = """

class Unused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.log()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 17
"""


def function_file(folder: Path, *changes: tuple[str, str], add: str = "") -> Path:
    """The level `function` of mlp, changed, as a user's file."""
    source = (ROOT / "autograd_cli/tasks/mlp/function.py").read_text()
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    file = folder / "function_of_mine.py"
    file.write_text(source + add)
    return file


def test_only_functions_that_are_applied_are_checked(tmp_path: Path) -> None:
    """A wrong Function that the level never applies is nothing to it; one that it applies fails it."""
    (right,) = verdicts_of("mlp", f"{function_file(tmp_path, add=EXTRA)}:Mlp", *SMALL)
    assert right.passed
    assert set(right.functions) == {"ReLU"}


def test_gradcheck_finds_a_wrong_function(tmp_path: Path) -> None:
    """A Function whose derivative is 0.1 % off does not pass torch's gradcheck."""
    (wrong,) = verdicts_of("mlp", f"{function_file(tmp_path, APPLIED)}:Mlp", *SMALL)
    assert any(c.startswith("Function ReLU: derivatives of first order") for c in wrong.complaints)


def test_a_function_that_is_differentiable_once_is_right(tmp_path: Path) -> None:
    """Training makes no use of second derivatives, and once_differentiable is no mistake."""
    once = (
        "    @staticmethod\n    def backward(",
        "    @staticmethod\n    @once_differentiable\n    def backward(",
    )
    imports = ("import torch\n", "import torch\nfrom torch.autograd.function import once_differentiable\n")
    (verdict,) = verdicts_of("mlp", f"{function_file(tmp_path, once, imports)}:Mlp", *SMALL)
    assert verdict.passed, verdict.complaints
    assert verdict.functions["ReLU"].first is None
    assert verdict.functions["ReLU"].second is not None


# --- settings ---------------------------------------------------------------------------------------


def test_a_port_of_a_model_is_verified_as_the_model_trains(tmp_path: Path) -> None:
    """A level that says model = "dynamic" gets dynamic's momentum, rate and biases, and fails with less."""
    source = (ROOT / "autograd_cli/tasks/mlp/dynamic.py").read_text()
    source = source.replace("class Mlp:\n", 'class Mlp:\n    model = "dynamic"\n')
    (tmp_path / "right.py").write_text(source)
    (tmp_path / "wrong.py").write_text(source.replace("momentum=momentum)", "momentum=0.5 * momentum)"))
    impls = f"{tmp_path / 'right.py'}:Mlp,{tmp_path / 'wrong.py'}:Mlp"
    right, wrong = verdicts_of("mlp", impls, "N=9", "D_in=7", "H=6", "D_out=3")
    assert right.passed, right.complaints
    assert any("momentum=0.9" in line and "lr=0.0001" in line for line in right.reach)
    assert "w" in wrong.complaints[0]
    assert "after update() at step 1" in wrong.complaints[0]


def test_what_a_level_does_not_read_is_not_honoured(tmp_path: Path) -> None:
    """bias=true and Adam asked of a level that reads neither are marked, in train and in verify."""
    file = write(tmp_path, "class Mine(Mlp):\n    pass\n")
    arguments = ("--task", "mlp", "--impl", f"{file}:Mine", "bias=true", "optimizer=Adam", "steps=2")
    done = evo("train", *arguments, *SMALL[:4], "dtype=float64", cwd=tmp_path)
    assert done.returncode == 0
    assert "has not honoured bias=true, optimizer=Adam" in done.stderr
    (record,) = (tmp_path / "runs").glob("*/run.json")
    assert json.loads(record.read_text())["not_honoured"] == ["bias=true", "optimizer=Adam"]
    (verdict,) = verdicts_of("mlp", f"{file}:Mine", *SMALL, "momentum=0.5")
    assert not verdict.passed
    assert any(line.startswith("momentum=0.5: the level has not read it") for line in verdict.not_shown)


def test_a_level_that_computes_in_another_dtype_is_not_honest(tmp_path: Path) -> None:
    """float64 arrays in the place of float32 are marked by train and verify; asked of verify, they fail."""
    body = "class Wide(Mlp):\n    def __init__(self, problem, config):\n"
    body += "        from dataclasses import replace\n"
    body += "        super().__init__(problem, replace(config, dtype='float64'))\n"
    file = write(tmp_path, body)
    done = evo("train", "--task", "mlp", "--impl", f"{file}:Wide", "steps=1", *SMALL, cwd=tmp_path)
    assert "has not honoured dtype=float32 (its parameters are float64)" in done.stderr
    (marked,) = verdicts_of("mlp", f"{file}:Wide", *SMALL)
    assert marked.passed
    assert marked.not_shown[0].startswith("dtype=float32 (its parameters are float64)")
    (asked,) = verdicts_of("mlp", f"{file}:Wide", *SMALL, dtype="float32")
    assert asked.complaints == ("float32: parameter w1 is float64 where dtype=float32 was asked for",)


def test_the_update_is_judged_in_float32_by_its_rounding(tmp_path: Path) -> None:
    """A rate that is a thousandth off is found in float32, where only rounding excuses anything."""
    body = "class Off(Mlp):\n    def __init__(self, problem, config):\n"
    body += "        super().__init__(problem, config)\n        self.lr = config.lr * 1.001\n"
    (verdict,) = verdicts_of("mlp", f"{write(tmp_path, body)}:Off", *SMALL, dtype="float32")
    assert "rounding in float32 does not explain it" in verdict.complaints[0]
    (right,) = verdicts_of("mlp", "numpy", *SMALL, dtype="float32")
    assert right.passed


def test_noise_below_the_tolerance_is_found(tmp_path: Path) -> None:
    """Noise of 1e-12 in float64 is no difference to the reference, but one of the level to itself."""
    body = "class Noisy(Mlp):\n    def forward(self):\n"
    body += "        return super().forward() * (1 + 1e-12 * np.random.rand())\n"
    (verdict,) = verdicts_of("mlp", f"{write(tmp_path, body)}:Noisy", *SMALL)
    assert all(case.equivalence.parted is None for case in verdict.cases)
    assert "the same configuration gives other losses the second time" in verdict.complaints
    assert "the same configuration gives other losses in another process" in verdict.complaints


def test_wrong_gradients_do_not_hide_behind_a_wide_tolerance(tmp_path: Path) -> None:
    """Finite differences find gradients that are 0.05 % off, whatever the tolerance of the lockstep is."""
    body = "class Off(Mlp):\n    def backward(self, loss):\n        super().backward(loss)\n"
    body += "        self.grad_w1 = self.grad_w1 * 1.0005\n"
    asked = {"tolerance": "1e-3", "steps": "2"}
    (verdict,) = verdicts_of("mlp", f"{write(tmp_path, body)}:Off", *SMALL, **asked)  # type: ignore[arg-type]
    assert verdict.cases[0].equivalence.parted is None
    assert any("is off its central difference by" in complaint for complaint in verdict.complaints)


# --- each level by itself ---------------------------------------------------------------------------


def test_a_file_that_sets_the_default_dtype_changes_no_other_verdict(tmp_path: Path) -> None:
    """Torch's global settings are each file's own: the level after it, which takes the default, passes."""
    source = (ROOT / "autograd_cli/tasks/mlp/tensor.py").read_text()
    setting = "import torch\n\ntorch.set_default_dtype(torch.float16)\n"
    (tmp_path / "sets.py").write_text(source.replace("import torch\n", setting))
    check = "import torch\n\nassert torch.get_default_dtype() is torch.float32\n"
    (tmp_path / "takes.py").write_text(source.replace("import torch\n", check))
    impls = f"{tmp_path / 'sets.py'}:Mlp,{tmp_path / 'takes.py'}:Mlp"
    assert [verdict.passed for verdict in verdicts_of("mlp", impls, *SMALL)] == [True, True]


def test_a_file_cannot_change_the_reference(tmp_path: Path) -> None:
    """A wrong backward() that is also put into evo's own classes is still wrong."""
    body = (
        "from autograd_cli.tasks.mlp import reference\n\n\nclass Wrong(Mlp):\n    def backward(self, loss):\n"
        "        super().backward(loss)\n        self.grad_w1 = 2 * self.grad_w1\n\n\n"
        "def doubled(self, loss, original=reference.TwoLayer.backward):\n    original(self, loss)\n"
        "    self.gradients['w1'] = 2 * self.gradients['w1']\n\n\nreference.TwoLayer.backward = doubled\n"
    )
    from autograd_cli.tasks.mlp import reference

    original = reference.TwoLayer.backward
    try:
        (verdict,) = verdicts_of("mlp", f"{write(tmp_path, body)}:Wrong", *SMALL)
        assert reference.TwoLayer.backward is not original, "the file has done it"
    finally:
        reference.TwoLayer.backward = original  # type: ignore[method-assign]
    assert "gradient w1 differs by" in verdict.complaints[0]


# --- what is said -----------------------------------------------------------------------------------

SAID = [
    (
        "return super().forward().reshape(1)",
        "forward",
        "forward() returned ndarray of shape (1,); a loss is 0-d",
    ),
    ("return super().forward() / self.y.size", "forward", "and the reference's "),
]


@pytest.mark.parametrize(("body", "verb", "says"), SAID)
def test_losses(tmp_path: Path, body: str, verb: str, says: str) -> None:
    """A loss that is no number, and one that is another number, with both of them."""
    file = write(tmp_path, f"class Mine(Mlp):\n    def {verb}(self):\n        {body}\n")
    (verdict,) = verdicts_of("mlp", f"{file}:Mine", *SMALL)
    assert says in verdict.complaints[0]
    assert "mine.py:5" in verdict.complaints[0], "where to look"


def test_an_extra_and_a_missing_parameter(tmp_path: Path) -> None:
    """Both are named, and neither is a KeyError."""
    body = (
        "class Extra(Mlp):\n    parameters = property(lambda s: {'w1': s.w1, 'w2': s.w2, 'w3': s.w2})\n\n\n"
        "class Missing(Mlp):\n    parameters = property(lambda self: {'w1': self.w1})\n"
    )
    file = write(tmp_path, body)
    extra, missing = verdicts_of("mlp", f"{file}:Extra,{file}:Missing", *SMALL)
    assert extra.complaints[0].startswith(
        "parameter w3 is none of the model's (w1, w2) before the first step"
    )
    assert missing.complaints[0].startswith("parameter w2 is missing before the first step")


def test_a_level_of_another_task(tmp_path: Path) -> None:
    """The place, and the parameters that the task has."""
    file = write(tmp_path, "class Mine(Mlp):\n    pass\n")
    (verdict,) = verdicts_of("sin", f"{file}:Mine")
    assert "mine.py:4: KeyError: 'w1': task sin starts from a, b, c, d, e" in verdict.complaints[0]


NOT_SHOWN = [
    (("numpy", "lr=0"), {}, "any update: lr is 0"),
    (("dynamic", "momentum=0.9"), {"steps": "1"}, "what the optimiser remembers: one step does not tell"),
]


@pytest.mark.parametrize(("asked", "more", "line"), NOT_SHOWN)
def test_a_pass_that_proves_nothing_says_so(asked: tuple[str, ...], more: dict[str, str], line: str) -> None:
    """What was not put to the test is not silently passed."""
    impl, *keys = asked
    (verdict,) = verdicts_of("mlp", impl, "seed=0", *SMALL[:4], *keys, **more)  # type: ignore[arg-type]
    assert line in verdict.not_shown


def test_a_dead_relu_is_said() -> None:
    """A gradient that is zero throughout shows nothing of its parameter."""
    (verdict,) = verdicts_of("sin", "dynamic", "seed=0", steps="1")
    assert verdict.passed
    branches = [line for line in verdict.not_shown if "terms in e never came" in line]
    assert len(branches) == 2, verdict.not_shown


def test_a_report_is_repeated(tmp_path: Path) -> None:
    """--report says what was asked and found, --against asks it again, and says what has changed since."""
    file = write(tmp_path, "class Mine(Mlp):\n    pass\n")
    ask = ("--task", "mlp", "--impl", f"{file}:Mine", "--quick", *SMALL)
    assert evo("verify", *ask, "--report", "port.json", cwd=tmp_path).returncode == 0
    content = json.loads((tmp_path / "port.json").read_text())
    assert content["verdicts"][0]["passed"] is True
    assert content["versions"].keys() >= {"python", "numpy", "autograd-cli"}
    again = evo("verify", "--against", "port.json", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "evo: port.json: all is as it was\n")
    content["versions"]["numpy"] = "1.0"
    content["verdicts"][0]["source_digest"] = "0"
    (tmp_path / "port.json").write_text(json.dumps(content))
    changed = evo("verify", "--against", "port.json", cwd=tmp_path).stderr
    assert "numpy was 1.0, and is " in changed
    assert "has another source" in changed
    (tmp_path / "no.json").write_text('{"format": "evo verify report 1", "asked": 3}')
    assert "is no report of evo verify" in refused("verify", "--against", "no.json", cwd=tmp_path)


def test_a_report_that_is_not_written_leaves_nothing(tmp_path: Path) -> None:
    """Its place is tried before the work, and a verification that is then refused leaves the folder empty."""
    refused("verify", "--task", "mpl", "--report", "port.json", cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_number(tmp_path: Path) -> None:
    """-v shows each array of each case; without it a level is one line."""
    short = evo("verify", "--task", "linear", "--impl", "numpy", "--quick", cwd=tmp_path).stdout
    full = evo("verify", "--task", "linear", "--impl", "numpy", "--quick", "-v", cwd=tmp_path).stdout
    assert sum(line.startswith("linear / numpy") for line in short.splitlines()) == 2
    assert full.count("gradients") > 3
    assert "of the bound at most" in full
