"""The same pictures by matplotlib: SVG, PNG, PDF, and GIF for what moves."""

import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd_cli.compare.curves import Curve, Curves
from autograd_cli.compare.grid import Grid
from autograd_cli.display.charts import fit_title, heat_scale, losses_of, x_scale
from autograd_cli.display.scales import Scale, compact, key_scale, linear_scale, loss_scale, spread
from autograd_cli.display.text import shown
from autograd_cli.display.theme import Theme, dash_of
from autograd_cli.errors import ConfigError

if TYPE_CHECKING:
    from autograd_cli.predict.fit import Fit

STILL = ("svg", "png", "pdf")
MOVING = "gif"

_SIZE_IN = (8.0, 4.5)
_DPI = 160
_FONT_PT = 9.0
_LONGEST = 44  # characters of a label
_FRAME_MS, _LAST_FRAME_MS = 80, 2500


@dataclass(frozen=True)
class Bar:
    """A bar: its name, its length, the interval at its end, and what stands behind that."""

    label: str
    value: float
    low: float
    high: float
    note: str = ""


def curves_figure(picture: Curves, theme: Theme) -> Any:
    """A matplotlib Figure of curves."""
    figure, axes = _begin(theme, picture.title, picture.caption)
    y, x = loss_scale(losses_of(picture)), x_scale(picture)
    _axis(axes.xaxis, x, 8, theme)
    _axis(axes.yaxis, y, 7, theme)
    axes.set(xlim=(x.low, x.high), ylim=(y.low, y.high))
    axes.set_xlabel(shown(picture.x_name) + (" (log scale)" if x.is_log else ""))
    axes.set_ylabel(picture.y_name + (" (log scale)" if y.is_log else ""))
    if y.zero is not None:
        axes.axhline(y.zero, color=theme.dim, linewidth=0.6, linestyle=(0, (1, 3)))
    for band, alpha in zip(picture.bands, (0.16, 0.28), strict=False):
        _fill(axes, x, y, band.x, band.low, band.high, theme.dim, alpha)
    for curve in picture.faint:
        _line(axes, x, y, curve, theme.dim, {"linewidth": 0.6, "alpha": 0.5, "has_points": False})
    for i, curve in enumerate(picture.lines):
        colour = theme.series[i % len(theme.series)]
        if curve.low:
            _fill(axes, x, y, curve.x, curve.low, curve.high, colour, 0.2)
        look = {"linewidth": 1.6, "alpha": 1.0, "has_points": picture.has_points, "dashes": dash_of(i)}
        _line(axes, x, y, curve, colour, look)
    ends = [y.place(curve.y[-1] if curve.y else curve.marks[-1][1]) for curve in picture.lines]
    if len(picture.lines) > 1 or any(curve.note for curve in picture.lines):
        _label(axes, [curve.text for curve in picture.lines], ends, y, theme)
    return figure


def fits_figure(fits: "Sequence[Fit]", theme: Theme) -> Any:
    """A matplotlib Figure of data, fits and residuals."""
    several = len(fits) > 1
    caption = fits[0].note
    title = fit_title(fits) if several else f"{fit_title(fits)}: {fits[0].formula}"
    figure, (axes, below) = _begin(theme, title, caption, rows=(3, 1))
    x = linear_scale([value for fit in fits for value in fit.x])
    upper = linear_scale([value for fit in fits for value in (*fit.y, *fit.fitted)])
    lower = linear_scale([value for fit in fits for value in (*fit.residual, 0.0)])
    _axis(axes.yaxis, upper, 6, theme)
    _axis(below.yaxis, lower, 4, theme)
    _axis(below.xaxis, x, 8, theme)
    axes.set(xlim=(x.low, x.high), ylim=(upper.low, upper.high), ylabel="y")
    below.set(ylim=(lower.low, lower.high), xlabel=fits[0].x_name, ylabel="y - fit")
    _data(axes, fits[0], theme)
    below.axhline(0, color=theme.dim, linewidth=0.8)
    for i, fit in enumerate(fits):
        look = {
            "color": theme.series[i % len(theme.series)],
            "linewidth": 1.6,
            "linestyle": _style(dash_of(i)),
        }
        axes.plot(fit.x, fit.fitted, **look)
        below.plot(fit.x, fit.residual, **look)
    names = [fit.label for fit in fits] if several else ["fit"]
    places = [upper.place(value) for value in (*(fit.fitted[-1] for fit in fits), fits[0].y[-1])]
    _label(axes, [*names, "data"], places, upper, theme, last=theme.ink)
    return figure


def grid_figure(grid: Grid, theme: Theme) -> Any:
    """A matplotlib Figure of a heat map."""
    from matplotlib.colors import LinearSegmentedColormap

    figure, axes = _begin(theme, grid.title, grid.caption)
    scale = heat_scale(grid)
    colours = LinearSegmentedColormap.from_list("evo", theme.heat).with_extremes(bad=theme.paper)
    shape = len(grid.y_values), len(grid.x_values)
    places = [
        [
            float("nan")
            if (cell := grid.cells.get((i, j))) is None or cell.mean is None
            else scale.place(cell.mean)
            for i in range(shape[1])
        ]
        for j in range(shape[0])
    ]
    image = axes.pcolormesh(
        places, cmap=colours, vmin=scale.low, vmax=scale.high, edgecolors=theme.paper, linewidth=0.5
    )
    names = [key_scale((), values) for values in (grid.x_values, grid.y_values)]
    for axis, own, most in zip((axes.xaxis, axes.yaxis), names, (10, 12), strict=True):
        ticks = own.ticks(most)
        axis.set_ticks(
            [place + 0.5 for place, _ in ticks], labels=[shown(text)[:_LONGEST] for _, text in ticks]
        )
    axes.grid(visible=False)
    axes.set(xlabel=shown(grid.x_name), ylabel=shown(grid.y_name))
    has_room = shape[0] <= 14 and shape[1] <= 10
    for (i, j), cell in grid.cells.items():
        text = "×" if cell.mean is None else compact(cell.mean) if has_room else ""
        share = 1.0 if cell.mean is None else (scale.place(cell.mean) - scale.low) / (scale.high - scale.low)
        colour = theme.dim if cell.mean is None else _readable_on(theme.heat, share)
        axes.text(i + 0.5, j + 0.5, text, ha="center", va="center", fontsize=8, color=colour)
    if grid.best is not None:
        from matplotlib.patches import Rectangle

        best = Rectangle(grid.best, 1, 1, fill=False, edgecolor=theme.series[1], linewidth=2.2, zorder=5)
        axes.add_patch(best)
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.outline.set_visible(False)
    ticks = scale.ticks(6)
    bar.set_ticks([place for place, _ in ticks], labels=[text for _, text in ticks])
    bar.ax.tick_params(color=theme.dim, labelcolor=theme.dim)
    bar.ax.yaxis.label.set_color(theme.ink)
    bar.set_label("last loss" + (" (log scale)" if scale.is_log else "") + "; best framed, × diverged")
    return figure


def bars_figure(groups: "Mapping[str, Sequence[Bar]]", title: str, caption: str, theme: Theme) -> Any:
    """A matplotlib Figure of bars from zero on, with their intervals; each group has an axis of its own."""
    figure, axes = _begin(
        theme, title, caption, rows=tuple(len(bars) + 1 for bars in groups.values()), shared=False
    )
    axes = [axes] if len(groups) == 1 else axes
    figure.set_figheight(max(_SIZE_IN[1], 0.9 + 0.2 * sum(len(bars) + 2 for bars in groups.values())))
    for own, (name, bars) in zip(axes, groups.items(), strict=True):
        places = range(len(bars))
        errors = [[bar.value - bar.low for bar in bars], [bar.high - bar.value for bar in bars]]
        own.barh(
            places,
            [bar.value for bar in bars],
            0.66,
            xerr=[[max(length, 0.0) for length in side] for side in errors],
            color=theme.series[0],
            error_kw={"ecolor": theme.ink, "elinewidth": 1.2, "capsize": 2.5},
        )
        x = linear_scale([0.0, *(bar.high for bar in bars)], margin=0.0)
        high = x.high * 1.16
        own.set(xlim=(0, high), ylim=(len(bars) - 0.4, -0.6))
        _axis(own.xaxis, Scale(False, 0.0, x.high), 6, theme)
        own.set_yticks(list(places), labels=[_fitted(shown(bar.label), _LONGEST) for bar in bars])
        own.set_ylabel(shown(name))
        own.grid(visible=False, axis="y")
        for i, bar in enumerate(bars):
            own.text(bar.high + 0.012 * high, i, bar.note, va="center", fontsize=8, color=theme.ink)
    return figure


def to_bytes(figure: Any, ending: str) -> bytes:
    """The picture as a file's content: `svg`, `png` or `pdf`; the same figure gives the same bytes."""
    out = io.BytesIO()
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(ending, {})
    with _hushed():
        from matplotlib import rc_context

        with rc_context({"svg.hashsalt": "evo"}):
            figure.savefig(out, format=ending, dpi=_DPI, metadata=metadata)
    return out.getvalue()


def to_gif(frames: "Sequence[Fit]", captions: Sequence[str], theme: Theme) -> bytes:
    """Fits one after the other, each with its caption; the axes are those of the data and stay."""
    from PIL import Image

    last = frames[-1]
    x = linear_scale(last.x)
    upper = linear_scale([*last.y, *last.fitted], margin=0.35)
    lower = linear_scale(
        [-1.2 * max(map(abs, last.residual), default=1.0), 1.2 * max(map(abs, last.residual))]
    )
    figure, (axes, below) = _begin(theme, fit_title(frames), " ", rows=(3, 1), fixed=True)
    for axis, scale, most in ((axes.yaxis, upper, 6), (below.yaxis, lower, 4), (below.xaxis, x, 8)):
        _axis(axis, scale, most, theme)
    axes.set(xlim=(x.low, x.high), ylim=(upper.low, upper.high), ylabel="y")
    below.set(ylim=(lower.low, lower.high), xlabel=last.x_name, ylabel="y - fit")
    _data(axes, last, theme)
    below.axhline(0, color=theme.dim, linewidth=0.8)
    (curve,) = axes.plot([], [], color=theme.series[0], linewidth=1.8)
    (rest,) = below.plot([], [], color=theme.series[0], linewidth=1.2)
    title, words = figure.texts
    images = []
    for fit, caption in zip(frames, captions, strict=True):
        curve.set_data(fit.x, fit.fitted)
        rest.set_data(fit.x, fit.residual)
        title.set_text(f"{fit_title([fit])}: {fit.formula}")
        words.set_text(shown(caption))
        image_of = io.BytesIO()
        with _hushed():
            figure.savefig(image_of, format="png", dpi=100)
        with Image.open(image_of) as image:
            images.append(image.convert("RGB").quantize(64))
    out = io.BytesIO()
    times = [_FRAME_MS] * (len(images) - 1) + [_LAST_FRAME_MS]
    images[0].save(out, format="gif", save_all=True, append_images=images[1:], duration=times, loop=0)
    return out.getvalue()


def check_matplotlib(ending: str, key: str = "output") -> None:
    """Complain where matplotlib is not installed.

    Raises:
        ConfigError: it is not.

    """
    try:
        with _hushed():
            import matplotlib as mpl  # an optional extra, and a fifth of a second
    except ImportError:
        raise ConfigError(
            f"{key}: {ending} needs matplotlib: pip install 'autograd-cli[plot]'", key=key
        ) from None
    assert mpl


# --- pieces --------------------------------------------------------------------------------------------


def _begin(
    theme: Theme,
    title: str,
    caption: str,
    rows: tuple[int, ...] = (),
    *,
    fixed: bool = False,
    shared: bool = True,
) -> tuple[Any, Any]:
    """A figure with its title, what has to be known below it, and empty axes."""
    with _hushed():
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        settings: dict[str, Any] = {
            "font.size": _FONT_PT,
            "font.family": "DejaVu Sans",  # comes with matplotlib, so that a picture is the same everywhere
            "text.parse_math": False,
            "text.color": theme.ink,
            "axes.edgecolor": theme.dim,
            "axes.labelcolor": theme.ink,
            "axes.facecolor": theme.paper,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.facecolor": theme.paper,
            "savefig.facecolor": theme.paper,
            "grid.color": theme.grid,
            "grid.linewidth": 0.6,
            "lines.scale_dashes": True,
            "xtick.color": theme.dim,
            "ytick.color": theme.dim,
        }
        with rc_context(settings):  # type: ignore[arg-type]  # the names that it takes are hundreds
            figure = Figure(figsize=_SIZE_IN, layout=None if fixed else "constrained")
            axes = (
                figure.subplots(len(rows), 1, sharex=shared, gridspec_kw={"height_ratios": rows})
                if rows
                else figure.subplots()
            )
            if fixed:
                figure.subplots_adjust(left=0.1, right=0.97, top=0.9, bottom=0.17, hspace=0.12)
            words = _fitted(shown(title), 96)
            figure.suptitle(words, x=0.012, ha="left", fontsize=11, fontweight="bold", color=theme.ink)
            if caption and fixed:
                figure.text(0.012, 0.02, shown(caption), fontsize=8.5, color=theme.dim)
            elif caption:
                figure.supxlabel(
                    _fitted(shown(caption), 130), x=0.012, ha="left", fontsize=8, color=theme.dim
                )
    return figure, axes


def _axis(axis: Any, scale: Scale, most: int, theme: Theme) -> None:
    ticks = scale.ticks(most)
    axis.set_ticks([place for place, _ in ticks], labels=[_fitted(shown(text), 24) for _, text in ticks])
    axis.set_ticks(scale.minor_ticks(), minor=True)
    axis.set_tick_params(which="both", color=theme.dim, labelcolor=theme.dim)


def _line(axes: Any, x: Scale, y: Scale, curve: Curve, colour: str, look: dict[str, Any]) -> None:
    points = {"marker": "o", "markersize": 4} if look["has_points"] else {}
    axes.plot(
        [x.place(value) for value in curve.x],
        [y.place(value) for value in curve.y],
        color=colour,
        linewidth=look["linewidth"],
        alpha=look["alpha"],
        linestyle=_style(look.get("dashes", ())),
        solid_capstyle="round",
        **points,
    )
    if curve.marks:
        places = zip(*((x.place(a), y.place(b)) for a, b in curve.marks), strict=True)
        axes.plot(
            *map(list, places),
            color=colour,
            linestyle="",
            marker="x",
            markersize=7,
            markeredgewidth=1.8,
            clip_on=False,
            zorder=4,
            alpha=min(look["alpha"] + 0.2, 1.0),
        )


def _fill(
    axes: Any,
    x: Scale,
    y: Scale,
    xs: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    colour: str,
    alpha: float,
) -> None:
    places = [[scale.place(value) for value in values] for scale, values in ((x, xs), (y, low), (y, high))]
    axes.fill_between(*places, color=colour, alpha=alpha, linewidth=0)


def _data(axes: Any, fit: "Fit", theme: Theme) -> None:
    every = max(len(fit.x) // 60, 1)
    axes.plot(fit.x[::every], fit.y[::every], **_points(theme))


def _points(theme: Theme) -> dict[str, Any]:
    return {
        "color": theme.ink,
        "linestyle": "",
        "marker": "o",
        "markersize": 3.2,
        "alpha": 0.75,
        "markerfacecolor": "none",
        "markeredgewidth": 0.9,
    }


def _label(
    axes: Any,
    texts: Sequence[str],
    places: Sequence[float],
    scale: Scale,
    theme: Theme,
    last: str | None = None,
) -> None:
    """Words at the right edge, each beside the end of its line, in its colour and with a piece of it."""
    high = scale.high - scale.low
    wanted = [(place - scale.low) / high for place in places]
    apart = 1.45 * _FONT_PT / (72 * _SIZE_IN[1] * 0.72)
    for i, (text, at) in enumerate(zip(texts, spread(wanted, apart, 0.0, 1.0), strict=True)):
        colour = theme.series[i % len(theme.series)]
        if last is not None and i == len(texts) - 1:
            colour = last
            axes.plot(1.035, at, transform=axes.transAxes, clip_on=False, in_layout=False, **_points(theme))
        else:
            axes.plot(
                [1.01, 1.05],
                [at, at],
                transform=axes.transAxes,
                clip_on=False,
                color=colour,
                linewidth=1.6,
                linestyle=_style(dash_of(i)),
                in_layout=False,
            )
        axes.text(
            1.06,
            at,
            _fitted(shown(text), _LONGEST),
            transform=axes.transAxes,
            va="center",
            color=colour,
            fontsize=_FONT_PT,
        )


def _style(dashes: Sequence[float]) -> Any:
    return (0, tuple(dashes)) if dashes else "solid"


def _readable_on(heat: Sequence[str], share: float) -> str:
    """Black or white, whichever stands out from the colour at that share of the heat."""
    colour = heat[round(share * (len(heat) - 1))]
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"


def _fitted(text: str, length: int) -> str:
    """A text whose middle gives way where it is too long."""
    if len(text) <= length:
        return text
    return f"{text[: (length - 1) * 2 // 3]}…{text[len(text) - (length - 1) // 3 :]}"


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep matplotlib's own words out: of a cache of fonts, or of a letter that its font lacks."""
    logger = logging.getLogger("matplotlib")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
