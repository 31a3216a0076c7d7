"""The whole evolution as one page, from the code that runs and from the runs that it made."""

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path

from autograd_cli.api.runs import AnyRun, Run
from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.registry import all_tasks, find_task
from autograd_cli.compare import filters
from autograd_cli.compare.evolution import Trained, choose_runs, find_runs
from autograd_cli.compare.filters import wanted_of, why_none
from autograd_cli.compare.published import SYSTEMS, TASK, our_level, published_losses
from autograd_cli.compare.verdicts import Judged, judged
from autograd_cli.config.files import ConfigFile, Setting, find_config, read_config_file
from autograd_cli.config.resolve import resolve
from autograd_cli.contract.keys import show
from autograd_cli.contract.task import LevelSpec
from autograd_cli.display.report.page import Chapter, Evolution, Printed, render
from autograd_cli.errors import ConfigError
from autograd_cli.lesson.level import Lesson, read_lesson
from autograd_cli.lesson.task import TaskLesson, read_task
from autograd_cli.runs.disk import write_whole
from autograd_cli.runs.record import SOURCE, RunRecord

_ENDINGS = (".html", ".htm")


class Report:
    """The page.

    Attributes:
        html: the whole of it; it needs nothing beside it, and asks no network for anything.
        complaints: a line about each run that could not be read, and so is not in it.
        levels: how many levels it shows.
        drawn: how many of them have a curve.

    """

    def __init__(self, html: str, complaints: Sequence[str], levels: int, drawn: int) -> None:
        self.html = html
        self.complaints = list(complaints)
        self.levels = levels
        self.drawn = drawn

    def write(self, output: str | PathLike[str]) -> Path:
        """Put the page into a file, in the place of an older one.

        Raises:
            ConfigError: another ending than .html, or it cannot be written.

        """
        path = check_output(output)
        try:
            write_whole(path, self.html.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise _cannot_write(path, error) from error
        return path

    def __repr__(self) -> str:
        """How much is on it."""
        return (
            f"<Report of {self.levels} levels, {self.drawn} of them with a curve, {len(self.html):,} bytes>"
        )


def check_output(output: str | PathLike[str]) -> Path:
    """Refuse a place that no page can be written to, as far as that can be told before there is one.

    Raises:
        ConfigError: another ending than .html, a folder, or a folder that is not there.

    """
    path = Path(fspath(output))
    if path.suffix.lower() not in _ENDINGS:
        raise ConfigError(f"output: '{path}' must end in .html", key="output")
    if path.is_dir():
        raise ConfigError(f"output: '{path}' is a folder", key="output")
    if not path.parent.is_dir():
        raise ConfigError(f"output: cannot write '{path}': there is no folder '{path.parent}'", key="output")
    return path


def _cannot_write(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"output: cannot write '{path}': {error.strerror}", key="output")


def report(
    runs: AnyRun | Sequence[AnyRun] = "runs/*",
    *,
    task: str | Setting | None = None,
    where: str | Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    lang: str = "en",
    verdicts: str | PathLike[str] | None = None,
) -> Report:
    """The page: a chapter a level, with its code, what it changes, its curve and its cost; and all at once.

    Of several runs of a level that one stands for it which is nearest to the level's defaults, and of those
    the newest. Nothing is trained, and no level's code is run.

    Args:
        runs: runs, and paths and patterns of run directories.
        task: tasks to show, with commas between them; all of them by default.
        where: conditions that runs must fulfil: `"lr>5e-7 seed=0..3"`, or several such texts.
        since: runs begun then or later: `today`, `yesterday`, `2h`, `2026-11-24`.
        until: runs begun before the end of that.
        lang: the language of the page: `en` or `zh`.
        verdicts: the file that `evo verify --report` has written.

    Raises:
        ConfigError: there is no such task, run, language or file of verdicts, or what draws is not installed.

    """
    names = None if task is None else Setting.of("task", task)
    tasks = (
        list(all_tasks())
        if names is None
        else [find_task(name, names.where).name for name in names.text.split(",")]
    )
    found = {} if verdicts is None else _verdicts(Path(fspath(verdicts)))
    given = [runs] if isinstance(runs, str | PathLike | Run) else runs
    patterns = [fspath(one) for one in given if not isinstance(one, Run)]
    place = f" at {' '.join(patterns)}" if patterns else ""
    records, complaints = find_runs(patterns)
    records += [one.record for one in given if isinstance(one, Run) and one.record.config]
    records = [record for record in records if record.config.get("task") in tasks]
    if not records:
        what = f" of task {names.text}" if names else ""
        raise ConfigError(f"runs: there is no run{what}{place}", key="runs")
    wanted = wanted_of(where, since, until)
    fulfilling = filters.choose_runs(records, wanted)
    if not fulfilling:
        raise ConfigError(f"nothing to report: {why_none(records, wanted)}")
    chosen, more = choose_runs(fulfilling)
    if not chosen:
        raise ConfigError(f"runs: no run{place} holds losses", key="runs", details=more)
    parts = [_task(read_task(all_tasks()[name]), chosen, found) for name in tasks]
    printed = _printed(fulfilling) if TASK in tasks else []
    html = render(Evolution(parts, printed, len(fulfilling)), lang)
    chapters = [chapter for _, each in parts for chapter in each]
    return Report(html, complaints + more, len(chapters), sum(one.trained is not None for one in chapters))


def _task(
    task: TaskLesson,
    chosen: dict[tuple[str, str], Trained],
    verdicts: dict[tuple[str, str], Judged],
) -> tuple[TaskLesson, list[Chapter]]:
    name = task.task.name
    lessons = {spec.name: lesson for spec, lesson in task.levels}
    # Levels of the user's own come after those of the task, with the source that is there now.
    own = [impl for of, impl in chosen if of == name and impl not in lessons]
    levels = list(task.levels) + [_own(task, impl, chosen[name, impl].record) for impl in own]
    chapters = []
    for spec, lesson in levels:
        below = lessons.get(lesson.below or "") if isinstance(lesson, Lesson) else None
        cell = (name, spec.name)
        chapters.append(
            Chapter(
                spec,
                lesson,
                below if isinstance(below, Lesson) else None,
                chosen.get(cell),
                verdicts.get(cell),
            )
        )
    return task, chapters


def _verdicts(path: Path) -> dict[tuple[str, str], Judged]:
    from autograd_cli.verify.report import read_report  # it brings what verifying needs

    return judged(read_report(path, "verdicts").verdicts)


def _own(task: TaskLesson, impl: str, record: RunRecord) -> tuple[LevelSpec, Lesson | ConfigError]:
    """A level of the user's own, by the source that its run has kept."""
    teaches = "a level of your own"
    spec = LevelSpec(impl, "", teaches, task.task.model, takes_all=True)
    kept = Path(record.path) / SOURCE
    name = f"{kept}:{impl.rpartition(':')[2]}" if kept.is_file() else impl
    try:
        lesson = read_lesson(Cell(task.task, LevelSpec(name, "", teaches, task.task.model, takes_all=True)))
    except ConfigError as error:
        return spec, error
    return spec, lesson


def _printed(records: Sequence[RunRecord]) -> list[Printed]:
    """What the documents print, each system with our runs that train the same."""
    found = []
    for system, config in SYSTEMS.items():
        file = read_config_file(find_config(config)) if config else None
        curves = {program: curve for (of, program), curve in published_losses().items() if of == system}
        levels = list(dict.fromkeys(filter(None, (our_level(system, program) for program in curves))))
        same = [record for record in records if record.config.get("impl") in levels]
        ours = {
            impl: trained
            for (task, impl), trained in _trained_alike(same, file, curves).items()
            if task == TASK
        }
        found.append(
            Printed(
                system,
                curves,
                {name: ours[name] for name in levels if name in ours},
                config,
                _facts(levels[0], file),
            )
        )
    return found


def _trained_alike(
    records: Sequence[RunRecord], file: ConfigFile | None, curves: Mapping[str, Mapping[int, float]]
) -> dict[tuple[str, str], Trained]:
    """Our runs of a configuration, as far as the documents' curves of it go."""
    last = max(map(max, curves.values()))
    return choose_runs(records, file, until=last, aside={"steps", "dtype"})[0]


def _facts(level: str, file: ConfigFile | None) -> dict[str, str]:
    given = {"task": Setting(TASK, "task"), "impl": Setting(level, "impl")}
    config = resolve(given, file)[1]
    return {"n": show(config.options["N"]), "lr": show(config.lr)}
