"""README and help say what the command line does, and go no further."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from autograd_cli.cli.app import GROUPS, app
from autograd_cli.cli.examples import EXAMPLES
from autograd_cli.errors import ExitCode
from tests.helpers import LEVELS, ROOT, SHIPPED, evo, resolve_words

README = (ROOT / "README.md").read_text(encoding="utf-8")

# Words after which a shell begins a new command, and words that hand the rest of the line to one.
SEPARATORS = {"|", "||", "&&", ";", "&", "do", "then", "else", "(", ")", "{", "}", "done", "fi"}
PREFIXES = {"$", "xargs", "time", "exec", "env", "nohup", "!", "if", "while", "until"}


# Typed as Any: some releases of typer stand on click, others bring a click of their own.
GROUP: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = {name: GROUP.get_command(None, name) for name in GROUP.list_commands(None)}


def options(command: Any) -> list[str]:
    """The long names of a command's own options."""
    return [name for p in command.params for name in p.opts if name.startswith("--") and name != "--help"]


def code_lines() -> Iterator[str]:
    """Lines of README's fenced blocks that are for a shell, with continued lines joined."""
    for language, body in re.findall(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL):
        if language in ("", "sh", "bash", "shell", "console"):
            yield from body.replace("\\\n", " ").splitlines()


def evo_commands(line: str) -> Iterator[list[str]]:
    """The arguments of each `evo` that a shell line runs."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();|&")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # prose or output with an apostrophe
        return
    command: list[str] = []
    prefixed = False
    for word in [*words, ";"]:
        if word in SEPARATORS:
            if command and command[0] == "evo":
                yield [*command[1:], "runs/a"] if prefixed else command[1:]
            command, prefixed = [], False
        elif not command and word in PREFIXES:
            prefixed = word == "xargs"
        else:
            command.append(word)


README_COMMANDS = [arguments for line in code_lines() for arguments in evo_commands(line)]


def test_readme_shows_commands() -> None:
    """README shows the two commands of the set-up, and evo's own commands in use."""
    assert "make demo" in README
    assert "make test" in README
    assert len(README_COMMANDS) >= 5


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_readme(name: str) -> None:
    """README shows each command in a block that a reader can copy."""
    assert any(arguments[:1] == [name] for arguments in README_COMMANDS)


@pytest.mark.parametrize(
    ("command", "option"),
    [(name, option) for name, command in COMMANDS.items() for option in options(command)],
)
def test_every_option_stands_in_readme(command: str, option: str) -> None:
    """README names each option of each command."""
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", README), f"evo {command} {option}"


@pytest.mark.parametrize("arguments", README_COMMANDS, ids=" ".join)
def test_every_line_of_readme_parses(arguments: list[str]) -> None:
    """Each `evo …` that README shows is accepted by the command line as it is."""
    if not arguments or arguments[0].startswith("-"):
        assert set(arguments) <= {"--help", "--version", "--install-completion", "--show-completion"}
        return
    assert arguments[0] in COMMANDS
    command = COMMANDS[arguments[0]]
    try:
        context = command.make_context(arguments[0], arguments[1:])
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        pytest.fail(f"evo {' '.join(arguments)}: {error.format_message()}")
    name = arguments[0]
    if name == "train" and not any(mark in word for word in arguments for mark in "$<…*"):
        check_configuration(dict(context.params))


def check_configuration(params: dict[str, Any]) -> None:
    """Resolve what a `train` line asks for, unless that is a run, a file or a package that is not here."""
    task, impl, config = params["task"], params["impl"], params["config"]
    if f'\n{task} = "' in README or f'"{task}.{impl}" = "' in README:  # README's own entry points
        return
    if config and config not in SHIPPED:
        if not (ROOT / config).is_file():
            return
        config = str(ROOT / config)
    names = ("task", "impl", "device", "seed", "steps", "lr", "dtype", "threads")
    given = [f"{name}={params[name]}" for name in names if params[name] is not None]
    resolve_words([*given, *(params["assignments"] or ())], config)


def test_the_table_of_levels_is_whole() -> None:
    """README's table has a row for each implementation, and README names each task."""
    rows = re.findall(r"^\| *`(\w+)` *\|", README, re.MULTILINE)
    levels = list(dict.fromkeys(impl for impls in LEVELS.values() for impl in impls))
    assert [name for name in rows if name in levels] == levels
    for task in LEVELS:
        assert f"`{task}`" in README


def test_exit_codes_are_listed() -> None:
    """README's table of exit codes has a row for every one of them, and for no other."""
    table = re.search(r"^\| exit code .*\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table
    first_cells = re.findall(r"^\|([^|]*)\|", table[1], re.MULTILINE)
    assert [int(code) for cell in first_cells for code in re.findall(r"\d+", cell)] == list(ExitCode)


def test_the_files_of_a_run_are_listed() -> None:
    """README names each file of a run directory."""
    for name in ("losses.csv", "config.yaml", "run.json", "weights.npz"):
        assert name in README


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_every_example_of_help_parses(line: str) -> None:
    """Each line that a command's help ends with is accepted as it is, and shown in that help."""
    (arguments,) = evo_commands(line)
    COMMANDS[arguments[0]].make_context(arguments[0], arguments[1:])
    assert line in evo(arguments[0], "--help", cwd=ROOT).stdout


def test_help_groups_every_command() -> None:
    """`evo --help` shows each command once, below what one wants to do; options list tasks and levels."""
    text = evo("--help", cwd=ROOT).stdout
    assert all(f"{title}:\n" in text for title in GROUPS)
    assert [text.count(f"\n  {name} ") for name in COMMANDS] == [1] * len(COMMANDS)
    words = " ".join(evo("train", "--help", cwd=ROOT).stdout.split())
    levels = list(dict.fromkeys(impl for impls in LEVELS.values() for impl in impls))
    assert all(re.search(rf"\b{name}\b", words) for name in (*LEVELS, *levels))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_whole(name: str) -> None:
    """Each command says in its help what it does, and each of its options what it is for."""
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if parameter.name != "help":
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"
