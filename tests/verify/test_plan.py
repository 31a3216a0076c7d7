"""What is verified, how strictly, and what a verdict and its report say of that."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_cli.catalogue.cell import of_class
from autograd_cli.catalogue.registry import TASKS, find_cell
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import gather, parse_assignment
from autograd_cli.errors import ConfigError
from autograd_cli.verify import cells as verification
from autograd_cli.verify.cases import ROUNDED_STEPS, Case, cases_of, plain_config
from autograd_cli.verify.cells import CaseVerdict, Verdict
from autograd_cli.verify.equivalence import Equivalence, Parting
from autograd_cli.verify.functions import FunctionCheck
from autograd_cli.verify.gradients import GradientCheck
from autograd_cli.verify.plan import Plan, choose_cells, make_plan
from autograd_cli.verify.reach import what_was_compared, what_was_not_shown
from autograd_cli.verify.report import ASKED, current_versions, read_report, write_report
from tests.helpers import TRAINED, small
from tests.verify.toys import Toy


def settings(*words: str) -> Any:
    """As typed."""
    return gather(map(parse_assignment, words))


# --- plans ------------------------------------------------------------------------------------------


def test_how_many_steps() -> None:
    """Those that are asked for; else as many as the level trains, up to 2,000, or 50 for a quick look."""
    long, short = small("sin", "numpy", steps=5000), small("sin", "numpy", steps=7)
    assert [Plan().steps_of(long), Plan().steps_of(short), Plan(steps=3).steps_of(long)] == [2000, 7, 3]
    assert [Plan(quick=True).steps_of(long), Plan(quick=True).steps_of(short)] == [50, 7]
    assert (Plan().repeated_steps, Plan(quick=True).repeated_steps) == (50, 10)
    assert (Plan().directions, Plan(quick=True).directions) == (3, 1)


def test_a_plan_of_what_was_asked() -> None:
    """Every argument has its place, and its default."""
    plain = make_plan({})
    assert (plain, plain.tolerance) == (Plan(), 1e-9)
    device = Setting("cpu", "--device")
    asked = make_plan(
        settings("N=3"),
        steps=Setting("1", "--steps"),
        tolerance=Setting("0", "--tolerance"),
        dtype=Setting("float32", "--dtype"),
        device=device,
        quick=True,
    )
    assert asked == Plan(1, 0.0, "float32", device, True, settings("N=3"))
    assert make_plan({}, tolerance=Setting("0.001", "--tolerance")).tolerance == 1e-3


@pytest.mark.parametrize("name", ["task", "impl", "steps", "dtype", "device", "threads"])
def test_keys_that_verify_sets_itself(name: str) -> None:
    """They are refused as settings."""
    with pytest.raises(ConfigError, match=f"here: evo verify sets {name} itself"):
        make_plan({name: Setting("1", "here")})


@pytest.mark.parametrize(
    ("option", "text"),
    [("tolerance", "0.0011"), ("tolerance", "-1e-30"), ("steps", "0"), ("device", "gpu"), ("dtype", "int8")],
)
def test_values_out_of_range(option: str, text: str) -> None:
    """Refused with where they come from."""
    with pytest.raises(ConfigError, match=f"^--{option}: "):
        make_plan({}, **{option: Setting(text, f"--{option}")})  # type: ignore[arg-type]


def names(*given: Any, **more: Any) -> list[tuple[str, str]]:
    """Task and level of the cells that are chosen."""
    words: Any = [text and Setting(text, "here") for text in given]
    return [(cell.task.name, cell.spec.name) for cell in choose_cells(*words, **more)]


def test_which_levels() -> None:
    """All that need no compiler, a task's, one name's of every task, several, and those of a device."""
    every = [cell for cell in TRAINED if cell[1] != "jax"]
    assert names(None, None) == every
    assert names("softmax", None) == [each for each in every if each[0] == "softmax"]
    assert names(None, "dynamic,nn") == [each for each in every if each[1] in ("dynamic", "nn")]
    assert names("mlp", "nn,numpy") == [("mlp", "nn"), ("mlp", "numpy")]
    on_gpu = names("mlp", None, device=Setting("cuda", "--device"))
    assert on_gpu
    assert ("mlp", "numpy") not in on_gpu
    mine = choose_cells(Setting("mlp", "t"), Setting("mine,nn", "i"), classes={"mine": Toy})
    assert [cell.given for cell in mine] == [Toy, None]


def test_levels_that_are_not_there() -> None:
    """One line each."""
    for task, impl, message in (
        (None, "nump", "unknown implementation 'nump'"),
        (None, "numpy,x.py:L", "task is missing"),
        ("mpl", None, "unknown task 'mpl'"),
    ):
        with pytest.raises(ConfigError, match=message):
            names(task, impl)
    with pytest.raises(ConfigError, match="task is missing"):
        names(None, "mine", classes={"mine": Toy})


# --- cases ------------------------------------------------------------------------------------------


def labels(task: str, impl: str, *words: str, **plan: Any) -> list[str]:
    """What a level is held against its reference in."""
    return [case.label for case in cases_of(find_cell(task, impl), Plan(settings=settings(*words), **plan))]


def test_the_cases_of_a_level() -> None:
    """Plain, as trained, in float32, and both of the former at odd sizes with three seeds each, or one."""
    every = labels("mlp", "nn")
    assert every[:3] == ["plain", "as trained", "float32"]
    odd = every[3:]
    assert odd[:3] == [f"seed={seed} N=1 D_in=4 H=3 D_out=2" for seed in (1, 2, 3)]
    assert len(odd) == 2 * 3 * 3
    assert len(labels("mlp", "nn", quick=True)) == 3 + 2 * 3
    assert labels("mlp", "nn", "seed=5") == ["plain", "as trained", "float32"]
    assert labels("mlp", "nn", dtype="float32") == ["float32"]
    assert "seed=1 D_in=4 H=3 D_out=2" in labels("mlp", "nn", "N=9")
    sized = labels("mlp", "nn", "N=9", "D_in=7", "H=6", "D_out=3")
    assert sized == ["plain", "as trained", "float32"]


def test_settings_of_the_cases() -> None:
    """Steps, dtypes, sizes and seeds of each, and who has asked for float32."""
    for quick in (False, True):
        found = {case.label: case for case in cases_of(find_cell("mlp", "nn"), Plan(quick=quick))}
        assert found["plain"].steps == found["as trained"].steps == (50 if quick else 500)
        assert found["float32"].steps == ROUNDED_STEPS == 20
        odd = found["seed=1 N=1 D_in=4 H=3 D_out=2"]
        assert (odd.steps, odd.config.seed, odd.config.N, odd.problem.x.shape) == (6, 1, 1, (1, 4))
        assert [case.is_rounded for case in found.values()].count(True) == 1
        assert (found["float32"].config.dtype, found["float32"].is_asked) == ("float32", False)
        assert found["plain"].is_asked
    (asked,) = cases_of(find_cell("mlp", "nn"), Plan(dtype="float32", steps=9))
    assert (asked.is_asked, asked.steps) == (True, 9)


def test_runs_that_are_trained_at_once() -> None:
    """Three, with seeds, rates and momenta of their own, for every word that the level takes."""

    def at_once(impl: str, *words: str) -> list[Case]:
        plan = Plan(settings=settings("N=9", "seed=4", *words))
        return [case for case in cases_of(find_cell("mlp", impl), plan) if case.together]

    found = at_once("batched")
    by = ("", " by start=uniform", " by bias=true", " by optimizer=Adam", " by optimizer=RMSprop")
    seeds = (5, 6, 7)
    assert [case.label for case in found] == [f"3 runs at once{word} seed={k}" for word in by for k in seeds]
    configs = [case.config for case in found]
    assert {(c.N, c.D_in, c.H, c.D_out) for c in configs} == {(9, 5, 5, 5)}
    assert [configs[0].lr / c.lr for c in configs] == pytest.approx([1, 2, 3] * 5)
    assert [c.momentum for c in configs] == [0, 0.25, 0.5] * 3 + [0, 0, 0] * 2
    assert (configs[3].start, configs[6].bias, configs[9].optimizer) == ("uniform", True, "Adam")
    for i, case in enumerate(found):
        assert case.steps == 6
        assert case.together == tuple(configs[i - i % 3 : i - i % 3 + 3])
        own = find_cell("mlp", "numpy").problems.make(case.config)
        np.testing.assert_array_equal(case.problem.start["w1"], own.start["w1"])
    assert [case.label for case in at_once("batched", "bias=true")] == [
        case.label for case in found if "bias" not in case.label
    ]
    assert {case.label.partition(" by ")[2] for case in at_once("gram")} == {
        "", *(f"start=uniform seed={k}" for k in seeds)
    }  # fmt: skip


def test_plain_is_what_every_level_can_be() -> None:
    """The plain rule at the lowest level's rate unless another is asked for; for another model, its own."""
    lowest, optim = find_cell("mlp", "numpy"), find_cell("mlp", "optim")
    plain = plain_config(find_cell("mlp", "optim"), Plan())
    assert (plain.optimizer, plain.start, plain.bias) == ("SGD", "normal", False)
    assert plain.lr == plain_config(lowest, Plan()).lr
    assert plain_config(optim, Plan(settings=settings("lr=0.5"))).lr == 0.5
    dynamic = find_cell("mlp", "dynamic")
    assert plain_config(dynamic, Plan()).momentum > 0
    assert labels("mlp", "dynamic", "seed=0") == ["as trained", "float32"], "nothing is compared twice"
    assert len(labels("mlp", "dynamic")) == 2 + 3 * 3


def test_a_device_is_the_level_s_own() -> None:
    """It is asked of the level; the lowest one, which lends its rate, stays on the host."""
    plan = Plan(device=Setting("cuda", "--device"))
    assert plain_config(find_cell("mlp", "nn"), plan).device == "cuda"
    assert plain_config(find_cell("mlp", "nn"), Plan()).device == "cpu"


# --- reach ------------------------------------------------------------------------------------------


def case(label: str = "plain", steps: int = 5, **keys: Any) -> tuple[Case, Equivalence]:
    """One that passed, in so many steps."""
    impl = str(keys.pop("impl", "dynamic"))
    config = small("mlp", impl, **{"momentum": 0.5, "lr": 0.25, **keys} if impl == "dynamic" else keys)
    return Case(label, config, None, steps), Equivalence(steps=steps)  # type: ignore[arg-type]


def test_what_was_compared_is_said() -> None:
    """A line for each large case, and one for all that are small; none for what was let off."""
    unstable = case("as trained", seed=4)
    unstable[1].unstable_step = 3
    smalls = [case(f"seed={seed} N={n}", 6, seed=seed) for n in (1, 2) for seed in (1, 2)]
    lines = list(what_was_compared([case(), unstable, case("float32", 4, dtype="float32"), *smalls], 1e-9))
    assert len(lines) == 4
    assert lines[0].startswith("plain: 5 steps in float64 within 1e-09; seed=0 lr=0.25 N=7 ")
    assert "momentum=0.5" in lines[0]
    assert ", here at step 3; seed=4" in lines[1]
    assert "here at step" not in lines[0]
    assert lines[2].startswith("float32: 4 steps in float32 within the rounding of float32; ")
    assert lines[3] == "6 steps each at N=1; N=2 (seeds 1, 2)"
    assert not list(what_was_compared([case(steps=0)], 1e-9))


def not_shown(*found: Any, unread: Any = (), has_reference: bool = True) -> list[str]:
    """What is said of cases."""
    return list(what_was_not_shown(found, unread, has_reference=has_reference))


def test_what_was_not_shown_is_said() -> None:
    """Each kind, and nothing where there is nothing."""
    rounded = case("float32", dtype="float32", lr=0.0)
    assert not_shown(case(), rounded) == []
    assert not_shown(rounded) == []
    assert not_shown(case(lr=0.0), case()) == []
    assert not_shown(case(lr=0.0), case(lr=0.0)) == ["any update: lr is 0"]
    assert not_shown(case(steps=1)) == ["what the optimiser remembers: one step does not tell"]
    assert not_shown(case(steps=1), case(steps=2)) == []
    assert not_shown(case(steps=1, momentum=0.0)) == []
    assert not_shown(case(), unread=["bias=true"]) == [
        "bias=true: the level has not read it, or not kept to it"
    ]
    assert not_shown(case(), has_reference=False) == [
        "the settings of evo train, nor float32: the task has no reference for its rules of update"
    ]


def test_what_was_still_in_every_case_is_said() -> None:
    """A gradient that was zero throughout, or a branch never taken, in all of the cases that passed."""
    one, two = case(), case()
    one[1].still, two[1].still = ("b", "a"), ("a",)
    one[1].reached, two[1].reached = {"x": True, "y": False, "z": False}, {"x": False, "y": True, "z": False}
    assert not_shown(one, two) == [
        "anything of a: its gradient was 0 throughout",
        "a branch of the model: z never came",
    ]
    parted = case()
    parted[1].parted = Parting("", 0)
    assert "anything of a: its gradient was 0 throughout" in not_shown(one, two, parted)
    assert not_shown(parted) == []


# --- verdicts and reports ---------------------------------------------------------------------------


def verdict(*complaints: str, impl: str = "numpy", digest: str | None = None) -> Verdict:
    """One with numbers of every kind."""
    return Verdict(
        "mlp",
        impl,
        "reference",
        1e-9,
        cases=(CaseVerdict("plain", Equivalence(loss=np.float64(0.5))),),
        gradients=GradientCheck(0.25, "w1"),
        functions={"F": FunctionCheck(None, "second")},
        complaints=complaints,
        source_digest=digest,
    )


def test_complaints_beside_the_equivalence() -> None:
    """A gradient past its tolerance, or NaN; a Function whose first derivatives are wrong."""
    base = replace(verdict(), functions={})
    for difference, expected in ((1e-6, 0), (1.1e-6, 1), (float("nan"), 1)):
        found = list(verification._complaints(replace(base, gradients=GradientCheck(difference, "w1"))))
        assert len(found) == expected
    assert not list(verification._complaints(replace(base, gradients=None)))
    wrong = replace(base, gradients=None, functions={"F": FunctionCheck("off", None)})
    assert list(verification._complaints(wrong)) == ["Function F: derivatives of first order: off"]
    assert (verdict().passed, verdict("no").passed) == (True, False)


def test_a_report_says_all(tmp_path: Path) -> None:
    """What was asked, with which versions and where, and every number of every verdict."""
    path = tmp_path / "port.json"
    write_report(path, settings("task=mlp"), settings("N=9"), [verdict("no"), verdict(impl="nn")], quick=True)
    content = json.loads(path.read_text())
    assert (content["asked"], content["keys"], content["quick"]) == ({"task": "mlp"}, {"N": "9"}, True)
    assert content["versions"] == current_versions()
    assert content["versions"].keys() == {"python", "autograd-cli", "numpy", "torch"}
    assert content["machine"].keys() == {"system", "processor"}
    first, second = content["verdicts"]
    assert (first["passed"], second["passed"]) == (False, True)
    assert first["cases"][0]["equivalence"]["loss"] == 0.5
    assert first["functions"]["F"] == {"first": None, "second": "second"}
    assert (first["complaints"], first["gradients"]) == (["no"], {"difference": 0.25, "worst": "w1"})
    report = read_report(path)
    assert (report.where, report.quick, report.asked) == (str(path), True, {"task": "mlp"})
    assert report.settings(report.keys) == {"N": Setting("9", str(path))}
    assert not list(report.changes([verdict("no"), verdict(impl="nn")]))
    with pytest.raises(ConfigError, match="report: cannot write "):
        write_report(tmp_path / "no" / "port.json", {}, {}, [], quick=False)


def test_what_has_changed_since_a_report(tmp_path: Path) -> None:
    """Verdicts either way, sources, levels that are gone, versions that were not there or are not."""
    path = tmp_path / "port.json"
    write_report(
        path, {}, {}, [verdict("no", digest="1"), verdict(impl="nn"), verdict(impl="x")], quick=False
    )
    report = read_report(path)
    report = replace(report, versions={**report.versions, "numpy": "1.0", "jax": "2.0"})
    lines = set(report.changes([verdict(digest="2"), verdict("no", impl="nn")]))
    now = current_versions()["numpy"]
    assert lines == {
        f"numpy was 1.0, and is {now}",
        "jax was 2.0, and is not there",
        "mlp / numpy has another source",
        "mlp / numpy failed then, and passed now",
        "mlp / nn passed then, and failed now",
        "mlp / x is not there any more",
    }
    less = replace(
        report, versions={k: v for k, v in current_versions().items() if k != "torch"}, verdicts=[]
    )
    assert [line.split(", ")[0] for line in less.changes([])] == ["torch was not there"]


GOOD: dict[str, Any] = {
    "format": "evo verify report 1",
    "made_at": "",
    "versions": {},
    "asked": {"steps": "3"},
    "quick": False,
    "keys": {},
    "verdicts": [{}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"format": "evo verify report 2"},
        {"versions": []},
        {"versions": {"numpy": 1}},
        {"asked": {"seed": "1"}},
        {"asked": {"steps": 3}},
        {"keys": None},
        {"quick": 1},
        {"made_at": None},
        {"verdicts": {}},
        {"verdicts": [1]},
    ],
)
def test_what_is_no_report(tmp_path: Path, change: dict[str, Any]) -> None:
    """Whatever is not of its kind, and what is not JSON or not there."""
    path = tmp_path / "port.json"
    path.write_text(json.dumps(GOOD))
    assert read_report(path).asked == {"steps": "3"}
    every = {"asked": dict.fromkeys(ASKED, "1")}
    path.write_text(json.dumps(GOOD | every))
    assert read_report(path).asked == every["asked"]
    path.write_text(json.dumps(GOOD | change))
    with pytest.raises(ConfigError, match="is no report of evo verify"):
        read_report(path)
    path.write_text(json.dumps([GOOD]))
    with pytest.raises(ConfigError, match="is no report of evo verify"):
        read_report(path)
    path.write_text("{")
    with pytest.raises(ConfigError, match="is not valid JSON"):
        read_report(path)


def test_a_class_of_one_s_own_is_a_cell() -> None:
    """Even one that lacks a reference of its own has the task's."""
    assert of_class(TASKS["mlp"], Toy).has_reference
