"""`evo predict`."""

from pathlib import Path
from typing import Annotated

import typer


def predict(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run directory.")],
    numbers: Annotated[
        list[str] | None,
        typer.Argument(metavar="NUMBER", help="Inputs, one after the other; -1 works, too."),
    ] = None,
    input_: Annotated[
        str | None, typer.Option("--input", metavar="FILE", help="Inputs from a .csv or .npy file.")
    ] = None,
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a new .csv or .npy file instead of printing.")
    ] = None,
    depth: Annotated[
        str, typer.Option(metavar="INT", help="Of `dynamic`: extra terms, or passes of the middle layer.")
    ] = "0",
    format_: Annotated[
        str, typer.Option("--format", help="table, or the predictions alone: plain, csv or json.")
    ] = "table",
    plot: Annotated[bool, typer.Option("--plot", help="Draw them over the data: sin and linear.")] = False,
) -> None:
    """Predict with a trained model; without inputs, for those that it was trained on."""
    from autograd_cli.display.predictions import predictions_chart, predictions_table
    from autograd_cli.display.streams import put
    from autograd_cli.errors import choose
    from autograd_cli.predict.fit import fit_of
    from autograd_cli.predict.model import find_inputs, load_model, parse_depth
    from autograd_cli.predict.rows import ROW_FORMATS, check_new, write_rows

    show = choose(format_, {"table": None, **ROW_FORMATS}, "format")
    if output:
        check_new(Path(output), "output")
    options = [name for parameter in context.command.params for name in parameter.opts if name[0] == "-"]
    model = load_model(Path(run))
    inputs = find_inputs(model, numbers or (), Path(input_) if input_ else None, options)
    predictions = model.predict(inputs, parse_depth(depth))
    if output:
        write_rows(Path(output), predictions, "output")
    elif plot:
        put(predictions_chart(fit_of(model, argument="plot"), inputs, predictions))
    elif show:
        put(show(predictions))
    else:
        is_training = not (numbers or input_)
        put(predictions_table(inputs, predictions, model.training_targets() if is_training else None))
