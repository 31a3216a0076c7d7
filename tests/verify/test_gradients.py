"""Gradients against central differences, and Functions against torch's: what is found, and what is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch.autograd.function import once_differentiable

from autograd_cli.contract.problem import Problem
from autograd_cli.verify.functions import check_functions
from autograd_cli.verify.gradients import STEPS, TOLERANCE, GradientCheck, check_gradients
from tests.helpers import small


def check(loss: Callable[..., Any], gradient: Any, directions: int = 3, **start: Any) -> GradientCheck:
    """The check of a level with this loss and these gradients at this start."""

    class Level:
        def __init__(self, problem: Problem, _config: object) -> None:
            self.parameters = {name: np.array(p) for name, p in problem.start.items()}

        def forward(self) -> Any:
            return np.float64(loss(**self.parameters))

        def backward(self, _loss: object) -> None:
            given = gradient(**self.parameters) if callable(gradient) else gradient
            self.gradients = {n: np.asarray(g, float) for n, g in given.items()}

        def update(self) -> None:
            """Nothing."""

    config = small("linear", "numpy")
    problem = Problem(np.zeros(1), np.zeros(1), {}, np.random.SeedSequence(0))
    problem = replace(problem, start={name: np.array(value, float) for name, value in start.items()})
    return check_gradients(Level, problem, config, directions)  # type: ignore[arg-type]


def cubes(a: Any) -> Any:
    """Σ a³."""
    return (a**3).sum()


def test_a_right_gradient_agrees() -> None:
    """To less than a tenth of what is allowed, at a scalar and at a matrix, of any size."""
    for a in (2.0, [[1.0, -2.0], [3.0, 4.0]], [1e-3, 2e-3], [1e5, 1e5]):
        assert check(cubes, lambda a: {"a": 3 * a**2}, a=a).difference < 0.1 * TOLERANCE
    nothing = check(lambda **_: 5.0, lambda a: {"a": 0 * a}, a=[1.0, 2.0])
    assert nothing == GradientCheck(0.0, "no direction")


def test_a_gradient_that_is_a_hundred_thousandth_off_does_not_pass() -> None:
    """In whatever direction."""
    found = check(cubes, lambda a: {"a": 3.00003 * a**2}, a=[1.0, -2.0, 3.0])
    assert found.difference == pytest.approx(1e-5, rel=0.01)
    assert found.difference > TOLERANCE
    assert found.worst.startswith("gradient a along ")


def test_the_steepest_entry_is_looked_at_by_itself() -> None:
    """One wrong entry among a hundred is found where it is, whatever the random directions are."""
    a = np.full((10, 10), 1.0)
    a[7, 4] = -3.0
    found = check(cubes, lambda a: {"a": 3 * a**2 * np.where(a < 0, 1.001, 1)}, 0, a=a)
    assert found.worst == "gradient a along coordinate [7,4]"
    assert found.difference == pytest.approx(1e-3, rel=0.01)


def test_random_directions_see_what_no_coordinate_shows() -> None:
    """An entry that is off among two hundred shows in every direction."""
    a = np.ones(200)
    a[150] = 0.9
    found = check(cubes, lambda a: {"a": 3 * a**2 * (a == 1)}, 3, a=a)
    assert found.worst == "gradient a along a random direction"
    assert found.difference > 1e-2
    assert check(lambda a: 2 * a, {"a": 2.2}, 3, a=1.0).worst == "gradient a along coordinate []"


def test_small_gradients_are_measured_by_the_large_ones() -> None:
    """By a hundredth of the array's largest, a thousandth of all, else by themselves."""
    found = check(lambda a, b: 2000 * a + 0.001 * b, {"a": 2000.0, "b": 0.0}, a=1.0, b=1.0)
    assert found.difference == pytest.approx(5e-4, rel=0.01)
    found = check(lambda a: 100 * a[0] + 0.1 * a[1], {"a": [100.0, 0.0]}, 3, a=[1.0, 1.0])
    assert found.difference == pytest.approx(0.1, rel=0.01)
    assert check(lambda a: 0.25 * a, {"a": 0.0}, a=1.0).difference == pytest.approx(0.25)
    assert check(lambda a: 0.5 * a, {"a": 0.25}, a=1.0).difference == pytest.approx(1.0)


def test_steps_are_in_proportion_to_the_parameter() -> None:
    """By the root of the mean of its squares, along a random direction times the root of its number."""
    seen: list[float] = []

    def watched(a: Any) -> Any:
        seen.append(float(np.abs(a - 100.0).max()))
        return a.sum()

    check(watched, lambda a: {"a": 0 * a}, 0, a=[100.0, 100.0])
    moved = [step for step in seen if step]
    assert moved == pytest.approx([100 * h for h in STEPS for _ in range(2)], rel=1e-6)
    lengths: list[float] = []

    def measured(a: Any) -> Any:
        lengths.append(float(np.linalg.norm(a - 100.0)))
        return a.sum()

    check(measured, lambda a: {"a": 0 * a}, 1, a=[100.0] * 2)
    assert [length for length in lengths if length][:2] == pytest.approx([100 * 1e-4 * 2**0.5] * 2, rel=1e-6)
    zero: list[float] = []
    check(lambda a: zero.append(float(a)) or float(a), {"a": 3.0}, 0, a=0.0)  # type: ignore[func-returns-value]
    assert [abs(z) for z in zero if z] == pytest.approx([h for h in STEPS for _ in range(2)])


@pytest.mark.parametrize(("distance", "loss"), [(3e-5, 0.0), (3e-6, 0.0), (3e-5, 1e5)])
def test_a_kink_nearby_is_stepped_short_of(distance: float, loss: float) -> None:
    """One of the lengths stays on the right gradient's side, above the rounding of a large loss."""
    kink = 1 + distance
    found = check(lambda a: max(a - kink, 0.0) + a + loss, {"a": 1.0}, a=1.0)
    assert found.difference < TOLERANCE


def test_a_loss_that_bends_is_looked_at_closely() -> None:
    """A length that leaves a hundred-thousandth is not the last."""
    assert check(lambda a: np.sin(100 * a), {"a": 100 * np.cos(100)}, a=1.0).difference < TOLERANCE


# --- autograd Functions -----------------------------------------------------------------------------


class Cube(torch.autograd.Function):
    """x³, whose derivative is a factor off."""

    factor: ClassVar[float] = 1.0

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """x³."""
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        """3x²."""
        (x,) = ctx.saved_tensors
        return Cube.factor * 3 * x**2 * grad


class Inherits(Cube):
    """As its parent."""


class InTwo(torch.autograd.Function):
    """x² n, in the style that sets up its context apart, once differentiable."""

    @staticmethod
    def forward(x: Any, n: int) -> Any:
        """x² n."""
        return x**2 * n

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:  # noqa: ARG004 - torch's signature
        """Keep x and n."""
        ctx.save_for_backward(inputs[0])
        ctx.n = inputs[1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        """2 n x."""
        return 2 * ctx.n * ctx.saved_tensors[0] * grad, None


class Small(torch.autograd.Function):
    """A millionth of x, and a derivative of two."""

    @staticmethod
    def forward(_ctx: Any, x: Any) -> Any:
        """X / 10⁶."""
        return x * 1e-6

    @staticmethod
    def backward(_ctx: Any, grad: Any) -> Any:
        """Twice too much."""
        return grad * 2e-6


def checked(forward: Callable[[Any], Any]) -> Any:
    """What is found of the Functions of a loss."""

    class Level:
        def forward(self) -> Any:
            return forward(torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True))

    return check_functions(Level)  # type: ignore[arg-type]


@pytest.mark.parametrize(("factor", "is_right"), [(1.0, True), (1.00001, False)])
def test_a_function_with_a_wrong_derivative(
    monkeypatch: pytest.MonkeyPatch, factor: float, is_right: bool
) -> None:
    """A hundred-thousandth is too much; the complaint is one line, and not long."""
    monkeypatch.setattr(Cube, "factor", factor)
    forward = Cube.forward
    for function in (Cube, Inherits):
        found = checked(lambda x, f=function: f.apply(x).sum())  # type: ignore[misc]
        assert set(found) == {function.__name__}
        first = found[function.__name__].first
        assert (first is None) == is_right
        assert is_right or (len(first) <= 200 and "\n" not in first and "Jacobian mismatch" in first)
        assert found[function.__name__].second is None
    assert Cube.forward is forward
    assert "forward" not in vars(Inherits), "what was put there for the check is gone"


def test_a_function_whose_context_is_set_up_apart() -> None:
    """It gets all its arguments, numbers too; second derivatives that it does not have are no complaint."""
    found = checked(lambda x: InTwo.apply(Cube.apply(x), 3).sum())  # type: ignore[no-untyped-call]
    assert set(found) == {"InTwo", "Cube"}
    assert (found["InTwo"].first, found["Cube"].first, found["Cube"].second) == (None, None, None)
    assert found["InTwo"].second is not None


def test_small_derivatives_are_not_let_off() -> None:
    """What is wrong by a millionth in all is wrong."""
    assert checked(lambda x: Small.apply(x).sum())["Small"].first  # type: ignore[no-untyped-call]


def test_inputs_are_those_of_the_first_call() -> None:
    """A Function applied twice is checked once, at what it was first given, whatever comes after."""
    found = checked(lambda x: (Cube.apply(x) + Cube.apply(x * torch.nan)).sum())  # type: ignore[no-untyped-call]
    assert found["Cube"].first is None


def test_a_loss_without_a_graph_has_no_functions() -> None:
    """Nor has one of numbers, or of operations of torch alone."""
    assert checked(lambda _: np.float64(1)) == {}
    assert checked(lambda x: x.detach().sum()) == {}
    assert checked(lambda x: (x * 2).sum()) == {}
