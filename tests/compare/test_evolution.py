"""Which run stands for a level, and what is left of a curve that is thinned."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.compare.evolution import Curve, choose_runs, find_runs, thinned
from autograd_cli.compare.published import SYSTEMS, WRONG, our_level, published_losses
from autograd_cli.contract.batch import Batch
from autograd_cli.runs.writer import RunWriter
from tests.helpers import LEVELS, SHIPPED, config_of, record_run

losses = st.lists(
    st.floats(1e-9, 1e9) | st.sampled_from([0.0, math.nan, math.inf]), min_size=1, max_size=1200
)
few = st.integers(20, 200)


def curve_of(values: list[float]) -> Curve:
    """A curve of losses, the first of which is at step 0."""
    return Curve(list(range(len(values))), [loss if math.isfinite(loss) else None for loss in values])


@given(losses, few)
def test_a_thinned_curve_keeps_what_a_picture_shows(values: list[float], most: int) -> None:
    """Ends, least and largest loss stay, steps rise, each point is one of the curve, and there are few."""
    curve = curve_of(values)
    thin = curve.at_most(most)
    assert len(thin.steps) <= most + 4
    assert thin.steps == sorted(set(thin.steps))
    assert (thin.steps[0], thin.steps[-1]) == (0, len(values) - 1)
    assert all(curve.losses[step] == loss for step, loss in zip(thin.steps, thin.losses, strict=True))
    drawn = [loss for loss in curve.losses if loss is not None and loss > 0]
    if drawn:
        kept = [loss for loss in thin.losses if loss is not None and loss > 0]
        assert (min(kept), max(kept)) == (min(drawn), max(drawn))


@pytest.mark.parametrize("count", [1000, 5000, 40_000])
def test_the_first_steps_of_a_long_run_stay(count: int) -> None:
    """Where steps stand on a logarithmic axis, the first ones take much of it: they are all kept."""
    thin = curve_of([1.0 / (1 + step) for step in range(count)]).at_most(160)
    assert thin.steps[:8] == list(range(8))


def test_zeros_are_counted() -> None:
    """A log axis cannot show a loss of zero; how many there are is known after thinning, too."""
    rows = [(step, 0.0 if step % 3 else 1.0, None) for step in range(900)]
    assert thinned(rows).zeros == 600


def test_a_step_s_time_is_the_median(tmp_path: Path) -> None:
    """One slow step, as the first one is, does not move the time of a step."""
    writer = RunWriter(tmp_path, config_of("sin", "numpy"), "a", {})
    writer.append(Batch(0, [1.0] * 5, [0.0, 3.0, 3.5, 4.0, 4.5]))
    record = writer.finish("completed")
    ((_, trained),) = choose_runs([record])[0].items()
    assert trained.step_s == 0.5


@pytest.mark.parametrize(
    ("runs", "chosen"),
    [
        ({"a": {"lr": 1e-3}, "b": {}}, "b"),
        ({"a": {}, "b": {"seed": 3}}, "a"),
        ({"a": {"lr": 1e-3, "N": 50}, "b": {"lr": 1e-3}}, "b"),
        ({"a": {"threads": 2, "print_every": 7}, "b": {"N": 50}}, "a"),
    ],
    ids=str,
)
def test_the_run_nearest_to_the_defaults_stands_for_a_level(
    tmp_path: Path, runs: dict[str, dict[str, float]], chosen: str
) -> None:
    """Fewer keys that differ win; the seed counts last, and what changes no loss does not count."""
    for name, keys in runs.items():
        record_run(tmp_path, name, [1.0], task="sin", impl="numpy", **keys)
    found, complaints = find_runs([f"{tmp_path}/*"])
    assert complaints == []
    ((cell, trained),) = choose_runs(found)[0].items()
    assert cell == ("sin", "numpy")
    assert (Path(trained.record.path).name, trained.others) == (chosen, 1)


def test_only_runs_of_a_configuration_can_be_asked_for(tmp_path: Path) -> None:
    """With `aside`, a run at another rate stands for nothing, and one with fewer steps does; curves end."""
    record_run(tmp_path, "other", [1.0], task="sin", impl="numpy", lr=1e-3)
    record_run(tmp_path, "short", [3.0, 2.0, 1.0], task="sin", impl="tensor", steps=3)
    found, _ = find_runs([f"{tmp_path}/*"])
    chosen, _ = choose_runs(found, until=1, aside={"steps"})
    assert list(chosen) == [("sin", "tensor")]
    assert chosen["sin", "tensor"].curve.losses == [3.0, 2.0]


def test_every_printed_program_has_its_level() -> None:
    """What the documents print belongs to a level and a configuration of ours, but for the wrong program."""
    assert {system for system, _ in published_losses()} == set(SYSTEMS)
    assert set(filter(None, SYSTEMS.values())) <= set(SHIPPED)
    levels = {program: our_level(*program) for program in published_losses()}
    assert [program for program, level in levels.items() if level is None] == [("mlp_n100", f"tensor{WRONG}")]
    assert set(filter(None, levels.values())) <= set(LEVELS["mlp"])
