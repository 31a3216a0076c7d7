"""`evo list`."""

from autograd_cli.display.streams import put


def list_() -> None:
    """Show the tasks and their levels: what each teaches and where it runs."""
    import autograd_cli as evo
    from autograd_cli.display.tables import levels_table

    put(levels_table(list(evo.tasks().values())))
