"""Loss curves: one drawing for the page's scripts, and pictures of it for where there are none."""

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from autograd_cli.compare.evolution import Curve
from autograd_cli.errors import ConfigError

# A picture is drawn this small so that its words can be read on a telephone.
_WIDTH_PX, _HEIGHT_PX = 520, 300

# And so coarse, as nobody can look closer.
_POINTS = 100

_FONT = "system-ui, sans-serif"


@dataclass(frozen=True)
class Series:
    """A curve of a figure.

    Attributes:
        curve: its name among the page's curves.
        name: what the reader knows it by.
        colour: its colour, as CSS has it.
        dash: on and off of its line, in widths of it; empty for a line without a break.
        width: of the line, in pixels: of curves that lie on each other the first ones are wider.
        kind: `run`, drawn as a line; `published`, or `point` of a run that has but one, drawn as circles.
        shift: what is added to each step.
        label: what is told beside its numbers, if it is not its name.

    """

    curve: str
    name: str
    colour: str
    dash: Sequence[float] = ()
    width: float = 2.0
    kind: str = "run"
    shift: int = 0
    label: str = ""


def charts() -> Any:
    """The library that draws.

    Raises:
        ConfigError: it is not installed.

    """
    try:
        import vl_convert
    except ImportError:
        raise ConfigError(
            "the report needs what is not installed; pip install 'autograd-cli[report]'"
        ) from None
    return vl_convert


@cache
def vega_script() -> str:
    """The JavaScript that draws in a browser, as the library ships it."""
    script: str = charts().javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return script


@cache
def drawing(x: str, x_title: str, y_title: str, *, is_live: bool = True) -> dict[str, Any]:
    """The Vega drawing of a figure that has no curves yet; `x`, its axis of steps, is `linear` or `log`.

    What `is_live` is for the page's scripts: it answers a pointer, and is as wide as there is room.
    """
    spec: dict[str, Any] = charts().vegalite_to_vega(_spec(x, x_title, y_title, is_live=is_live))
    for axis in spec["axes"]:
        if axis["scale"] == "y" or x == "log":
            axis["tickCount"] = {"signal": _POWERS.format(axis["scale"])}
    for mark in spec["marks"]:
        if mark["name"].endswith("voronoi"):  # the cells around points, which have the points for their data
            mark["encode"]["update"]["tooltip"] = {"signal": "datum.datum.told"}
    return spec


def picture(
    series: Sequence[Series], curves: Mapping[str, Curve], x: str, x_title: str, y_title: str, name: str
) -> str:
    """The figure as SVG; the ids in it begin with `name`, which no other figure of the page has."""
    spec = deepcopy(drawing(x, x_title, y_title, is_live=False))
    (data,) = (one for one in spec["data"] if one["name"] == "curves")
    data["values"] = _rows(series, {one.curve: curves[one.curve].at_most(_POINTS) for one in series})
    (colours,) = (one for one in spec["scales"] if one["name"] == "color")
    known = {one.name: one.colour for one in series}
    colours |= {"domain": list(known), "range": list(known.values())}
    # A line of the grid and its number in one, which takes half the time.
    spec["axes"] = [axis | {"grid": True} for axis in spec["axes"] if axis.get("labels") is not False]
    svg: str = charts().vega_to_svg(spec)
    return _with_own_ids(_shortened(svg), name)


def json_for_page(content: Any) -> str:
    """JSON that can stand between `<script>` tags."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
    )


def series_for_page(series: Sequence[Series], x: str) -> str:
    """What the page's scripts must know of a figure."""
    return json_for_page({"x": x, "series": [asdict(one) for one in series]})


def curve_for_page(curve: Curve) -> dict[str, Any]:
    """A curve with losses of six digits, more than a screen shows; None where no logarithm exists."""
    losses = [None if loss is None or loss <= 0 else float(f"{loss:.6g}") for loss in curve.losses]
    return {"steps": curve.steps, "losses": losses}


def _rows(series: Sequence[Series], curves: Mapping[str, Curve]) -> list[dict[str, Any]]:
    rows = []
    for one in series:
        known = curve_for_page(curves[one.curve])
        for step, loss in zip(known["steps"], known["losses"], strict=True):
            if step + one.shift > 0 or not one.shift:
                rows.append(
                    {
                        "name": one.name,
                        "label": one.label or one.name,
                        "kind": one.kind,
                        "width": one.width,
                        "dash": [part * one.width for part in one.dash],
                        "step": step + one.shift,
                        "loss": loss,
                        "at": step,
                    }
                )
    return rows


def _spec(x: str, x_title: str, y_title: str, *, is_live: bool) -> dict[str, Any]:
    """Curves over steps, on a log axis of losses."""
    encoding: dict[str, Any] = {
        "x": {
            "field": "step",
            "type": "quantitative",
            "title": x_title,
            "scale": {"type": x, "nice": False, "zero": False},
            "axis": {"labelExpr": _LABEL, "tickCount": 6, "labelOverlap": True},
        },
        "y": {
            "field": "loss",
            "type": "quantitative",
            "title": y_title,
            "scale": {"type": "log", "nice": False},
            "axis": {"labelExpr": _LABEL, "tickCount": 6, "labelOverlap": True, **_ABOVE},
        },
        "color": {"field": "name", "type": "nominal", "legend": None, "sort": None},
        "detail": {"field": "name"},
    }
    lines: dict[str, Any] = {
        "transform": [{"filter": "datum.kind == 'run'"}],
        "mark": {"type": "line", "clip": True, "strokeCap": "round", "strokeJoin": "round"},
        "encoding": {
            **encoding,
            "strokeWidth": {"field": "width", "type": "quantitative", "scale": None},
            "strokeDash": {"field": "dash", "type": "nominal", "scale": None},
        },
    }
    circles: dict[str, Any] = {
        "transform": [{"filter": "datum.kind != 'run'"}],
        "mark": {"type": "point", "clip": True, "size": 26, "strokeWidth": 1.3},
        "encoding": dict(encoding),
    }
    layers = [lines, circles]
    if is_live:
        lines["params"] = [
            {
                "name": "zoom",
                "bind": "scales",
                "select": {"type": "interval", "zoom": "wheel![event.ctrlKey]"},
            }
        ]
        layers.append(
            {
                "params": [
                    {
                        "name": "near",
                        "select": {
                            "type": "point",
                            "on": "pointermove",
                            "nearest": True,
                            "clear": "pointerout",
                        },
                    }
                ],
                "mark": {"type": "point", "filled": True, "size": 70, "clip": True},
                "encoding": {
                    **encoding,
                    "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
                    "tooltip": {"field": "told", "type": "nominal"},
                },
                "transform": [
                    {"filter": "isValid(datum.loss)"},
                    {
                        "calculate": "datum.label + ' · "
                        + _quoted(x_title.partition(" ")[0])
                        + " ' + format(datum.at, ',d') + ' · "
                        + _quoted(y_title)
                        + " ' + format(datum.loss, '.5~g')",
                        "as": "told",
                    },
                ],
            }
        )
    return {
        "width": "container" if is_live else _WIDTH_PX,
        "height": _HEIGHT_PX,
        "autosize": {"type": "fit", "contains": "padding"},
        "background": None,
        # The fonts of readers are wider than the ones that widths are guessed from.
        "padding": {"left": 12, "top": 5, "right": 8, "bottom": 5},
        "data": {"name": "curves", "values": []},
        "layer": layers,
        "config": _CONFIG,
    }


# Numbers as people write them, as long as they are short.
_LABEL = (
    "datum.value == 0 || (abs(datum.value) >= 0.01 && abs(datum.value) < 1e5) "
    "? format(datum.value, ',~g') : format(datum.value, '~e')"
)

# How many lines of the grid a log axis has: one a power of ten where there are two and more of these.
_SPAN = "log(domain('{0}')[1] / domain('{0}')[0]) / LN10"
_POWERS = f"{_SPAN} < 2 ? 10 : min(floor({_SPAN}), 6)"

# A title above its axis is never in the way of long numbers.
_ABOVE = {"titleAngle": 0, "titleAlign": "right", "titleX": -6, "titleY": -9, "titleBaseline": "bottom"}

_CONFIG: dict[str, Any] = {
    "font": _FONT,
    "view": {"stroke": None},
    "mark": {"invalid": "break-paths-filter-domains"},
    "axis": {
        "labelColor": "var(--soft)",
        "titleColor": "var(--soft)",
        "gridColor": "var(--grid)",
        "domainColor": "var(--edge)",
        "tickColor": "var(--edge)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
}


def _shortened(svg: str) -> str:
    """The same picture in half the letters: without what draws nothing, and what nobody sees of numbers."""
    svg = re.sub(r'="[^"]*"', lambda value: re.sub(r"(\d+\.\d)\d+", r"\1", value[0]), svg)
    svg = re.sub(r' (?:aria-[a-z]+|role|class|pointer-events|xmlns:xlink|version)="[^"]*"', "", svg)
    return re.sub(r'<path d="(?:M0,0h0v0h0Z)?"(?: display="none")?/>|<path d="" display="none"/>', "", svg)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _with_own_ids(svg: str, name: str) -> str:
    ids = set(re.findall(r'\bid="([^"]+)"', svg))
    for one in ids:
        svg = re.sub(rf'(\bid="|url\(#|href="#){re.escape(one)}(?=["\)])', rf"\g<1>{name}-{one}", svg)
    return svg
