"""Draw the rooms of the house, and which of them use which, from the imports that are there: `make rooms`.

An arrow that follows from others is left out: where `cli` uses `display`, and `display` uses `runs`, none
goes from `cli` to `runs`. Words are the first sentences of the rooms' own docstrings.
"""

import ast
import json
import re
import textwrap
import tomllib
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import grimp

ROOT = Path(__file__).resolve().parents[1]
PICTURE = Path(__file__).with_suffix(".svg")
PACKAGE = "autograd_cli"

Arrow = tuple[str, str]

_WIDTH_PT, _HEIGHT_PT, _MARGIN_PT = 236, 74, 14
_STYLE = """
text { font-family: system-ui, sans-serif; font-size: 11px; fill: #57606a; text-anchor: middle }
.name { font-size: 14px; font-weight: 600; fill: #1f2328 }
.paper { fill: #ffffff } .room { fill: #f6f8fa; stroke: #8c959f } .arrow { fill: none; stroke: #8c959f }
.tip { fill: #8c959f }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 } .name { fill: #f0f6fc }
.paper { fill: #0d1117 } .room { fill: #151b23; stroke: #656c76 }
.arrow { stroke: #7d8590 } .tip { fill: #7d8590 }
}
"""


def layers() -> list[list[str]]:
    """The rooms that stand, topmost first, those of one layer together: as the linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = [one for one in settings["contracts"] if one["type"] == "layers"]
    rows = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    return [
        row for row in ([room for room in row if room[0] != "_" and _source(room)] for row in rows) if row
    ]


def arrows() -> set[Arrow]:
    """Pairs (room, room that it imports from), less those that follow from others."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    rooms = {room for row in layers() for room in row}
    every = {
        (one, other)
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if (one := _room(module)) != (other := _room(imported)) and {one, other} <= rooms
    }
    return {arrow for arrow in every if not _follows(arrow, every - {arrow})}


def summary(room: str) -> str:
    """The first sentence of a room's docstring."""
    source = _source(room)
    assert source
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=\.)\s", docstring, maxsplit=1)[0].rstrip(".")


def box(room: str) -> str:
    """A room's name, and under it what the room is for."""
    lines = textwrap.wrap(summary(room), 37)
    first = -6 * len(lines) + 2
    texts = [f'<text class="name" y="{first}">{room}</text>']
    texts += [f'<text y="{first + 15 + 13 * i}">{escape(line)}</text>' for i, line in enumerate(lines)]
    x, y = _WIDTH_PT / 2, _HEIGHT_PT / 2
    return f'<rect class="room" x="-{x}" y="-{y}" width="{2 * x}" height="{2 * y}" rx="6"/>{"".join(texts)}'


def draw() -> str:
    """The picture, as SVG."""
    layout = _layout(layers(), sorted(arrows()))
    left, bottom, right, top = (float(number) for number in layout["bb"].split(","))
    width, height = right - left + 2 * _MARGIN_PT, top - bottom + 2 * _MARGIN_PT

    def at(point: Iterable[str]) -> str:
        """A point of Graphviz, whose y grows upwards, in the picture."""
        x, y = map(float, point)
        return f"{x - left + _MARGIN_PT:.1f},{top - y + _MARGIN_PT:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        "<title>The rooms of autograd_cli, and which of them use which</title>",
        f"<style>{_STYLE}</style>",
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0,0 8,4 0,8z"/></marker>',
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
    ]
    rooms = layout["objects"]
    for edge in layout["edges"]:
        if edge.get("style") != "invis":
            end, *points = (point.removeprefix("e,").split(",") for point in edge["pos"].split())
            ends = f"{rooms[edge['tail']]['name']} to {rooms[edge['head']]['name']}"
            path = f"M{at(points[0])} C{' '.join(map(at, points[1:]))} L{at(end)}"
            parts.append(
                f'<path class="arrow" marker-end="url(#tip)" d="{path}"><title>{ends}</title></path>'
            )
    for room in rooms:
        if "pos" in room:
            parts.append(f'<g transform="translate({at(room["pos"].split(","))})">{box(room["name"])}</g>')
    return "\n".join([*parts, "</svg>\n"])


def _source(room: str) -> Path | None:
    """The file that says what a room is for; None if the room is yet to be built."""
    files = (ROOT / PACKAGE / room / "__init__.py", ROOT / PACKAGE / f"{room}.py")
    return next((path for path in files if path.exists()), None)


def _room(module: str) -> str:
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def _follows(arrow: Arrow, others: set[Arrow]) -> bool:
    """Whether the arrow's end can be reached along other arrows."""
    start, end = arrow
    return any(mid == end or _follows((mid, end), others) for one, mid in others if one == start)


def _layout(rows: list[list[str]], lines: list[Arrow]) -> dict[str, Any]:
    """Where Graphviz puts boxes and arrows; a row for each layer, whether arrows ask for that or not."""
    import pygraphviz  # type: ignore[import-untyped]  # an optional dependency

    size = f"shape=box fixedsize=true width={_WIDTH_PT / 72:.3f} height={_HEIGHT_PT / 72:.3f}"
    ranks = "\n".join("{rank=same " + " ".join(f'"{room}"' for room in row) + "}" for row in rows)
    order = "\n".join(f'"{one[0]}" -> "{other[0]}" [style=invis weight=0]' for one, other in pairwise(rows))
    edges = "\n".join(f'"{one}" -> "{other}"' for one, other in lines)
    dot = f"digraph {{ranksep=0.3 nodesep=0.3 node [{size}]\n{ranks}\n{order}\n{edges}\n}}"
    placed: dict[str, Any] = json.loads(pygraphviz.AGraph(string=dot).draw(prog="dot", format="json"))
    return placed


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
