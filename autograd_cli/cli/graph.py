"""`evo graph`."""

from typing import TYPE_CHECKING, Annotated

import typer

from autograd_cli.cli.options import CELL, ConfigOption, TrustOption, with_keys

if TYPE_CHECKING:
    from autograd_cli.config.files import Setting


@with_keys(CELL)
def graph(
    keys: "dict[str, Setting]",
    config: ConfigOption = None,
    trust: TrustOption = False,
    accumulate: Annotated[
        bool, typer.Option("--accumulate", help="Show what a second backward() adds.")
    ] = False,
    format_: Annotated[str, typer.Option("--format", help="tree, dot, mermaid or svg.")] = "tree",
) -> None:
    """Draw the graph that autograd built in one forward pass."""
    import autograd_cli as evo
    from autograd_cli.display.graphs import GRAPH_FORMATS
    from autograd_cli.display.streams import put
    from autograd_cli.errors import choose
    from autograd_cli.graph import NoGraphError

    choose(format_, GRAPH_FORMATS, "format")
    try:
        text = (
            evo.accumulation(config=config, trust=trust, **keys)
            if accumulate
            else evo.graph(config=config, trust=trust, **keys).text(format_)
        )
    except NoGraphError as reason:
        if format_ != "tree":
            raise
        text = f"{reason}\n"  # an answer, though there is nothing to draw
    put(text)
