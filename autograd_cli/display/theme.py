"""The colours of every picture: series in a fixed order, told apart by colour-blind readers too."""

# Okabe and Ito's, "Color Universal Design" (2008), less its black, and three more of like lightness.
SERIES: tuple[str, ...] = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#9a8700",
    "#7f6bd1",
    "#a6533f",
    "#7d7d7d",
)


def colour_of(index: int) -> str:
    """The colour of the series of that number, counted from 0; after the last comes the first again."""
    return SERIES[index % len(SERIES)]
