"""The program `evo`: its commands, and the one place where errors become a line and an exit code."""

from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from autograd_cli.cli.compare import compare
from autograd_cli.cli.graph import graph
from autograd_cli.cli.list import list_
from autograd_cli.cli.predict import predict
from autograd_cli.cli.sweep import sweep
from autograd_cli.cli.train import train
from autograd_cli.cli.verify import verify
from autograd_cli.display.streams import discard_stdout, put, tell
from autograd_cli.errors import ConfigError, EvoError, ExitCode, did_you_mean
from autograd_cli.training.signals import Terminated
from autograd_cli.version import __version__

# What the parser raises at a mistake, wherever typer keeps it: in click, or in a copy of its own.
_UsageError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if "Usage" in kind.__name__)


class EvoCommand(TyperCommand):
    """A command that takes no empty text for a value: `--name "$NAME"` without a NAME is a mistake."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments into the context."""
        given: dict[Any, Any] = {}
        if not ctx.resilient_parsing:
            given, *_ = self.make_parser(ctx).parse_args(list(args))
        for parameter in self.params:
            value = given.get(parameter.name)
            if value == "" or (isinstance(value, list | tuple) and "" in value):
                raise ConfigError(f"{_called(parameter)}: it is empty; leave it out or give it a value")
        return super().parse_args(ctx, args)


class EvoGroup(TyperGroup):
    """The commands, with their mistakes told in one line each."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line and leave with its exit code."""
        try:
            code = super().main(*args, **extra | {"standalone_mode": False})
        except EvoError as error:
            tell(in_options(error), *_details_in_options(error))
            code = error.exit_code
        except _UsageError as error:
            code = _tell_usage(error)
        except (KeyboardInterrupt, typer.Abort):
            code = ExitCode.INTERRUPTED
        except Terminated:
            code = ExitCode.TERMINATED
        except BrokenPipeError:
            discard_stdout()
            code = ExitCode.DONE
        except OSError as error:  # such as a stdout that is full, or no descriptor left for an import
            tell(f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror or error}")
            code = ExitCode.FAILED
        except MemoryError:
            tell("out of memory")
            code = ExitCode.FAILED
        raise SystemExit(code)


def in_options(error: EvoError) -> str:
    """The message as the command line says it: what is an argument of the library is an option here."""
    if error.key is None:
        return error.message
    return f"--{error.key.replace('_', '-')}{error.message.removeprefix(error.key)}"


def _details_in_options(error: EvoError) -> list[str]:
    reasons = error.reasons if isinstance(error, ConfigError) else ()
    told = {str(reason): in_options(reason) for reason in reasons}
    return [told.get(line, line) for line in error.details]


def _tell_usage(error: Any) -> int:
    """Say in one line what the parser did not understand; its exit code."""
    command = error.ctx.command if error.ctx else None
    path = error.ctx.command_path if error.ctx else "evo COMMAND"
    if type(error).__name__ == "NoArgsIsHelpError":
        with suppress(OSError):
            error.show()
    elif (option := getattr(error, "option_name", None)) and type(error).__name__ == "NoSuchOption":
        names = [name for parameter in command.params for name in parameter.opts] if command else []
        tell(f"{option}: {path} has no such option{did_you_mean(option, [*names, '--help'])}")
    else:
        message = " ".join(error.format_message().split()).removesuffix(".")
        tell(f"{message[:1].lower()}{message[1:]}; see '{path} --help'")
    return int(error.exit_code)


def _called(parameter: Any) -> str:
    """`--config`, or `argument RUN`."""
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return f"argument {parameter.metavar or parameter.name}"


app = typer.Typer(
    name="evo",
    cls=EvoGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        put(f"evo {__version__}\n")
        raise typer.Exit


@app.callback()
def evo(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train one small problem at rising levels of abstraction, and compare what each level does and costs."""


app.command(cls=EvoCommand)(train)
app.command(cls=EvoCommand)(sweep)
app.command("list", cls=EvoCommand)(list_)
app.command(cls=EvoCommand)(verify)
app.command(cls=EvoCommand)(graph)
app.command(cls=EvoCommand)(compare)
app.command(cls=EvoCommand, context_settings={"ignore_unknown_options": True})(predict)
