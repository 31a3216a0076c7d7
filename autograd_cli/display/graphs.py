"""A graph as a tree, as DOT, as Mermaid, as SVG."""

import io
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from autograd_cli.display.tables import aligned
from autograd_cli.display.text import shown
from autograd_cli.errors import EvoError
from autograd_cli.graph import Accumulation, Node

if TYPE_CHECKING:
    from rich.tree import Tree

_WIDE = 240


def tree(root: Node) -> str:
    """The graph as an indented tree; a node that several paths lead to is drawn out once."""
    from rich.console import Console  # rich is slow to import, and torch slower still
    from rich.text import Text
    from rich.tree import Tree

    drawn: set[int] = set()

    def add(node: Node, to: "Tree | None") -> "Tree":
        text = Text(shown(node.label), style="bold green" if node.parameters else "")
        if node.saved:
            text.append(f"  saved: {shown(node.saved_label)}", style="dim")
        again = node.id in drawn and bool(node.inputs)
        if again:
            text.append("  (drawn above)", style="dim")
        branch = Tree(text) if to is None else to.add(text)
        drawn.add(node.id)
        for behind in [] if again else node.inputs:
            add(behind, branch)
        return branch

    live = sys.stdout.isatty()
    console = Console(file=sys.stdout if live else io.StringIO(), width=None if live else _WIDE)
    with console.capture() as capture:
        console.print(add(root, None), soft_wrap=not live)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def dot(root: Node) -> str:
    """The graph in Graphviz's language, gradients flowing down."""
    lines = ["digraph autograd {", '  node [shape=box, fontname="sans-serif"];']
    for node in root.walk():
        style = ', style=filled, fillcolor="#cfe8cf"' if node.parameters else ""
        saved = f"\\nsaved: {node.saved_label}" if node.saved else ""
        lines.append(f'  n{node.id} [label="{node.label}{saved}"{style}];')
    lines += [f"  n{node.id} -> n{behind.id};" for node in root.walk() for behind in node.inputs]
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(root: Node) -> str:
    """The graph as a Mermaid flowchart, which GitHub draws in Markdown."""
    lines = ["flowchart TD"]
    for node in root.walk():
        saved = f"<br/>saved: {node.saved_label}" if node.saved else ""
        left, right = ("([", "])") if node.parameters else ("[", "]")
        lines.append(f'  n{node.id}{left}"{node.label}{saved}"{right}')
    lines += [f"  n{node.id} --> n{behind.id}" for node in root.walk() for behind in node.inputs]
    return "\n".join(lines) + "\n"


def svg(root: Node) -> str:
    """The graph as a picture, laid out by Graphviz, which pygraphviz brings along.

    Raises:
        EvoError: pygraphviz is not installed.
    """
    try:
        import pygraphviz  # type: ignore[import-untyped]  # an optional dependency
    except ImportError as error:
        raise EvoError(
            "format: svg needs pygraphviz: pip install 'autograd-cli[graph]'", key="format"
        ) from error
    picture: bytes = pygraphviz.AGraph(string=dot(root)).draw(prog="dot", format="svg")
    return picture.decode()


GRAPH_FORMATS: dict[str, Callable[[Node], str]] = {"tree": tree, "dot": dot, "mermaid": mermaid, "svg": svg}


def accumulation_table(rows: Sequence[Accumulation]) -> str:
    """What two backward passes did to each .grad."""
    cells = [
        (r.name, f"{r.once:.6g}", f"{r.twice:.6g}", f"{r.twice / r.once:.3g}" if r.once else "-")
        for r in rows
    ]
    header = ("parameter", "largest |grad| after one backward()", "after two", "ratio")
    cleared = "gone" if all(r.cleared for r in rows) else "still there"
    return aligned(header, cells, frozenset(header[1:])) + (
        f"A second backward() adds to .grad. After zeroing, every .grad is {cleared}.\n"
    )
