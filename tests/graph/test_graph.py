"""`evo graph`: the nodes that autograd really built, in four notations."""

import re
import xml.etree.ElementTree as ET
from math import prod
from pathlib import Path
from typing import Any

import pytest

from autograd_cli.display.graphs import GRAPH_FORMATS, dot, mermaid, svg, tree
from autograd_cli.graph import Node, NoGraphError, read_accumulation, read_graph
from tests.helpers import CELLS, ROOT, cell_of, config_of, evo, level_of

BY_HAND = [cell for cell in CELLS if cell[1] in ("numpy", "tensor", "batched")]
DERIVED = [cell for cell in CELLS if cell not in BY_HAND]
# Drawing counts nodes, and no sizes: small ones do.
SMALL: dict[str, dict[str, Any]] = {"mlp": {"N": 4, "D_in": 3, "H": 5, "D_out": 2}, "sin": {"N": 9}}

derived = pytest.mark.parametrize(("task", "impl"), DERIVED, ids=lambda name: name)


def graph_of(task: str, impl: str, **keys: Any) -> Node:
    """The graph of a small level."""
    config = config_of(task, impl, **SMALL.get(task, {}) | keys)
    return read_graph(cell_of(config), config)


def unescaped(text: str) -> str:
    """The text of an SVG without its no-break spaces."""
    return text.replace("\xa0", " ")


@derived
def test_leaves_are_the_parameters(task: str, impl: str) -> None:
    """Each leaf is named and of the right size; together they are what the loss depends on."""
    root = graph_of(task, impl)
    level = level_of(config_of(task, impl, **SMALL.get(task, {})))
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


@derived
def test_every_notation_draws_every_node(task: str, impl: str) -> None:
    """Tree, DOT, Mermaid and SVG show the same nodes; DOT and Mermaid one line a node and one an edge."""
    root = graph_of(task, impl)
    nodes = list(root.walk())
    edges = sum(len(node.inputs) for node in nodes)
    assert len({node.id for node in nodes}) == len(nodes)
    drawn = tree(root)
    assert all(node.label in drawn for node in nodes)
    for text, arrow in ((dot(root), "->"), (mermaid(root), "-->")):
        assert len(re.findall(rf"^  n\d+ {arrow} n\d+;?$", text, re.MULTILINE)) == edges
        assert all(text.count(f'"{node.label}') >= 1 for node in nodes)
        assert len(re.findall(r'^  n\d+ ?[\[(]+(?:label=)?".+"', text, re.MULTILINE)) == len(nodes)
    assert dot(root).startswith("digraph autograd {\n")
    assert mermaid(root).startswith("flowchart TD\n")


@pytest.mark.parametrize("task", ["mlp", "sin", "linear", "softmax"])
def test_dot_and_svg_parse(task: str) -> None:
    """Graphviz reads the DOT, and the SVG is XML with one group a node and one an edge."""
    pygraphviz = pytest.importorskip("pygraphviz")
    root = graph_of(task, "autograd")
    nodes = list(root.walk())
    read = pygraphviz.AGraph(string=dot(root))
    assert len(read.nodes()) == len(nodes)
    picture = ET.fromstring(svg(root).split("?>", 1)[1])  # noqa: S314 - our own output
    groups = [group.get("class") for group in picture.iter("{http://www.w3.org/2000/svg}g")]
    assert groups.count("node") == len(nodes)
    assert groups.count("edge") == sum(len(node.inputs) for node in nodes)
    words = unescaped(" ".join(picture.itertext()))
    assert all(node.label in words for node in nodes)


def test_saved_tensors_and_shapes() -> None:
    """What a node keeps for its way back is there with its shape, also in a Function of one's own."""
    by_name = {node.name: node for node in graph_of("mlp", "autograd").walk() if not node.parameters}
    assert by_name["ReluBackward0"].saved == {"result": (4, 5)}
    (own,) = (node for node in graph_of("mlp", "function").walk() if node.name == "ReLUBackward")
    assert own.saved == {"tensor 0": (4, 5)}
    assert own.shape == (4, 5)
    shapes = {node.parameters: node.shape for node in graph_of("mlp", "autograd").walk() if node.parameters}
    assert shapes == {("w1",): (3, 5), ("w2",): (5, 2)}
    assert "ReluBackward0 (4, 5)  saved: result (4, 5)" in tree(graph_of("mlp", "autograd"))


def test_a_shared_node_is_drawn_once() -> None:
    """`dynamic` goes through its middle layer several times: one leaf, to which several edges lead."""
    for seed in range(20):
        root = graph_of("mlp", "dynamic", seed=seed)
        into = [behind for node in root.walk() for behind in node.inputs if "w_middle" in behind.parameters]
        if len(into) > 1:
            break
    assert len(into) > 1
    assert len({id(node) for node in into}) == 1
    (identifier,) = {node.id for node in into}
    assert dot(root).count(f"n{identifier} [label=") == 1
    assert dot(root).count(f"-> n{identifier};") == len(into)


def test_an_inner_node_of_two_ways_is_drawn_out_once() -> None:
    """In the tree, a node that two ways lead to has its inputs once, and then is 'drawn above'."""
    leaf = Node(3, "AccumulateGrad", (2,), ("w",))
    shared = Node(2, "ExpBackward0", (2,), inputs=[leaf])
    root = Node(0, "AddBackward0", (2,), inputs=[shared, shared])
    drawn = tree(root)
    assert drawn.count("w (leaf)") == 1
    assert drawn.count("ExpBackward0 (2,)") == 2
    assert drawn.count("(drawn above)") == 1
    assert dot(root).count("n0 -> n2;") == 2


@pytest.mark.parametrize(("task", "impl"), BY_HAND, ids=lambda name: name)
def test_by_hand_there_is_no_graph(task: str, impl: str) -> None:
    """A level whose gradients are written by hand says so, and why there is no graph."""
    with pytest.raises(NoGraphError) as error:
        graph_of(task, impl)
    why = "it uses no tensors" if impl == "numpy" else "no tensor of it requires gradients"
    assert str(error.value) == f"{task}/{impl} has no graph: {why}, and its backward() is written by hand"


@derived
def test_accumulation_doubles(task: str, impl: str) -> None:
    """A second backward() doubles every gradient, and zeroing takes it away."""
    config = config_of(task, impl, dtype="float64", **SMALL.get(task, {}))
    rows = read_accumulation(cell_of(config), config)
    level = level_of(config)
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
    nothing = evo("graph", "--task", "sin", "--impl", "numpy", "--format", "dot", cwd=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert len(nothing.stderr.splitlines()) == 1
    unknown = evo("graph", "--task", "sin", "--impl", "numpy", "--format", "png", cwd=tmp_path)
    assert unknown.returncode == 2
    assert all(name in unknown.stderr for name in GRAPH_FORMATS)
    assert not list(tmp_path.iterdir())


def test_svg_without_pygraphviz(tmp_path: Path) -> None:
    """Where pygraphviz is not installed, SVG says in one line how to get it, and the tree needs none."""
    (tmp_path / "pygraphviz.py").write_text("raise ImportError('hidden by a test')\n")
    arguments = ("graph", "--task", "linear", "--impl", "autograd")
    path = evo(*arguments, "--format", "svg", cwd=tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert (path.returncode, path.stdout) == (1, "")
    assert path.stderr == "evo: --format: svg needs pygraphviz: pip install 'autograd-cli[graph]'\n"
    assert evo(*arguments, cwd=tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT}").returncode == 0


def test_a_level_of_one_s_own_that_fails(tmp_path: Path) -> None:
    """A forward() that raises is one line with the user's file and line."""
    (tmp_path / "mine.py").write_text(
        "from autograd_cli.tasks.mlp.autograd import Mlp\n\n\nclass Mine(Mlp):\n"
        "    def forward(self):\n        return self.x @ self.w3\n"
    )
    done = evo("graph", "--task", "mlp", "--impl", "mine.py:Mine", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("evo: mine.py:6: AttributeError: 'Mine' object has no attribute 'w3'")
