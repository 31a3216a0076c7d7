"""`evo train`."""

from typing import TYPE_CHECKING, Annotated

import typer

from autograd_cli.cli.options import ONE_RUN, ConfigOption, JsonOption, RunsDirOption, TrustOption, with_keys

if TYPE_CHECKING:
    from autograd_cli.config.files import Setting
    from autograd_cli.contract.config import RunConfig


@with_keys(ONE_RUN)
def train(
    keys: "dict[str, Setting]",
    config: ConfigOption = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the run directory; {lr} is the value of lr.")
    ] = None,
    runs_dir: RunsDirOption = "runs",
    trust: TrustOption = False,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Show every key, its value and its range; train nothing.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run directory alone.")] = False,
    json: JsonOption = False,
) -> None:
    """Train one implementation of one task and record the run."""
    import autograd_cli as evo
    from autograd_cli.catalogue.files import names_class
    from autograd_cli.cli.ending import collect_from_here, exit_code
    from autograd_cli.display.streams import tell
    from autograd_cli.display.training import open_screen
    from autograd_cli.training.signals import Interruption

    if show_config:
        from autograd_cli.api.given import file_of
        from autograd_cli.config.resolve import explain
        from autograd_cli.display.settings import settings_table
        from autograd_cli.display.streams import put

        put(settings_table(explain(keys, file_of(config, keys, trust=trust))))
        return
    screen = open_screen("json" if json else "quiet" if quiet else "table")

    def begin(resolved: "RunConfig") -> None:
        collect_from_here()
        if config and "impl" not in keys and names_class(resolved.impl):
            tell(f"note: runs the code of {resolved.impl}")
        screen.start(resolved)

    with Interruption() as interruption, screen:
        run = evo.train(
            config=config,
            name=name,
            trust=trust,
            runs_dir=runs_dir,
            on_load=screen.load,
            on_start=begin,
            on_batch=screen.show,
            interruption=interruption,
            **keys,
        )
    screen.finish(run.record)
    if run.record.not_honoured:
        tell(
            f"note: {run.config.impl} has not honoured {', '.join(run.record.not_honoured)}; run.json says so"
        )
    raise typer.Exit(exit_code(run.status, interruption.signal))
