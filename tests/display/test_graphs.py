"""The notations in which `evo graph` draws: tree, DOT, Mermaid and SVG."""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from autograd_cli.display.graphs import dot, mermaid, svg, tree
from autograd_cli.graph import Node
from tests.helpers import every_derived, evo, graph_of, refused


def unescaped(text: str) -> str:
    """The text of an SVG without its no-break spaces."""
    return text.replace("\xa0", " ")


@every_derived
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


def test_the_tree_shows_what_is_saved() -> None:
    """A node's line has its shape, and each tensor that it keeps for its way back."""
    assert "ReluBackward0 (7, 6)  saved: result (7, 6)" in tree(graph_of("mlp", "autograd"))


def test_svg_without_pygraphviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pygraphviz is not installed, SVG says in one line how to get it, and the tree needs none."""
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    arguments = ("graph", "--task", "linear", "--impl", "autograd")
    line = refused(*arguments, "--format", "svg", cwd=tmp_path, code=1)
    assert line == "--format: svg needs pygraphviz: pip install 'autograd-cli[graph]'"
    assert evo(*arguments, cwd=tmp_path).returncode == 0
