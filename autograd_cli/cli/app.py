"""The program `evo`: its commands, and the one place where errors become a line and an exit code."""

import os
from collections.abc import Iterable
from contextlib import redirect_stdout, suppress
from functools import partial
from importlib import import_module
from io import StringIO
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from autograd_cli.display.streams import discard_stdout, put, tell
from autograd_cli.errors import ConfigError, EvoError, ExitCode, did_you_mean
from autograd_cli.training.signals import Terminated
from autograd_cli.version import __version__

# What the parser raises at a mistake, wherever typer keeps it: in click, or in a copy of its own.
_UsageError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if "Usage" in kind.__name__)


# The commands by what one wants to do, in the order of the help; each is a file beside this one, and imported
# when it is asked for.
GROUPS = {
    "Train": ("train", "sweep", "warm"),
    "Find": ("runs", "compare", "plot", "report", "note", "rm", "export"),
    "Understand": ("list", "show", "diff", "verify", "bench", "graph", "predict"),
}
COMMANDS = tuple(name for names in GROUPS.values() for name in names)


class EvoCommand(TyperCommand):
    """A command whose values stay the text that was typed, and are not empty.

    Parameters are declared as text or as flags, and evo reads them in words of its own: typer 0.29 would read
    each with pydantic, whose import makes a command wait 80 ms. `--name "$NAME"` without a NAME is a mistake.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments into the context."""
        _keep_text(self.get_params(ctx))
        given: dict[Any, Any] = {}
        if not ctx.resilient_parsing:
            given, *_ = self.make_parser(ctx).parse_args(list(args))
        for parameter in self.params:
            value = given.get(parameter.name)
            if value == "" or (isinstance(value, list | tuple) and "" in value):
                raise ConfigError(f"{_called(parameter)}: it is empty; leave it out or give it a value")
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the parser's signature
        """Lines to copy, at the end of the help."""
        from autograd_cli.cli.examples import EXAMPLES

        if self.name in EXAMPLES:
            with formatter.section("Examples"):
                for line in EXAMPLES[self.name]:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class EvoGroup(TyperGroup):
    """The commands, built when they are asked for, with their mistakes told in one line each."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the parser's signature
        """Names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the parser's signature
        """The command of that name, if there is one."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = _build(cmd_name)
        return self.commands.get(cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line as far as the command's name."""
        _keep_text(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments begin with."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing and args[0][:1].isalpha():
            near = did_you_mean(args[0], COMMANDS)
            raise ConfigError(f"unknown command '{args[0]}'{near} (allowed: {', '.join(COMMANDS)})")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands by what one wants to do."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                rows = [(name, self.get_command(ctx, name)) for name in names]
                width = formatter.width - 6 - max(map(len, COMMANDS))
                formatter.write_dl([(name, command.get_short_help_str(width)) for name, command in rows])

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line and leave with its exit code."""
        if os.environ.get("_EVO_COMPLETE") == "complete_bash" and "\n" in os.environ.get("COMP_WORDS", ""):
            self._complete_in_bash(*args, **extra)
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
        except (BrokenPipeError, SystemExit) as error:
            # The parser's own way of leaving, where nobody reads its help.
            if not isinstance(error.__context__ or error, BrokenPipeError):
                raise
            discard_stdout()
            code = ExitCode.DONE
        except OSError as error:  # such as a stdout that is full, or no descriptor left for an import
            tell(f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror or error}")
            code = ExitCode.FAILED
        except MemoryError:
            tell("out of memory")
            code = ExitCode.FAILED
        raise SystemExit(code)

    def _complete_in_bash(self, *args: Any, **extra: Any) -> None:
        """Answer bash, whose words are not those that were typed, with what it puts behind its last one."""
        from autograd_cli.cli.completion import joined_again

        words, at = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
        words, at, kept = joined_again(words, at)
        os.environ.update(COMP_WORDS="\n".join(words), COMP_CWORD=str(at))
        answer = StringIO()
        try:
            with redirect_stdout(answer):
                super().main(*args, **extra)
        finally:
            put("".join(f"{line.removeprefix(kept)}\n" for line in answer.getvalue().splitlines()))


def _build(name: str) -> Any:
    """The command in the file of that name."""
    module = import_module(f"autograd_cli.cli.{name}")
    function = getattr(module, "list_" if name == "list" else name)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    # Negative numbers are inputs of `predict`.
    settings = {"ignore_unknown_options": True} if name == "predict" else {}
    alone.command(name, cls=EvoCommand, context_settings=settings)(function)
    return typer.main.get_command(alone)


def _keep_text(parameters: Iterable[Any]) -> None:
    for parameter in parameters:
        parameter.process_value = partial(_process_value, parameter)


def _process_value(parameter: Any, ctx: Any, value: Any) -> Any:
    """Do what the parser's method of this name does, less the conversion."""
    if parameter.required and parameter.value_is_missing(value):
        return type(parameter).process_value(parameter, ctx, value)  # complains in the parser's words
    return parameter.callback(ctx, parameter, value) if parameter.callback else value


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
