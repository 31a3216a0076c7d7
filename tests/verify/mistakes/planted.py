"""What every planted mistake says of itself."""

from typing import ClassVar


class Planted:
    """A level that is wrong.

    Attributes:
        task: of which task.
        called: what the complaint must say, as a regular expression; None where no name may be given, because
            no hypothesis is true of it.
        keys: settings at which the mistake shows, beside small sizes.

    """

    task: ClassVar[str] = "mlp"
    called: ClassVar[str | None] = None
    keys: ClassVar[tuple[str, ...]] = ()
