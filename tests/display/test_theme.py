"""The theme: colours that stand out and stay apart, for whoever looks."""

import math
from itertools import combinations

import pytest

from autograd_cli.display.theme import DARK, DASHES, HEAT, LIGHT, SERIES, colour_of, dash_of

# Of Machado, Oliveira and Fernandes (2009, doi:10.1109/TVCG.2009.113), for eyes that lack a kind of cone.
EYES = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "red-blind": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "green-blind": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "blue-blind": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


def linear(colour: str) -> list[float]:
    """Red, green and blue as amounts of light (sRGB, IEC 61966-2-1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour: str) -> float:
    """How bright it is, from 0 to 1 (WCAG 2)."""
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one: str, other: str) -> float:
    """Ratio of two colours (WCAG 2): from 1 to 21; 3 is asked of graphics."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, eyes: str) -> tuple[float, float, float]:
    """What eyes see of it, in CIE L*a*b*."""
    light = linear(colour)
    r, g, b = (min(max(sum(map(math.prod, zip(row, light, strict=True))), 0.0), 1.0) for row in EYES[eyes])
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (
            (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
            0.2126 * r + 0.7152 * g + 0.0722 * b,
            (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
        )
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_no_two_series_look_alike(theme: object, eyes: str) -> None:
    """Any two colours of a theme differ by 12 units of L*a*b* or more; two are hardly seen."""
    series = LIGHT.series if theme is LIGHT else DARK.series
    for one, other in combinations(series, 2):
        assert math.dist(seen(one, eyes), seen(other, eyes)) >= 12, (one, other)


def test_everything_stands_out_from_its_paper() -> None:
    """Series by 2.7 to 1 at least, and those for terminals from black, too; words by 4.5."""
    for theme in (LIGHT, DARK):
        assert all(contrast(colour, theme.paper) >= 2.7 for colour in theme.series)
        assert contrast(theme.ink, theme.paper) >= 4.5
        assert contrast(theme.dim, theme.paper) >= 4.5
    assert all(contrast(colour, "#000000") >= 2.7 for colour in SERIES)


def test_heat_goes_one_way_in_grey() -> None:
    """From the smallest loss to the largest, brightness only grows: a grey copy says the same."""
    bright = [luminance(colour) for colour in HEAT]
    assert bright == sorted(bright)
    assert DARK.heat == HEAT[::-1]


def test_a_place_keeps_its_colour_and_dashes() -> None:
    """The first of all are as listed; when colours come again, the dashes beside them are others."""
    assert [colour_of(i) for i in range(len(SERIES))] == list(SERIES)
    assert [dash_of(i) for i in range(len(DASHES))] == list(DASHES)
    looks = {(colour_of(i), dash_of(i)) for i in range(8 * len(SERIES))}
    assert len(looks) == 8 * len(SERIES)
