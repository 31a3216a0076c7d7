"""The program `evo`: its commands, and the one place where errors become a line and an exit code."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from autograd_cli.cli.compare import compare
from autograd_cli.cli.graph import graph
from autograd_cli.cli.list import list_
from autograd_cli.cli.predict import predict
from autograd_cli.cli.sweep import sweep
from autograd_cli.cli.train import train
from autograd_cli.cli.verify import verify
from autograd_cli.display.streams import discard_stdout
from autograd_cli.errors import ConfigError, EvoError, ExitCode
from autograd_cli.training.signals import Terminated
from autograd_cli.version import __version__


class EvoGroup(TyperGroup):
    """The commands, with their mistakes told in one line each."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except EvoError as error:
            typer.echo(f"evo: {in_options(error)}", err=True)
            code: int = error.exit_code
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
        except Terminated:
            code = ExitCode.TERMINATED
        except BrokenPipeError:
            discard_stdout()
            code = ExitCode.DONE
        raise typer.Exit(code)


def in_options(error: EvoError) -> str:
    """The message as the command line says it: what is an argument of the library is an option here."""
    if error.key is None:
        text = str(error)
        for reason in error.reasons if isinstance(error, ConfigError) else ():
            text = text.replace(f"\n  {reason}", f"\n  {in_options(reason)}", 1)
        return text
    return f"--{error.key.replace('_', '-')}{str(error).removeprefix(error.key)}"


app = typer.Typer(
    name="evo",
    cls=EvoGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evo {__version__}")
        raise typer.Exit


@app.callback()
def evo(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train one small problem at rising levels of abstraction, and compare what each level does and costs."""


app.command()(train)
app.command()(sweep)
app.command("list")(list_)
app.command()(verify)
app.command()(graph)
app.command()(compare)
app.command(context_settings={"ignore_unknown_options": True})(predict)
