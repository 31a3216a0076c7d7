"""Which levels are measured, on which terms, and what is refused before it is tried."""

import sys
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from autograd_cli.bench.floors import floor_of, rate_works
from autograd_cli.bench.plan import Case, check_memory, in_portions, make_cases
from autograd_cli.config.resolve import gather, parse_assignment
from autograd_cli.errors import ConfigError
from tests.helpers import cell_of, level_of, small


def cases(*words: str, **more: Any) -> list[Case]:
    """Those of arguments as they are typed."""
    return make_cases(gather(map(parse_assignment, words)), {}, **more)[0]


def test_terms_are_equal_unless_published_ones_are_asked_for() -> None:
    """Levels of one model share all that decides a step; as published, each has its own."""
    names = ("dtype", "threads", "start", "optimizer", "bias", "lr")

    def terms(found: list[Case]) -> set[tuple[Any, ...]]:
        return {tuple(case.config.to_dict()[name] for name in names) for case in found}

    equal = [case for case in cases("task=mlp") if case.cell.spec.name != "dynamic"]
    assert terms(equal) == {("float32", 1, "normal", "SGD", False, 1e-6)}
    assert len(terms(cases("task=mlp", as_published=True))) > 2


def test_settings_are_multiplied() -> None:
    """Each level in each combination; levels of one combination are held against each other."""
    found = cases("task=mlp", "impl=numpy,tensor", "threads=1,2", "N=16,64")
    assert len(found) == 8
    assert len({case.group for case in found}) == 4
    assert found[1].label == "mlp / numpy threads=1 N=64"


def test_a_level_that_cannot_have_a_setting_is_left_out() -> None:
    """With a line that says why; where none can have it, that line is the mistake."""
    settings = gather(map(parse_assignment, ["task=mlp", "impl=numpy,optim", "optimizer=Adam"]))
    found, notes = make_cases(settings, {})
    assert [case.cell.spec.name for case in found] == ["optim"]
    assert len(notes) == 1
    assert "implementation 'numpy' takes only optimizer=SGD" in notes[0]
    with pytest.raises(ConfigError, match="takes only optimizer=SGD"):
        cases("task=mlp", "impl=numpy", "optimizer=Adam")


def test_too_little_memory_is_told_before_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is needed and what is there; what fits alone, but not together, takes turns in portions."""
    big = cases("task=mlp", "impl=numpy", "N=1000000000")
    with pytest.raises(ConfigError, match=r"N=1000000000 .* needs about .* GiB; .* are free"):
        check_memory(big)
    few = cases("task=mlp")
    check_memory(few)
    assert len(in_portions(few)) == 1
    monkeypatch.setattr(
        sys.modules["autograd_cli.bench.plan"], "available_bytes", lambda: 3 * few[0].bytes_held
    )
    portions = in_portions(few)
    assert max(map(len, portions)) == 2
    assert sum(map(len, portions)) == len(few)


@pytest.mark.parametrize(
    "config",
    [
        small("mlp", "autograd", N=5, D_in=4, H=6, D_out=3),
        small("mlp", "nn", N=3, D_in=7, H=2, D_out=5),
        small("linear", "autograd", N=7),
        small("softmax", "autograd", D_in=4, D_out=3),
    ],
    ids=lambda config: f"{config.task}-{config.impl}",
)
def test_products_are_those_that_torch_counts(config: Any) -> None:
    """The floor's arithmetic is what a step of autograd multiplies; others add to it what is small beside."""
    level = level_of(config)
    with FlopCounterMode(display=False) as counter:
        level.backward(level.forward())
    cost = cell_of(config).cost(config)
    assert cost is not None
    assert counter.get_total_flops() == cost.products < cost.operations


def test_numbers_held_are_those_of_a_level() -> None:
    """Data, parameters and gradients are in it; what a step must move is each of them once or twice."""
    config = small("mlp", "autograd")
    level = level_of(config)
    level.backward(level.forward())
    arrays = [level.x, level.y, *level.parameters.values(), *level.gradients.values()]  # type: ignore[attr-defined]
    cost = cell_of(config).cost(config)
    assert cost is not None
    numbers = sum(torch.numel(array) for array in arrays)
    assert cost.moved == numbers < cost.held


def test_the_floor_is_the_longer_of_two_times() -> None:
    """Operations over the best product's rate of the same dtype and threads, bytes over a copy's."""
    (case,) = cases("task=mlp", "impl=numpy")
    works = rate_works([case])
    cost = case.cell.cost(case.config)
    assert cost is not None
    fast, slow = (dict.fromkeys(works, rate) for rate in (1e12, 1e6))
    for products, copies, bound in ((slow, fast, "arithmetic"), (fast, slow, "memory")):
        rates = {work: (products if work.kind == "product" else copies)[work] for work in works[1:]}
        floor = floor_of(case, rates)
        assert floor is not None
        assert floor.bound == bound
        assert floor.seconds == pytest.approx((cost.operations if products is slow else 4 * cost.moved) / 1e6)
