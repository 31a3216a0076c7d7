"""The one theme of terminals, pictures and pages: colours that colour-blind readers tell apart, and dashes.

A series keeps its place in `SERIES`, and so its colour, wherever it is drawn. Where colours are not seen, on
grey paper or on a terminal without any, the dashes of `DASHES` tell series apart.
"""

from dataclasses import dataclass

# Blue, vermilion and green of Okabe and Ito (https://jfly.uni-koeln.de/color), and five more that keep their
# distance from these and each other for normal, red-, green- and blue-blind eyes. Each stands out from white
# paper and from black alike, because nobody knows which of them a terminal has.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#9800ea", "#b70d9e", "#665022", "#1c95ff", "#ff4271")
# For dark paper, by the same rule; the first six are of the same hues.
SERIES_DARK = ("#56b4e9", "#ff9f4a", "#2fd3a2", "#9158ff", "#e51f9f", "#917c44", "#f3da00", "#baf499")

# On and off in widths of the line, as SVG's stroke-dasharray has them; the first is drawn without a break.
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (5.0, 2.0),
    (1.5, 1.5),
    (6.0, 1.5, 1.5, 1.5),
    (9.0, 3.0),
    (3.0, 3.0),
    (6.0, 1.5, 1.5, 1.5, 1.5, 1.5),
    (12.0, 2.0, 3.0, 2.0),
)

# From the smallest loss to the largest: ever lighter on white paper, ever darker on dark.
HEAT = ("#10294f", "#1f4e79", "#2f7f93", "#62aa8f", "#a9cb8a", "#e6e3a8")


@dataclass(frozen=True)
class Theme:
    """What a picture is drawn with; colours as `#rrggbb`.

    Attributes:
        paper: behind everything.
        ink: words and data.
        dim: axes, their numbers, and what stands back.
        grid: lines behind the curves.
        series: a colour a series.
        heat: from the smallest value to the largest.

    """

    paper: str
    ink: str
    dim: str
    grid: str
    series: tuple[str, ...]
    heat: tuple[str, ...]


LIGHT = Theme("#ffffff", "#1f2328", "#59636e", "#e4e8ec", SERIES, HEAT)
DARK = Theme("#0d1117", "#f0f6fc", "#9198a1", "#262c36", SERIES_DARK, HEAT[::-1])
THEMES = {"light": LIGHT, "dark": DARK}


def colour_of(index: int, *, dark: bool = False) -> str:
    """The colour of the series of that place; past the last one they come again, with other dashes."""
    series = SERIES_DARK if dark else SERIES
    return series[index % len(series)]


def dash_of(index: int) -> tuple[float, ...]:
    """The dashes of the series of that place; empty for a line without a break."""
    return DASHES[(index + index // len(SERIES)) % len(DASHES)]
