"""`evo graph`: the nodes that autograd really built."""

import re
from math import prod
from pathlib import Path

import pytest

from autograd_cli.graph import NoGraphError
from tests.helpers import BY_HAND, accumulation_of, every_derived, evo, graph_of, level_of, refused, small


@every_derived
def test_leaves_are_the_parameters(task: str, impl: str) -> None:
    """Each leaf is named and of the right size; together they are what the loss depends on."""
    root = graph_of(task, impl)
    level = level_of(small(task, impl))
    loss = level.forward()
    level.backward(loss)
    used = {name for name, gradient in level.gradients.items() if gradient is not None and gradient.any()}
    leaves = [node for node in root.walk() if not node.inputs]
    assert all(leaf.parameters for leaf in leaves)
    named = [name for leaf in leaves for name in leaf.parameters]
    assert len(named) == len(set(named))
    assert used <= set(named) <= set(level.parameters)
    for leaf in leaves:
        size = sum(prod(level.parameters[name].shape) for name in leaf.parameters)
        assert prod(leaf.shape or ()) == size
    assert root.id == 0
    assert root.shape == ()


def test_saved_tensors_and_shapes() -> None:
    """What a node keeps for its way back is there with its shape, also in a Function of one's own."""
    by_name = {node.name: node for node in graph_of("mlp", "autograd").walk() if not node.parameters}
    assert by_name["ReluBackward0"].saved == {"result": (7, 6)}
    (own,) = (node for node in graph_of("mlp", "function").walk() if node.name == "ReLUBackward")
    assert own.saved == {"tensor 0": (7, 6)}
    assert own.shape == (7, 6)
    shapes = {node.parameters: node.shape for node in graph_of("mlp", "autograd").walk() if node.parameters}
    assert shapes == {("w1",): (5, 6), ("w2",): (6, 3)}


@pytest.mark.parametrize(("task", "impl"), BY_HAND, ids=lambda name: name)
def test_by_hand_there_is_no_graph(task: str, impl: str) -> None:
    """A level whose gradients are written by hand says so, and why there is no graph."""
    with pytest.raises(NoGraphError) as error:
        graph_of(task, impl)
    why = "it uses no tensors" if impl in ("numpy", "gram") else "no tensor of it requires gradients"
    assert str(error.value) == f"{task}/{impl} has no graph: {why}, and its backward() is written by hand"


@every_derived
def test_accumulation_doubles(task: str, impl: str) -> None:
    """A second backward() doubles every gradient, and zeroing takes it away."""
    rows = accumulation_of(task, impl)
    level = level_of(small(task, impl))
    level.backward(level.forward())
    assert {name for row in rows for name in row.name.split(", ")} <= set(level.parameters)
    for row in rows:
        largest = max(float(abs(level.gradients[name]).max()) for name in row.name.split(", "))
        assert row.once == pytest.approx(largest, rel=1e-12)
        assert row.twice == pytest.approx(2 * row.once, rel=1e-12)
        assert row.cleared


def test_on_the_command_line(tmp_path: Path) -> None:
    """`evo graph` answers with a tree, the ratio of --accumulate, or why there is no graph."""
    drawn = evo("graph", "--task", "mlp", "--impl", "autograd", *("N=4", "D_in=3"), cwd=tmp_path)
    assert (drawn.returncode, drawn.stderr) == (0, "")
    assert drawn.stdout.splitlines()[0] == "SumBackward0 ()"
    assert "w1 (leaf) (3, 100)" in drawn.stdout
    added = evo("graph", "--task", "linear", "--impl", "autograd", "--accumulate", cwd=tmp_path)
    assert re.search(r"^w +\S+ +\S+ +2$", added.stdout, re.MULTILINE)
    reason = evo("graph", "--task", "sin", "--impl", "numpy", cwd=tmp_path)
    assert (reason.returncode, reason.stderr) == (0, "")
    assert reason.stdout.startswith("sin/numpy has no graph: it uses no tensors")
    by_hand = ("graph", "--task", "sin", "--impl", "numpy", "--format")
    assert refused(*by_hand, "dot", cwd=tmp_path, code=1).startswith("sin/numpy has no graph")
    line = refused(*by_hand, "png", cwd=tmp_path)
    assert line == "--format: unknown format 'png' (allowed: tree, dot, mermaid, svg)"
    assert not list(tmp_path.iterdir())


def test_a_level_of_one_s_own_that_fails(tmp_path: Path) -> None:
    """A forward() that raises is one line with the user's file and line."""
    (tmp_path / "mine.py").write_text(
        "from autograd_cli.tasks.mlp.autograd import Mlp\n\n\nclass Mine(Mlp):\n"
        "    def forward(self):\n        return self.x @ self.w3\n"
    )
    line = refused("graph", "--task", "mlp", "--impl", "mine.py:Mine", cwd=tmp_path, code=1)
    assert line.startswith("mine.py:6: AttributeError: 'Mine' object has no attribute 'w3'")
