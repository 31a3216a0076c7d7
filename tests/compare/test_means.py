"""Which runs a group is made of, and what is computed of them."""

from math import sqrt
from typing import Any

import pytest

from autograd_cli.compare.comparison import compare
from autograd_cli.compare.groups import Grouping, group
from autograd_cli.errors import ConfigError
from autograd_cli.runs.record import RunRecord


def run(name: str, loss: float | None, status: Any = "completed", **more: Any) -> RunRecord:
    """A run of which only this is known."""
    known = {key: more.pop(key) for key in ("source_digest", "replaces") if key in more}
    config: dict[str, Any] = {"task": "sin", "impl": "numpy", "seed": 0, "lr": 0.5} | more
    return RunRecord(path=f"runs/{name}", status=status, last_loss=loss, config=config, **known)


def grouped(
    *runs: RunRecord, by: str | None = None, over: str | None = None, sort: str | None = None
) -> Grouping:
    """The groups of these runs."""
    return group(compare(runs), by, over, sort)


@pytest.mark.parametrize(
    ("losses", "median"), [([7.0], 7.0), ([9.0, 1.0, 2.0], 2.0), ([9.0, 1.0, 2.0, 4.0], 3.0)]
)
def test_the_median_is_the_middle_or_between_the_two(losses: list[float], median: float) -> None:
    """Of an odd number the one in the middle by size, of an even number halfway between two."""
    (only,) = grouped(*(run(str(i), loss, seed=i) for i, loss in enumerate(losses)), over="seed").groups
    assert only.median == median


def test_only_runs_that_came_to_their_end_are_in_a_mean() -> None:
    """Half a run would bend it: interrupted, killed and running ones are counted as left out."""
    ended = [run("a", 1.0), run("b", None, "diverged", seed=1), run("c", 3.0, "csv", seed=2)]
    others = [
        run(status, 100.0, status, seed=i)
        for i, status in enumerate(("running", "interrupted", "timed out", "failed", "damaged"), 3)
    ]
    found = grouped(*ended, *others, over="seed")
    (only,) = found.groups
    assert (only.runs, only.diverged, only.mean, only.best, only.best_run) == (3, 1, 2.0, 1.0, "runs/a")
    assert only.std == pytest.approx(sqrt(2))
    assert found.left_out == 5


def test_a_run_that_was_replaced_is_left_out() -> None:
    """By one that has come to its end; one that was cut off replaces nothing."""
    old, new = run("old", 9.0), run("new", 1.0, replaces=("old",))
    found = grouped(old, new, over="seed")
    assert (found.groups[0].mean, found.left_out) == (1.0, 1)
    cut = run("cut", 1.0, "interrupted", replaces=("old",))
    found = grouped(old, cut, over="seed")
    assert (found.groups[0].mean, found.left_out) == (9.0, 1)


def test_what_keeps_runs_apart() -> None:
    """With `over`, all that differs but those keys and what the level decides; without it, `by` alone."""
    runs = [
        run(f"{impl}{lr}{seed}", lr + seed, impl=impl, lr=lr, seed=seed, N=10 if impl == "nn" else 20)
        for impl in ("nn", "numpy")
        for lr in (0.25, 0.5)
        for seed in (0, 1)
    ]
    found = grouped(*runs, over="seed")
    assert set(found.keys) == {"impl", "lr"}
    assert [one.runs for one in found.groups] == [2] * 4
    assert grouped(*runs, by="lr", over="seed").keys == ["lr", "impl"]
    assert grouped(*runs, by="lr").keys == ["lr"]
    assert grouped(*runs, by=" lr , lr,seed").keys == ["lr", "seed"]
    assert [one.runs for one in grouped(*runs, by="lr").groups] == [4, 4]
    same = [run(str(i), 1.0, N=n, seed=i) for i, n in enumerate((10, 10, 20))]
    assert grouped(*same, over="seed").keys == ["N"], "no level decides it"
    with pytest.raises(ConfigError, match="'lr' is in group_by, too"):
        grouped(*runs, by="lr", over="lr")


def test_no_mean_is_over_different_code() -> None:
    """Runs of one class with two sources are two groups, unless one of them was replaced."""
    one = run("one", 1.0, impl="a.py:L", source_digest="1" * 64)
    two = run("two", 3.0, impl="a.py:L", source_digest="2" * 64)
    for by, over in (("lr", None), (None, "seed"), ("lr", "seed")):
        found = grouped(one, two, by=by, over=over)
        assert found.keys == [*([by] if by else []), "code"]
        assert [each.mean for each in found.groups] == [1.0, 3.0]
    again = run("three", 5.0, impl="a.py:L", source_digest="2" * 64, replaces=("one",), seed=1)
    for over, by in (("seed", None), (None, "lr")):
        found = grouped(one, two, again, by=by, over=over)
        assert (found.keys, found.groups[0].mean) == (["lr"] if by else [], 4.0)


def test_means_of_what_no_sum_holds() -> None:
    """The mean of the largest floats is one; the deviation of what is too far apart is none."""
    large = [run(str(i), 1.5e308, seed=i) for i in range(2)]
    assert grouped(*large, over="seed").groups[0].mean == 1.5e308
    (nothing,) = grouped(run("d", None, "diverged"), over="seed").groups
    assert (nothing.mean, nothing.std, nothing.best, nothing.best_run, nothing.diverged) == (
        None,
        None,
        None,
        None,
        1,
    )
    (single,) = grouped(run("s", 2.0), over="seed").groups
    assert (single.mean, single.std) == (2.0, None)


def test_groups_are_in_order() -> None:
    """By the mean unless told otherwise, largest first with a minus; what has no value comes last."""
    runs = [run(str(i), loss, lr=0.1 * (i + 1)) for i, loss in enumerate((2.0, None, 1.0, 3.0))]
    runs[1].status = "diverged"

    def order(sort: str | None) -> list[float]:
        return [round(each.values[0] * 10) for each in grouped(*runs, over="seed", sort=sort).groups]  # type: ignore[operator, arg-type]

    assert order(None) == order("mean") == [3, 1, 4, 2]
    assert order("-mean") == [4, 1, 3, 2]
    assert order("lr") == [1, 2, 3, 4]
    assert order("-lr") == [4, 3, 2, 1]
    with pytest.raises(ConfigError, match="unknown key 'men'; did you mean 'mean'"):
        order("men")
    found = grouped(*runs, over="seed")
    statistics = ["runs", "diverged", "mean", "std", "median", "best", "best_run", "elapsed_s", "step_s"]
    assert found.columns == ["lr", *statistics, "schema_version"]
    assert found.row(found.groups[0])["mean"] == 1.0
    assert found.row(found.groups[0])["lr"] == pytest.approx(0.3)
