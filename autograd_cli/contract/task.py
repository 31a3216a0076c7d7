"""How a task describes itself: plain data, so that listing it imports no framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograd_cli.contract.keys import Key, Value


@dataclass(frozen=True)
class LevelSpec:
    """One level of a task, as a row of the task's table.

    Attributes:
        name: the value of `impl`; the level's file in the task's folder has the same name.
        target: the level's class, `module:Class`; a module that begins with a dot is looked for in the task's
            package. Empty for a level that exists for many runs only: `batch_target` then serves one run,
            too.
        teaches: one line, what this level shows that the level below does not.
        model: levels with the same model compute the same function of the same parameters.
        devices: values of `device` that it runs on.
        batch_target: the class that takes many problems and configurations as one program, in the form of
            `target`.
        takes_all: whether it may be given any value of any key, because nobody has said which of them it
            reads.
        extra: the extra of this package, and the library of that name, that the level needs.
        compiles: whether it has a C++ compiler translate it in its first step, which takes so long that it is
            verified only where somebody names it.

    """

    name: str
    target: str
    teaches: str
    model: str
    devices: tuple[str, ...] = ("cpu", "cuda")
    batch_target: str | None = None
    takes_all: bool = False
    extra: str | None = None
    compiles: bool = False


@dataclass(frozen=True)
class Task:
    """One training problem and its levels, lowest first.

    Attributes:
        name: the value of `task`, of the folder in `tasks/` and of the file in `configs/`.
        package: where its modules are imported from, `problem` among them.
        summary: one line, what is trained on what.
        keys: the task's own configuration keys, beside those that every task has.
        levels: the levels.
        absent: levels of other tasks that would make no sense here, each with the reason in one line.
        references: the NumPy program that levels of a model are held against, `module:Class`; it has a
            forward() and a backward(), and verify brings the rule of update. Without an entry the lowest
            level, which must then be of the same model and have a rule of its own.
        cost: the function that tells what a step takes at the least, `module:function`; see
            `contract/cost.py`. Without one nobody knows.
        odd_shapes: sizes at which mistakes show that the usual ones hide, such as a single example.
        retired: keys of earlier versions that old files may still hold, with the one value that changes
            nothing.

    """

    name: str
    package: str
    summary: str
    keys: tuple[Key, ...]
    levels: tuple[LevelSpec, ...]
    absent: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    cost: str | None = None
    odd_shapes: tuple[Mapping[str, int], ...] = ()
    retired: Mapping[str, Value] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The lowest level's model, which a level from outside is taken to have unless it says otherwise."""
        return self.levels[0].model

    @property
    def plain(self) -> dict[str, Value]:
        """The start and the rule of update that every level can be configured to have."""
        return {key.name: key.plain for key in self.keys if key.plain is not None}
