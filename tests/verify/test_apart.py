"""What a level does beside its numbers: whether it repeats itself, and what it switches for others."""

import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from math import inf, nan
from pathlib import Path
from threading import Event, Timer
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from autograd_cli.catalogue.cell import Cell, of_class
from autograd_cli.catalogue.registry import TASKS, find_cell
from autograd_cli.config.resolve import gather, parse_assignment
from autograd_cli.errors import ConfigError
from autograd_cli.tasks.mlp.numpy import Mlp
from autograd_cli.verify import cells as verification
from autograd_cli.verify.cells import Verdict
from autograd_cli.verify.determinism import (
    Repetition,
    compare_processes,
    fresh_processes,
    losses_by_threads,
    repeat,
)
from autograd_cli.verify.isolation import Isolation
from autograd_cli.verify.plan import Plan
from autograd_cli.verify.reference import Reference, make_reference
from tests.helpers import small
from tests.verify.here import verify_here
from tests.verify.toys import Toy

SIZES = ("N=5", "D_in=4", "H=3", "D_out=2", "lr=1e-3")

# --- repeating --------------------------------------------------------------------------------------


def compared(here: list[float], there: list[float], two: list[float] | None = None, **more: Any) -> Any:
    """What is found of three columns of losses."""
    return compare_processes(
        Repetition(here, True), there, there if two is None else two, **{"is_elsewhere": True, **more}
    )


def test_losses_are_compared_bit_for_bit() -> None:
    """Infinities and NaN at the end are equal to themselves; no other number is, nor another length."""
    for end in (nan, inf, 1.0):
        assert compared([1.0, end], [1.0, end]).elsewhere
    for other in ([1.0, 2.0 + 2**-51], [1.0], [1.0, 2.0, 3.0], [1.0, nan], [nan, 2.0]):
        assert not compared([1.0, 2.0], other).elsewhere
        assert not compared([1.0, 2.0], [1.0, 2.0], other).two_threads
    assert compared([1.0], [2.0], is_elsewhere=False).elsewhere is None
    assert compared([1.0], [1.0]).two_threads
    assert compared([1.0], [1.0]).again


def test_the_difference_that_two_threads_make() -> None:
    """The largest relative one; absolute beside a loss of 0; infinite where one of them ended earlier."""
    assert compared([], [4.0, -2.0], [5.0, -1.0]).two_threads_difference == 0.5
    assert compared([], [0.0], [0.25]).two_threads_difference == 0.25
    assert compared([], [], []).two_threads_difference == 0.0
    assert compared([], [1.0], [1.0, 2.0]).two_threads_difference == inf


class Counts(Mlp):
    """Its loss grows from one level that is made to the next."""

    made = 0

    def __init__(self, problem: Any, config: Any) -> None:
        super().__init__(problem, config)
        type(self).made += 1

    def forward(self) -> Any:
        """Off by a millionth of a millionth."""
        return super().forward() * (1 + 1e-13 * self.made)


def test_a_level_that_does_not_repeat_itself() -> None:
    """It is within the tolerance, and rejected for it."""
    cell, config = find_cell("mlp", "numpy"), small("mlp", "numpy", steps=3)
    first = repeat(cell, config)
    assert first.again
    assert len(first.losses) == 3
    assert first.losses == losses_by_threads(cell, config)[0]
    odd: Any = Counts
    assert not repeat(of_class(TASKS["mlp"], odd), config).again
    (verdict,) = verify_here("mlp", [odd], SIZES)
    assert verdict.complaints == (
        "the same configuration gives other losses the second time",
        "the same configuration gives other losses in another process",
    )
    (right,) = verify_here("mlp", [Mlp], SIZES)
    assert right.passed
    assert right.determinism
    assert right.determinism.again
    assert right.determinism.elsewhere


def test_threads_are_those_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One, and two; the device is set up before each run."""
    from autograd_cli.verify import determinism

    asked: list[int] = []
    used: list[Any] = []
    monkeypatch.setattr(determinism, "set_threads", asked.append)
    monkeypatch.setattr(determinism, "use_device", used.append)
    cell, config = find_cell("mlp", "numpy"), small("mlp", "numpy", steps=1, threads=7)
    losses_by_threads(cell, config)
    assert asked == [1, 1, 2]
    repeat(cell, config)
    assert asked[3:] == [1, 1]
    assert len(used) == 4
    assert repeat(cell, config).again


def test_processes_end_with_their_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they have begun is waited for, and what they have not is dropped."""
    from autograd_cli.verify import determinism

    def threads(count: int, **_more: Any) -> Executor:
        return ThreadPoolExecutor(count)

    monkeypatch.setattr(determinism, "ProcessPoolExecutor", threads)
    begun = Event()
    with fresh_processes(1) as pool:
        first, second = pool.submit(begun.wait, 9), pool.submit(int)
        Timer(0.01, begun.set).start()
    assert first.result()
    assert second.cancelled()
    with pytest.raises(RuntimeError):
        pool.submit(int)


# --- switches ---------------------------------------------------------------------------------------

SWITCHES: list[tuple[Callable[[], Any], Callable[[], Any]]] = [
    (torch.get_default_dtype, lambda: torch.set_default_dtype(torch.float64)),
    (torch.is_grad_enabled, lambda: torch.set_grad_enabled(False)),
    (torch.get_float32_matmul_precision, lambda: torch.set_float32_matmul_precision("medium")),
    (torch.are_deterministic_algorithms_enabled, lambda: torch.use_deterministic_algorithms(True)),
    (torch.get_default_device, lambda: torch.set_default_device("meta")),
    (lambda: torch.get_rng_state().tolist(), partial(torch.rand, 3)),
    (np.geterr, lambda: np.seterr(all="ignore")),
    (lambda: repr(np.random.get_state()), partial(np.random.seed, 1)),
]


@pytest.mark.parametrize(("read", "switch"), SWITCHES)
def test_what_a_level_switches_is_switched_back(read: Callable[[], Any], switch: Callable[[], Any]) -> None:
    """While it trains, and though it raises; what its file has switched is there when it trains again."""
    cell: Any = SimpleNamespace(level_class=SimpleNamespace(__module__="nowhere"))
    before = read()
    with Isolation().of(cell):
        switch()
        assert read() != before
    assert read() == before

    def fail() -> None:
        with Isolation().of(cell):
            switch()
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert read() == before


@pytest.mark.parametrize(("read", "switch"), SWITCHES[:5])
def test_what_is_switched_by_the_file_that_imports_torch(
    read: Callable[[], Any], switch: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it, and after levels that do without, torch's own defaults hold."""
    cell: Any = SimpleNamespace(level_class=SimpleNamespace(__module__="nowhere"))
    default = read()
    monkeypatch.delitem(sys.modules, "torch")
    with Isolation().of(cell):
        pass
    with Isolation().of(cell):
        monkeypatch.setitem(sys.modules, "torch", torch)
        switch()
        assert read() != default
    assert read() == default


def test_a_file_has_its_own_switches() -> None:
    """What was switched as it was imported holds whenever its level trains, and never else."""

    class File:
        @property
        def level_class(self) -> Any:
            if not self.__dict__.setdefault("imported", False):
                self.__dict__["imported"] = True
                torch.set_default_dtype(torch.float16)
            return SimpleNamespace(__module__="file_of_its_own")

    cell: Any = File()
    Isolation().load(cell)
    assert torch.get_default_dtype() is torch.float32
    for _ in range(2):
        Isolation().load(cell)
        with Isolation().of(cell):
            assert torch.get_default_dtype() is torch.float16
        assert torch.get_default_dtype() is torch.float32


# --- references -------------------------------------------------------------------------------------


def test_a_reference_is_on_the_host_and_has_its_own_arrays() -> None:
    """In the dtype of the configuration; parameters without a gradient have one of zeros."""
    cell, config = find_cell("mlp", "numpy"), small("mlp", "numpy", dtype="float32")
    problem = cell.problems.make(config)
    reference = make_reference(cell, problem, replace(config, device="cuda"))
    before = {name: p.copy() for name, p in problem.start.items()}
    assert {str(p.dtype) for p in reference.parameters.values()} == {"float32"}
    for _ in range(2):
        reference.backward(reference.forward())
        reference.update()
    assert all((problem.start[name] == p).all() for name, p in before.items())
    lowest = make_reference(Cell(replace(cell.task, references={}), cell.spec), problem, config)
    assert lowest.rule is None
    assert reference.rule is not None
    toy = Toy()
    toy.gradients = {"a": toy.parameters["a"]}
    partial = Reference(toy, None)
    assert partial.gradients["b"].tolist() == [0.0]
    assert partial.gradients["a"].tolist() == [2.0, -4.0]
    assert partial.reached() == {}


# --- whole verdicts ---------------------------------------------------------------------------------


class Wrong(Mlp):
    """Off by a tenth of a thousandth in the first layer's gradient, but goes down the right one."""

    def backward(self, loss: Any) -> None:
        """Gradients."""
        super().backward(loss)
        self.kept, self.grad_w1 = self.grad_w1, self.grad_w1 * 1.0001

    def update(self) -> None:
        """The right step."""
        self.grad_w1 = self.kept
        super().update()


class Fails(Mlp):
    """Cannot be made."""

    def __init__(self, *_given: Any) -> None:
        raise ValueError("no arrays")


class FailsLater(Mlp):
    """Forward works once in a level of float32."""

    def forward(self) -> Any:
        """Once."""
        if "y_pred" in vars(self) and self.x.dtype == np.float32:
            raise ValueError("no more")
        return super().forward()


def test_a_verdict_ends_where_the_two_part() -> None:
    """No case after it; the gradients are still checked, unless a verb raises."""
    wrong, fails, later = verify_here("mlp", [Wrong, Fails, FailsLater], SIZES)  # type: ignore[list-item]
    assert [case.label for case in wrong.cases] == ["as trained"]
    assert "gradient w1 differs by 1.0e-04 at step 0" in wrong.complaints[0]
    assert wrong.complaints[1].startswith("gradient w1 along ")
    assert wrong.complaints[1].endswith("is off its central difference by 1.0e-04")
    assert wrong.gradients
    assert wrong.reach
    assert fails.complaints[0].endswith("ValueError: no arrays (while making the level)")
    assert (fails.cases, fails.gradients, fails.determinism) == ((), None, None)
    assert "step 1: " in later.complaints[0]
    assert [case.label for case in later.cases] == ["as trained", "float32"]
    assert (later.gradients, later.determinism, later.reach) == (None, None, ())
    assert later.reference == "two-layer model in NumPy"


def test_names_are_announced_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each verdict its level's label; the table says what it was held against."""
    from tests.verify.here import here

    monkeypatch.setattr(verification, "fresh_processes", here)
    said: list[str] = []
    plan = Plan(steps=2, quick=True, settings=gather(map(parse_assignment, SIZES)))
    for impl in ("numpy", "tensor"):
        said.append("next")
        found: list[Verdict] = list(verification.verify([find_cell("mlp", impl)], plan, said.append))
        assert [verdict.impl for verdict in found] == [impl]
    assert said == ["next", "mlp / numpy", "next", "mlp / tensor"]
    alone = Cell(replace(TASKS["mlp"], references={}), find_cell("mlp", "tensor").spec)
    (verdict,) = verification.verify([alone], plan)
    assert (verdict.reference, verdict.passed) == ("numpy", True)


def test_every_path_of_dynamic_is_differenced() -> None:
    """The problem is drawn again until the first pass takes each of the paths, once each."""
    cell, config = find_cell("mlp", "dynamic"), small("mlp", "dynamic")
    paths = cell.problems.signature(cell.model, config).paths
    problems = list(verification._every_path(cell.problems.make(config), paths))
    assert sorted(next(problem.choices(paths)) for problem in problems) == list(range(paths))
    assert paths > 2
    assert len(list(verification._every_path(cell.problems.make(config), 1))) == 1


def test_functions_are_checked_at_few_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the last odd sizes and in float64, unless one of the sizes is asked for: then as it was asked."""
    monkeypatch.setattr(verification, "check_functions", lambda make: make())
    cell = find_cell("mlp", "function")
    for words, shape in (((), (6, 5)), (("seed=1",), (6, 5)), (("N=7", "D_in=4"), (7, 4))):
        settings = gather(map(parse_assignment, words))
        level: Any = verification._check_functions(cell, Plan(dtype="float32", settings=settings))
        assert tuple(level.x.shape) == shape
        assert level.x.dtype is torch.float64
    whole = Cell(replace(cell.task, odd_shapes=()), cell.spec)
    big: Any = verification._check_functions(whole, Plan())
    assert len(big.x) == 64


def test_a_failed_explanation_is_the_users_only_if_the_level_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a level does not repeat itself the facts stand alone; a mistake of evo's own is not hidden."""

    def raising(error: Exception) -> Callable[[object], str]:
        def explain(_evidence: object) -> str:
            raise error

        return explain

    wrong: Any = Wrong
    monkeypatch.setattr(verification, "explain", raising(ValueError("no")))
    (verdict,) = verify_here("mlp", [wrong], SIZES)
    assert verdict.complaints[0].startswith("gradient w1 differs by 1.0e-04 at step 0   ")
    monkeypatch.setattr(verification, "explain", raising(AssertionError("evo's own")))
    (verdict,) = verify_here("mlp", [wrong], SIZES)
    assert "evo's own" in verdict.complaints[0]
    monkeypatch.setattr(verification, "explain", lambda _evidence: "why?")
    (verdict,) = verify_here("mlp", [wrong], SIZES)
    assert verdict.complaints[0].startswith("gradient w1 differs by 1.0e-04 at step 0: why?   ")


class WrongLater(Wrong):
    """A gradient that is off from step 2 on."""

    def backward(self, loss: Any) -> None:
        """Right, twice."""
        self.steps_done = getattr(self, "steps_done", -1) + 1
        if self.steps_done >= 2:
            super().backward(loss)
        else:
            Mlp.backward(self, loss)
            self.kept = self.grad_w1


class Drifts(Mlp):
    """Each step is right to less than a billionth, and three are not."""

    def update(self) -> None:
        """The step, and a little more."""
        super().update()
        self.w1 *= 1 + 4e-10


class OwnStart(Mlp):
    """Another start than the shared one."""

    def __init__(self, problem: Any, config: Any) -> None:
        super().__init__(problem, config)
        self.w1 *= 2


def test_where_an_unstable_training_parts_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step at which the two first parted over the run, and no guess at a mistake."""
    monkeypatch.setattr(verification, "is_unstable", lambda *_: True)
    monkeypatch.setattr(verification, "explain", lambda _evidence: "why?")
    later: Any = WrongLater
    (verdict,) = verify_here("mlp", [later], SIZES)
    assert verdict.cases[0].equivalence.unstable_step == 2
    assert "here at step 2;" in verdict.reach[0]
    assert "?" not in verdict.complaints[0]
    drifts: Any = Drifts
    (verdict,) = verify_here("mlp", [drifts], SIZES)
    assert (verdict.passed, verdict.cases[0].equivalence.unstable_step) == (True, 2)
    own: Any = OwnStart
    (verdict,) = verify_here("mlp", [own], SIZES)
    assert verdict.cases[0].equivalence.unstable_step is None
    monkeypatch.setattr(verification, "is_unstable", lambda *_: False)
    (verdict,) = verify_here("mlp", [later], SIZES)
    assert verdict.cases[0].equivalence.unstable_step is None


def test_a_level_of_the_user_s_stays_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many of evo's own levels are spread over the cores; not so if one of another's is among them."""
    from tests.verify.here import here

    asked: list[int] = []

    def counted(count: int) -> Any:
        asked.append(count)
        return here(count)

    def nothing(cell: Cell, *_given: Any) -> Any:
        return Verdict(cell.task.name, cell.spec.name, "", 0.0), None

    monkeypatch.setattr(verification, "fresh_processes", counted)
    monkeypatch.setattr(verification, "cores", lambda: 5)
    for name in ("_verify_here", "_verify_there"):
        monkeypatch.setattr(verification, name, nothing)
    monkeypatch.setattr(verification, "losses_by_threads", nothing)
    own = [find_cell("mlp", impl) for impl in ("numpy", "tensor", "autograd", "nn")]
    others: Any = of_class(own[0].task, Wrong)
    for cells, pools in ((own, [1, 5]), (own[:3], [1]), ([*own, others], [1])):
        asked.clear()
        assert len(list(verification.verify(cells, Plan(steps=1)))) == len(cells)
        assert asked == pools


def test_many_levels_are_verified_each_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a few of evo's own are spread over processes, each of which sets its threads for itself."""
    from tests.verify.here import here

    asked: list[int] = []
    used: list[Any] = []
    monkeypatch.setattr(verification, "fresh_processes", here)
    monkeypatch.setattr(verification, "set_threads", asked.append)
    monkeypatch.setattr(verification, "use_device", used.append)
    cells = [find_cell("linear", "numpy")] * 4
    plan = Plan(steps=2, quick=True, settings=gather(map(parse_assignment, ("N=3",))))
    verdicts = list(verification.verify(cells, plan))
    assert [(verdict.task, verdict.passed) for verdict in verdicts] == [("linear", True)] * 4
    assert all(verdict.determinism and verdict.determinism.elsewhere for verdict in verdicts)
    assert asked == [1] * 5
    assert len(used) == 1


def test_runs_of_a_batch_are_verified_beside_references_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three at once, of which each is found equal to its own training."""
    from tests.verify.here import here

    monkeypatch.setattr(verification, "fresh_processes", here)
    plan = Plan(steps=2, quick=True, settings=gather(map(parse_assignment, SIZES)))
    (verdict,) = verification.verify([find_cell("mlp", "batched")], plan)
    assert verdict.passed
    assert sum("3 runs at once" in case.label for case in verdict.cases) >= 3


class FailsElsewhere(Mlp):
    """The first that is made, which is the one in the other process."""

    made = 0

    def __init__(self, problem: Any, config: Any) -> None:
        type(self).made += 1
        if self.made == 1:
            raise ValueError("not here")
        super().__init__(problem, config)


def test_a_level_that_fails_in_the_other_process_only() -> None:
    """Is rejected for it; its own complaint comes first where there is one."""
    odd: Any = FailsElsewhere
    (verdict,) = verify_here("mlp", [odd], SIZES)
    assert "ValueError: not here" in verdict.complaints[0]
    assert len(verdict.complaints) == 1


def test_a_file_that_cannot_be_read_comes_before_all_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several levels none is verified where one of them cannot be imported."""
    from tests.verify.here import here

    monkeypatch.setattr(verification, "fresh_processes", here)
    (tmp_path / "torn.py").write_text("print(\n")
    cells = [find_cell("linear", "numpy"), find_cell("linear", f"{tmp_path / 'torn.py'}:Level")]
    said: list[str] = []
    with pytest.raises(ConfigError, match="never closed"):
        list(verification.verify(cells, Plan(steps=2, quick=True), said.append))
    assert said == []


def test_the_worst_path_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all paths through a model, the one whose gradients are furthest off."""
    differences = iter([0.25, 0.5, 0.125, 0.375])
    monkeypatch.setattr(
        verification, "check_gradients", lambda *_: SimpleNamespace(difference=next(differences))
    )
    cell = find_cell("mlp", "dynamic")
    worst = verification._worst_gradients(cell, small("mlp", "dynamic"), Plan())
    assert worst.difference == 0.5
    assert list(differences) == []


def test_the_other_process_keeps_a_file_s_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was switched as the file was imported holds each time that one of its levels is run there."""
    from autograd_cli.verify import determinism

    class File:
        imported = False

        @property
        def level_class(self) -> Any:
            if not self.imported:
                self.imported = True
                torch.set_default_dtype(torch.float16)
            return SimpleNamespace(__module__="file_of_the_other_process")

    cell: Any = File()
    monkeypatch.setattr(determinism, "set_threads", lambda _: None)
    monkeypatch.setattr(determinism, "losses_of", lambda *_: torch.get_default_dtype())
    for _ in range(2):
        found: Any = losses_by_threads(cell, small("mlp", "numpy"))
        assert found == (torch.float16, torch.float16)
    assert torch.get_default_dtype() is torch.float32


@pytest.mark.parametrize(("words", "steps"), [((), Plan().repeated_steps), (("steps=2",), 2)])
def test_a_level_is_repeated_over_a_few_steps(words: tuple[str, ...], steps: int) -> None:
    """Of a long training, or over all of a shorter one."""
    plan = Plan(settings=gather(map(parse_assignment, words)))
    assert verification._repeated(find_cell("linear", "numpy"), plan).steps == steps
