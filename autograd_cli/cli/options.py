"""Arguments and options that several commands have, and how they reach the library as settings."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

from autograd_cli.cli.completion import complete_assignment, complete_config, complete_impl, complete_task

Assignments = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Hyperparameters.", autocompletion=complete_assignment),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(help="YAML file, run directory, or shipped name.", autocompletion=complete_config),
]
TrustOption = Annotated[
    bool, typer.Option("--trust", help="Run the code that the run named by --config has kept.")
]
DevicesOption = Annotated[
    str | None,
    typer.Option(metavar="INTS", help="GPUs for cuda, a run on each; all of them by default."),
]
RunsDirOption = Annotated[str, typer.Option(metavar="PATH", help="Folder for run directories.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print the run directories alone.")]


def whole_number(text: str) -> int:
    """How many workers `text` means.

    Raises:
        ConfigError: it is no whole number.

    """
    from autograd_cli.contract.keys import whole
    from autograd_cli.errors import ConfigError

    try:
        return whole(text)
    except ValueError as error:
        raise ConfigError(f"workers: {error}", key="workers") from None


# Options whose names are keys of the configuration.
CELL: dict[str, Any] = {
    "task": Annotated[
        str | None, typer.Option(help="mlp, sin, linear or softmax.", autocompletion=complete_task)
    ],
    "impl": Annotated[
        str | None,
        typer.Option(
            help="numpy, tensor, autograd, function, nn, optim, module, functional, dynamic, batched, gram, "
            "compile, jax or batched_function; FILE.py:Class for your own.",
            autocompletion=complete_impl,
        ),
    ],
}
ONE_RUN: dict[str, Any] = CELL | {
    "device": Annotated[str | None, typer.Option(help="cpu or cuda.")],
    "seed": Annotated[str | None, typer.Option(metavar="INT", help="Seed of data, start and control flow.")],
    "steps": Annotated[str | None, typer.Option(metavar="INT", help="Number of training steps.")],
    "lr": Annotated[str | None, typer.Option(metavar="FLOAT", help="Learning rate.")],
    "dtype": Annotated[str | None, typer.Option(help="float32 or float64.")],
    "threads": Annotated[str | None, typer.Option(metavar="INT", help="Threads of a matrix product.")],
}
MANY_RUNS: dict[str, Any] = ONE_RUN | {
    "seed": Annotated[str | None, typer.Option(metavar="INTS", help="Seeds.")],
    "steps": Annotated[str | None, typer.Option(metavar="INTS", help="Number of training steps.")],
    "lr": Annotated[str | None, typer.Option(metavar="FLOATS", help="Learning rates.")],
    "threads": Annotated[str | None, typer.Option(metavar="INTS", help="Threads of a matrix product.")],
}


def with_keys(
    options: Mapping[str, Any], arguments: Any = Assignments
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command that also has `options` and KEY=VALUE arguments, and gets them as settings by key: `keys`.

    An argument without `=` comes first, as `files`, where the command has such a parameter.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(command).parameters
        own = [p for p in parameters.values() if p.name not in ("keys", "files")]
        takes_files = "files" in parameters

        @wraps(command)
        def run(**given: Any) -> None:
            from autograd_cli.config.files import Setting  # help must not wait for YAML
            from autograd_cli.config.resolve import gather, parse_assignment

            words: list[str] = list(given.pop("assignments") or ())
            files = [word for word in words if takes_files and "=" not in word]
            texts = {key: given.pop(key) for key in options}
            settings = [(key, Setting(text, f"--{key}")) for key, text in texts.items() if text is not None]
            settings += [parse_assignment(word) for word in words if word not in files]
            command(keys=gather(settings), **({"files": files} if takes_files else {}), **given)

        shared = {"assignments": arguments, **options}
        kind = inspect.Parameter.KEYWORD_ONLY
        first = [
            inspect.Parameter(name, kind, default=None, annotation=hint) for name, hint in shared.items()
        ]
        last = [p.replace(kind=kind) for p in own]
        run.__signature__ = inspect.Signature([*first, *last])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*first, *last]}
        return run

    return decorate
