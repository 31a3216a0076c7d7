"""The graph that autograd built, to look at or to walk."""

from autograd_cli.api.given import Config, Given, LevelName, classes_in, file_of, level_of, settings_of
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import resolve
from autograd_cli.display.graphs import GRAPH_FORMATS, accumulation_table
from autograd_cli.errors import EvoError, choose
from autograd_cli.graph import Node, read_accumulation, read_graph


class Graph:
    """The graph of one forward pass; it prints itself as a tree, and draws itself in a notebook.

    Attributes:
        root: the loss's node, from which all others can be walked to.

    """

    def __init__(self, root: Node) -> None:
        self.root = root

    def text(self, format: str = "tree") -> str:  # noqa: A002 - the word that the command line has for it
        """The graph as `tree`, `dot`, `mermaid` or `svg`.

        Raises:
            EvoError: another format, or one that needs what is not installed.

        """
        return choose(format, GRAPH_FORMATS, "format")(self.root)

    def __repr__(self) -> str:
        """The tree."""
        return self.text()

    def _repr_svg_(self) -> str | None:
        try:
            return self.text("svg")
        except EvoError:
            return None


def graph(
    task: str | Setting | None = None,
    impl: LevelName | None = None,
    *,
    config: Config | None = None,
    trust: bool = False,
    **keys: Given,
) -> Graph:
    """The graph of one forward pass at the start; the arguments are those of `train`.

    Raises:
        ConfigError: an argument that cannot be used.
        NoGraphError: the level writes its gradients by hand.

    """
    given = settings_of({"task": task, "impl": level_of(impl), **keys})
    return Graph(read_graph(*resolve(given, file_of(config, given, trust=trust), classes_in(impl))))


def accumulation(
    task: str | Setting | None = None,
    impl: LevelName | None = None,
    *,
    config: Config | None = None,
    trust: bool = False,
    **keys: Given,
) -> str:
    """What a second backward() through the graph adds to each .grad, as a table; otherwise as `graph`."""
    given = settings_of({"task": task, "impl": level_of(impl), **keys})
    rows = read_accumulation(*resolve(given, file_of(config, given, trust=trust), classes_in(impl)))
    return accumulation_table(rows)
