"""Two programs side by side, in numbers that can be told in one's head."""

from math import inf, isnan, nan
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograd_cli.verify.equivalence import (
    Equivalence,
    follow,
    is_unstable,
    loss_parts,
    record_steps,
    run_in_lockstep,
)
from autograd_cli.verify.reference import Reference
from tests.verify.toys import Off, Toy


def beside(
    level: Any, steps: int = 3, tolerance: float = 1e-9, program: Any = None, **more: Any
) -> Equivalence:
    """The level beside a toy without fault."""
    return run_in_lockstep(level, Reference(program or Toy(), None), steps, tolerance, **more)


def test_equal_programs_do_not_part() -> None:
    """Nothing is found of a level that is its reference, and all steps are taken."""
    found = beside(Toy())
    assert (found.steps, found.loss, found.parted, found.broken, found.still) == (3, 0.0, None, False, ())
    assert found.gradients == found.parameters == {"a": 0.0, "b": 0.0}
    assert (found.share, found.unstable_step, found.reached) == (None, None, {})


@pytest.mark.parametrize(
    ("verb", "what"), [("loss", "loss"), ("gradient", "gradient"), ("parameter", "parameter")]
)
def test_nan_is_never_equal(verb: str, what: str) -> None:
    """A loss, a gradient or a parameter that is NaN parts a level from its reference where it first comes."""
    found = beside(Off(verb, lambda value: value * nan, at=1), tolerance=1e-3)
    assert found.parted
    assert (found.parted.what, found.parted.step, found.steps) == (what, 1, 2)
    assert what != "loss" or isnan(found.loss)


def test_what_is_off_by_the_tolerance_passes_and_no_more() -> None:
    """A loss is measured by the reference's, and the bound itself is allowed."""
    start = {"a": [2.0, -4.0]}
    half = Off("loss", lambda value: value * 1.5, start=start)
    found = beside(half, 1, 0.5, Toy(**start))
    assert (found.loss, found.parted) == (0.5, None)
    more = beside(Off("loss", lambda value: value * 1.75, start=start), 1, 0.5, Toy(**start))
    assert more.parted
    assert (more.parted.what, more.loss, more.broken) == ("loss", 0.75, False)


def test_a_loss_of_zero_is_measured_by_one() -> None:
    """There, the difference is absolute."""
    start = {"a": [0.0]}
    assert beside(Off("loss", lambda value: value + 0.25, start=start), 1, 1.0, Toy(**start)).loss == 0.25


@pytest.mark.parametrize("verb", ["loss", "gradient", "parameter"])
def test_the_largest_difference_is_kept(verb: str) -> None:
    """One step that is off by a thousandth is remembered though the others agree."""
    found = beside(Off(verb, lambda value: value * 1.001, at=1), 8, 2e-3, step_by_step=True)
    assert found.parted is None
    kept = {"loss": found.loss, "gradient": found.gradients["a"], "parameter": found.parameters["a"]}[verb]
    assert 1e-4 < kept < 1.1e-3


def test_a_small_array_is_measured_by_a_thousandth_of_the_largest() -> None:
    """B is a millionth where a is 4: what it is off by is held against 0.004."""
    found = beside(Off("gradient", lambda value: value + 4e-6, name="b", at=0), 1, 1e-2)
    assert found.gradients["b"] == pytest.approx(1e-3)
    found = beside(Off("parameter", lambda value: value + 2e-6, name="b", at=0), 1, 1e-2)
    assert found.parameters["b"] == pytest.approx(1e-3)


def test_a_gradient_is_measured_by_the_largest_that_it_has_been() -> None:
    """Gradients shrink as training goes on, and their rounding does not; a parameter is measured as it is."""
    found = beside(Off("gradient", lambda value: value + 0.004, at=2), 3, 1e-2)
    assert found.gradients["a"] == pytest.approx(0.001)
    found = beside(Off("parameter", lambda value: value + 0.005, at=2), 3, 1e-1)
    assert found.parameters["a"] == pytest.approx(0.01)


def test_step_by_step_no_difference_grows() -> None:
    """Each step begins at the level's own numbers; without, a rate that is off adds up."""

    def wrong() -> Off:
        return Off("parameter", lambda value: value * 1.001)

    assert beside(wrong(), 9, 0.1, step_by_step=True).parameters["a"] == pytest.approx(1e-3)
    assert beside(wrong(), 9, 0.1).parameters["a"] == pytest.approx(9e-3, rel=1e-2)
    found = beside(Off("parameter", lambda value: value * 2, at=1), 9, 0.1, step_by_step=True)
    assert found.parted
    assert found.parted.step == 1


@pytest.mark.parametrize("verb", ["forward", "backward"])
@pytest.mark.parametrize("step", [0, 1, 31, 64])
def test_only_update_may_change_parameters(verb: str, step: int) -> None:
    """Another verb that does is named, in the steps that are watched, and by no more than the tolerance."""
    toy = {"a": [1.0], "b": [1.0]}
    found = beside(Off(verb, lambda value: value + 1e-3, at=step, start=toy), 70, program=Toy(**toy))
    assert found.parted
    assert found.parted.says.startswith(f"{verb}() changes parameter a")
    assert found.parted.step == step


def test_a_change_within_the_tolerance_is_rounding() -> None:
    """The same number is written back with another last digit, by which nobody is misled."""
    found = beside(Off("forward", lambda value: value * (1 + 1e-12)), 2, 1e-9)
    assert found.parted is None
    small = beside(Off("forward", lambda value: value + 1e-4, name="b"), 1, 0.1)
    assert small.parted is None, "b is measured by a thousandth of a"


def test_a_start_that_is_off() -> None:
    """It is found before the first step."""
    found = beside(Toy(a=[2.0, -4.5], b=[1e-6]))
    assert found.parted
    assert (found.parted.what, found.parted.name, found.parted.step, found.steps) == ("start", "a", -1, 0)
    assert found.parameters["a"] == pytest.approx(0.125)
    assert found.parted.says == (
        "parameter a differs by 1.2e-01 before the first step: the level does not stand at the shared start"
    )


def test_the_first_array_that_is_off_is_named_and_all_are_measured() -> None:
    """In the order of the model's parameters."""
    both = {"a": [2.0, -5.0], "b": [1.0]}
    found = beside(Toy(**both))
    assert found.parted
    assert found.parted.name == "a"
    assert found.parameters["b"] > 100


def test_where_the_reference_diverges() -> None:
    """There is nothing to compare with."""
    found = beside(Toy(a=[inf]), program=Toy(a=[inf]), tolerance=1.0)
    assert found.parted
    assert "parameter a" in found.parted.says
    found = beside(Toy(), program=Off("loss", lambda value: value * inf, at=1))
    assert found.parted
    assert (found.parted.says, found.parted.what) == (
        "the reference diverges, its loss is inf at step 1",
        None,
    )


def test_a_verb_that_raises_breaks() -> None:
    """The step and the exception are told, and that no number has parted the two."""

    def fail(_value: object) -> None:
        raise ValueError("no more")

    found = beside(Off("gradient", fail, at=1))
    assert found.parted
    assert (found.broken, found.steps, found.parted.step, found.parted.what) == (True, 2, 1, None)
    assert found.parted.says.startswith("step 1: ")
    assert "ValueError: no more" in found.parted.says


def test_a_start_that_raises_breaks() -> None:
    """Before the first step, whose number is then -1."""

    class Hidden(Toy):
        """Does not show its parameters."""

        def __getattribute__(self, name: str) -> Any:
            if name == "parameters":
                raise ValueError("hidden")
            return super().__getattribute__(name)

    level = Hidden.__new__(Hidden)
    found = beside(level)
    assert found.parted
    assert (found.broken, found.steps, found.parted.step) == (True, 0, -1)
    assert found.parted.says.startswith("step -1: ")


def test_a_gradient_that_stays_zero_is_still() -> None:
    """Only one that was zero throughout, not one that is zero at the end."""
    assert beside(Toy(a=[1.0], b=[0.0]), program=Toy(a=[1.0], b=[0.0])).still == ("b",)
    for size in (1.0, 0.5):
        assert beside(Toy(a=[size]), program=Toy(a=[size])).still == ()


def test_branches_that_were_taken_once_are_taken() -> None:
    """Over all steps."""
    program = Toy()
    program.reached = lambda: {"first": program.count == 0, "never": False}  # type: ignore[attr-defined]
    assert beside(Toy(), program=program).reached == {"first": True, "never": False}


@pytest.mark.parametrize(
    ("gradients", "says"),
    [
        ({"a": np.ones(2)}, "gradient b is missing at step 0"),
        ({"a": np.ones(2), "b": None}, "gradient b is missing at step 0"),
        (
            {"a": np.array([2.0, -4.0]), "b": np.array([1e-6]), "c": np.ones(1)},
            "gradient c is none of the model's (a, b) at step 0",
        ),
        (
            {"a": np.array([2.0, -4.0]), "b": np.array([[1e-6]])},
            "gradient b has shape (1, 1), not (1,) at step 0",
        ),
    ],
)
def test_gradients_of_another_form(gradients: dict[str, Any], says: str) -> None:
    """Missing, superfluous and of another shape, each by its name."""
    level = Toy()
    level.backward = lambda _loss: setattr(level, "gradients", gradients)  # type: ignore[method-assign, assignment]
    found = beside(level)
    assert found.parted
    assert (found.parted.says, found.parted.what) == (says, None)


def test_losses_show_the_digits_in_which_they_differ() -> None:
    """Six at least."""
    assert loss_parts(1 + 1e-12, 1.0, 4).says == "loss is 1.000000000001, and the reference's 1, at step 4"
    assert "3.14159, and the reference's 6.28319" in loss_parts(3.14159265, 6.28318531, 0).says


# --- trainings that enlarge rounding ----------------------------------------------------------------


class Growing(Toy):
    """Each step doubles a's distance from zero."""

    def update(self) -> None:
        """Upwards."""
        self.parameters = {name: p * 2 for name, p in self.parameters.items()}


class Apart(Toy):
    """Each step doubles the distance between two parameters, and nothing else."""

    def update(self) -> None:
        """Away from each other."""
        a, b = self.parameters["a"], self.parameters["b"]
        self.parameters = {"a": a + (a - b) / 2, "b": b - (a - b) / 2}


@pytest.mark.parametrize(("last", "expected"), [(8, False), (9, True), (20, True)])
def test_unstable_is_a_thousand_times(last: int, expected: bool) -> None:
    """Doubled ten times a difference is 1024 times as large, nine times not yet a thousand."""
    for start in ({"a": [1.0]}, {"a": [1.0], "b": [1.0]}):
        one, twin = Reference(Growing(**start), None), Reference(Growing(**start), None)
        assert is_unstable(one, twin, last) is expected
    one, twin = (Reference(Apart(a=[1.0], b=[1.0]), None) for _ in range(2))
    assert is_unstable(one, twin, last) is expected, "the parameters are moved to either side in turn"


def test_unstable_looks_at_the_largest_difference() -> None:
    """Of parameters that stay and one that grows, the one that grows."""
    programs = [Growing(a=[1.0]) for _ in range(2)]
    for program in programs:
        program.parameters["still"] = np.array([0.0])
    assert is_unstable(Reference(programs[0], None), Reference(programs[1], None), 9)


def test_unstable_moves_by_one_rounding() -> None:
    """A program that is 1 ± 2u away sees what is as small."""
    twin = Reference(Toy(a=[1.0], b=[1.0]), None)
    assert not is_unstable(Reference(Toy(a=[1.0], b=[1.0]), None), twin, -1)
    assert twin.parameters["a"] == 1 + 2.0**-52
    assert twin.parameters["b"] == 1 - 2.0**-52
    assert not is_unstable(Reference(Toy(a=[1.0]), None), Reference(Toy(a=[1.0]), None), 3)


# --- written down -----------------------------------------------------------------------------------


def test_a_record_holds_the_first_steps_and_the_last_two() -> None:
    """What a rule remembers shows at the beginning; a long run is not kept."""
    steps = record_steps(Toy(), 12)
    assert sorted(steps) == [*range(8), 11, 12]
    assert [steps[i].loss for i in (0, 1)] == pytest.approx([10.0, 2.5])
    assert steps[1].before["a"].tolist() == steps[0].after["a"].tolist() == [1.0, -2.0]
    assert steps[12].gradients["a"].tolist() == steps[12].before["a"].tolist()


def test_a_record_of_the_start_takes_no_step() -> None:
    """Where the start parts, nothing else is known."""
    level = Toy()
    (step,) = record_steps(level, -1).values()
    assert (isnan(step.loss), step.before["a"].tolist(), step.gradients, step.after) == (
        True,
        [2.0, -4.0],
        {},
        {},
    )
    assert level.count == -1
    assert list(record_steps(level, 0)) == [0]


def test_a_record_ends_where_a_verb_raises() -> None:
    """With what was there."""

    def fail(_value: object) -> None:
        raise ValueError

    steps = record_steps(Off("gradient", fail, at=1), 5)
    assert sorted(steps) == [0, 1]
    assert steps[1].loss == pytest.approx(2.5)
    assert not steps[1].gradients


def test_what_fails_before_the_first_step() -> None:
    """Where the start cannot be compared, it is told as step -1, and no step is taken."""

    def begin() -> None:
        raise ValueError("no start")

    found = follow(Equivalence(), Toy(), 3, begin, lambda _step: None)
    assert found.parted
    assert (found.parted.step, found.steps, found.broken) == (-1, 0, True)
    assert found.parted.says.startswith("step -1: ")


@pytest.mark.parametrize("verb", ["loss", "forward", "gradient", "parameter"])
def test_a_tolerance_may_be_reached(verb: str) -> None:
    """A difference as large as the tolerance passes, and the next larger one does not."""
    off = Off(verb, lambda value: value + 0.25, at=0, start={"a": [1.0, 2.0]})
    differences = {"loss": 0.25 / 2.5, "parameter": 0.25}.get(verb, 0.125)
    assert beside(off, 1, differences, Toy(a=[1.0, 2.0])).parted is None
    off = Off(verb, lambda value: value + 0.25, at=0, start={"a": [1.0, 2.0]})
    assert beside(off, 1, np.nextafter(differences, 0), Toy(a=[1.0, 2.0])).parted


def test_a_level_that_shows_no_gradients() -> None:
    """What is missing is named, and not the line of evo's that missed it."""
    toy = Toy()
    names = ("parameters", "forward", "backward", "update")
    level = SimpleNamespace(**{name: getattr(toy, name) for name in names})
    found = beside(level)
    assert found.parted
    assert "class SimpleNamespace lacks " in found.parted.says
