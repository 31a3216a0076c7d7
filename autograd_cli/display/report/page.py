"""From lessons, runs and verdicts to the page."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from html import escape
from itertools import combinations
from pathlib import Path
from shlex import quote
from typing import Any

from autograd_cli.compare.evolution import Curve, Trained
from autograd_cli.compare.published import our_level
from autograd_cli.compare.verdicts import Judged
from autograd_cli.contract.keys import show
from autograd_cli.contract.task import LevelSpec
from autograd_cli.display.highlight import html_code, stylesheet
from autograd_cli.display.report.charts import (
    Series,
    charts,
    curve_for_page,
    drawing,
    json_for_page,
    picture,
    series_for_page,
    vega_script,
)
from autograd_cli.display.report.words import Words
from autograd_cli.display.steps import html_change
from autograd_cli.display.text import duration, shown
from autograd_cli.display.theme import SERIES, SERIES_DARK, dash_of
from autograd_cli.errors import ConfigError
from autograd_cli.lesson.level import Lesson
from autograd_cli.lesson.step import Step
from autograd_cli.lesson.task import TaskLesson
from autograd_cli.version import __version__

# Where runs of one figure are so different in length, their steps stand on a log axis.
_LENGTHS_MAX = 4

# Two curves that nobody could tell apart in a picture.
_ALIKE = 0.01


@dataclass(frozen=True)
class Chapter:
    """A level of a task: what is known of it.

    Attributes:
        spec: the level.
        lesson: its source, or why there is none to show.
        below: the lesson of the level that it starts from, if any.
        trained: its run, if one was given.
        judged: its verdict, if one was given.

    """

    spec: LevelSpec
    lesson: Lesson | ConfigError
    below: Lesson | None = None
    trained: Trained | None = None
    judged: Judged | None = None


@dataclass(frozen=True)
class Printed:
    """A document's system.

    Attributes:
        system: its name.
        curves: what each of its programs prints, loss by step.
        ours: our runs of the same configuration, by level.
        config: that configuration.
        facts: what the heading says of it.

    """

    system: str
    curves: Mapping[str, Mapping[int, float]]
    ours: Mapping[str, Trained]
    config: str | None
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Evolution:
    """All that the page shows.

    Attributes:
        tasks: each task with its chapters.
        printed: the documents' systems, if their task is shown.
        runs: how many runs were given.

    """

    tasks: Sequence[tuple[TaskLesson, Sequence[Chapter]]]
    printed: Sequence[Printed] = field(default_factory=tuple)
    runs: int = 0


def render(evolution: Evolution, lang: str) -> str:
    """The page in a language.

    Raises:
        ConfigError: there is no such language, or what draws and renders is not installed.

    """
    t = Words(lang)
    charts()
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise ConfigError(
            "the report needs what is not installed; pip install 'autograd-cli[report]'"
        ) from None
    page = _Page(t, Markup)
    tasks = [page.task(task, chapters) for task, chapters in evolution.tasks]
    published = [page.printed(one) for one in evolution.printed]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    drawings = {x: drawing(x, t(f"axis_{name}"), t("axis_loss")) for x, name in _AXES.items()}
    levels = [level for task in tasks for level in task["levels"]]
    _set_bars(levels)
    text: str = environment.get_template("page.html.j2").render(
        t=t,
        tasks=tasks,
        published=published,
        runs=evolution.runs,
        level_count=len(levels),
        version=__version__,
        code_css=Markup(stylesheet()),  # noqa: S704 - files of this package
        page_css=Markup(f"{_palette()}\n{_file('page.css')}"),  # noqa: S704
        page_js=Markup(_file("page.js")),  # noqa: S704
        vega=Markup(vega_script().replace("</script", "<\\/script")),  # noqa: S704
        curves=Markup(json_for_page({k: curve_for_page(v) for k, v in page.curves.items()})),  # noqa: S704
        drawing=Markup(json_for_page(drawings)),  # noqa: S704
    )
    return text


_AXES = {"linear": "step", "log": "count"}


class _Page:
    """What the template shows, put together figure by figure.

    Attributes:
        curves: each curve that some figure shows, by its name.

    """

    def __init__(self, words: Words, markup: Any) -> None:
        self.t = words
        self.markup = markup
        self.curves: dict[str, Curve] = {}

    def task(self, task: TaskLesson, chapters: Sequence[Chapter]) -> dict[str, Any]:
        name = task.task.name
        for chapter in chapters:
            if chapter.trained:
                self.curves[f"{name}/{chapter.spec.name}"] = chapter.trained.curve
        trained = [chapter for chapter in chapters if chapter.trained]
        colours = {chapter.spec.name: i for i, chapter in enumerate(chapters)}
        opening = self.figure(
            f"{name}-all", self.t("all_curves", task=name), [self._line(name, c, colours) for c in trained]
        )
        return {
            "id": _id(name),
            "name": name,
            "summary": self.t.of_task(name, task.task.summary),
            "about": self.prose(task.about)[0],
            "data": self.prose(task.data),
            "absent": task.task.absent,
            "opening": opening,
            "levels": [self.level(name, chapter, chapters, colours) for chapter in chapters],
        }

    def level(
        self, task: str, chapter: Chapter, chapters: Sequence[Chapter], colours: Mapping[str, int]
    ) -> dict[str, Any]:
        name, lesson, trained, t = chapter.spec.name, chapter.lesson, chapter.trained, self.t
        below = next((c for c in chapters if chapter.below and c.spec is chapter.below.spec), None)
        level: dict[str, Any] = {
            "id": _id(f"{task}-{name}"),
            "name": name,
            "teaches": t.of_level(name, chapter.spec.teaches),
            "train_command": f"evo train --task {task} --impl {quote(name)}",
            "docstring": [],
            "code": None,
            "lines": None,
            "below": None,
            "figure": None,
            "run": None,
            "formula": trained.record.result if trained else None,
            "last_loss": _loss(trained) or (t(f"status_{trained.record.status}") if trained else None),
            "step_s": trained.step_s if trained else None,
            "step_time": duration(trained.step_s) if trained and trained.step_s else None,
            **self._verdict(task, name, chapter.judged),
        }
        if isinstance(lesson, Lesson):
            verbs = t("comma").join(f"{t(f'part_{verb}')} {count}" for verb, count in lesson.lines.items())
            level |= {
                "docstring": self.prose(lesson.docstring),
                "code": self.markup(html_code(lesson.code)),
                "code_facts": t("code_of", path=_place(lesson), lines=lesson.total_lines, verbs=verbs),
                "lines": lesson.total_lines,
            }
            if chapter.below:
                level |= self._step(Step(chapter.below, lesson))
        else:
            level["code_missing"] = str(lesson)
        if trained:
            shown_chapters = [c for c in (below, chapter) if c and c.trained]
            with_below = len(shown_chapters) == 2 and below is not None
            title = (
                t("curve_of", level=name, below=below.spec.name)
                if with_below and below
                else t("curve_alone", level=name)
            )
            series = [self._line(task, c, colours) for c in shown_chapters]
            level |= {"figure": self.figure(f"{task}-{name}", title, series), "run": self._run(trained)}
        return level

    def printed(self, printed: Printed) -> dict[str, Any]:
        t = self.t
        names = list(dict.fromkeys(filter(None, (our_level(printed.system, one) for one in printed.curves))))
        colours = {name: i for i, name in enumerate(names)}
        series = []
        last = max(max(curve) for curve in printed.curves.values())
        for level, trained in printed.ours.items():
            key = f"{printed.system}/{level}"
            self.curves[key] = trained.curve
            series.append(Series(key, level, _colour(colours[level]), dash_of(colours[level])))
        rows = []
        steps = sorted({step for step in (0, 10, 19, 60, 100) if step <= last} | {last})
        for implementation, curve in printed.curves.items():
            ours = our_level(printed.system, implementation)
            name = (
                t("published_of", level=ours)
                if ours
                else t("published_wrong", implementation=implementation.partition(" (")[0])
            )
            key = f"{printed.system}/{implementation} printed"
            self.curves[key] = Curve(list(curve), list(curve.values()))
            colour = _colour(colours[ours]) if ours else "var(--soft)"
            series.append(Series(key, ours or name, colour, kind="published", label=name))
            rows.append({"name": name, "cells": [_digits(curve.get(step)) for step in steps]})
            if ours and ours in printed.ours:
                own = printed.ours[ours].curve
                known = dict(zip(own.steps, own.losses, strict=True))
                rows.append({"name": ours, "cells": [_digits(known.get(step)) for step in steps]})
        missing = next((name for name in names if name not in printed.ours), None)
        option = f" --config {printed.config}" if printed.config else " --task mlp"
        title = t("published_system", system=t.of_system(printed.system), **printed.facts)
        return {
            "title": title,
            "figure": self.figure(f"printed-{printed.system}", "", series),
            "train_command": f"evo sweep{option} --impl {','.join(names)}" if missing else None,
            "steps": steps,
            "rows": rows,
        }

    def figure(self, name: str, title: str, series: Sequence[Series]) -> dict[str, Any] | None:
        """A figure of curves, which must be among the page's; None where there is no point to draw."""
        zeros = sum(self.curves[one.curve].zeros for one in series)
        points = {one.curve: sum(map(_is_drawn, self.curves[one.curve].losses)) for one in series}
        series = [one for one in series if points[one.curve]]
        if not series:
            return None
        series = [replace(one, kind="point") if points[one.curve] == 1 else one for one in series]
        lengths = [self.curves[one.curve].steps[-1] + 1 for one in series]
        x = "log" if max(lengths) > _LENGTHS_MAX * min(lengths) else "linear"
        shift = int(x == "log")
        series = [replace(one, shift=shift) for one in _widened(series, self.curves)]
        svg = picture(
            series, self.curves, x, self.t(f"axis_{_AXES[x]}"), self.t("axis_loss"), _id(f"picture-{name}")
        )
        return {
            "id": _id(f"figure-{name}"),
            "title": title,
            "switches": list({one.name: one for one in reversed(series)}.values())[::-1],
            "svg": self.markup(svg),
            "data": self.markup(series_for_page(series, x)),
            "zeros": zeros,
        }

    def prose(self, text: str) -> list[Any]:
        """Paragraphs of a docstring as HTML, with what stands in backquotes as code."""
        blocks = [" ".join(block.split()) for block in text.split("\n\n") if block.strip()] or [""]
        return [self.markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(block))) for block in blocks]

    def _line(self, task: str, chapter: Chapter, places: Mapping[str, int]) -> Series:
        name = chapter.spec.name
        return Series(f"{task}/{name}", name, _colour(places[name]), dash_of(places[name]))

    def _step(self, step: Step) -> dict[str, Any]:
        t = self.t
        changes = [change for change in step.changes if not change.is_none]
        same = t("comma").join(t(f"part_{change.name}") for change in step.changes if change.is_none)
        removed, added = (
            sum(c.removed for c in changes),
            sum(c.added for c in changes),
        )
        lead = t("changes_none")
        if changes:
            name = "changes_lead" if same else "changes_lead_all"
            lead = t(name, removed=removed, added=added, **({"same": same} if same else {}))
        return {
            "below": step.lower.spec.name,
            "changes_lead": lead,
            "changes": [(t(f"part_{c.name}"), self.markup(html_change(c))) for c in changes],
        }

    def _verdict(self, task: str, level: str, judged: Judged | None) -> dict[str, Any]:
        t = self.t
        if judged is None:
            return {
                "verdict_kind": "soft",
                "verdict_sign": "",
                "verdict_text": t("verified_not"),
                "verdict_lines": [],
                "not_shown": [],
                "verify_command": f"evo verify --task {task} --impl {quote(level)}",
            }
        text = t("verified_failed")
        if judged.passed:
            known = judged.tolerance is not None
            text = t("verified_ok", tolerance=f"{judged.tolerance:g}") if known else t("verified_ok_plain")
        return {
            "verdict_kind": "good" if judged.passed else "bad",
            "verdict_sign": "✓" if judged.passed else "✗",
            "verdict_text": text,
            "verdict_lines": [shown(line) for line in (*judged.complaints, *judged.reach)],
            "not_shown": [shown(line) for line in judged.not_shown],
            "verify_command": None,
        }

    def _run(self, trained: Trained) -> str:
        t, record = self.t, trained.record
        status = t(f"status_{record.status}")
        about = t("run_of", run=shown(Path(record.path).name), status=status, steps=record.steps)
        pairs = t("comma").join(f"{key}={show(value)}" for key, value in trained.differs.items())
        parts = [about, t("run_differs", keys=shown(pairs)) if pairs else t("run_defaults")]
        sentence = t("comma").join(parts)
        others = t("run_others", count=trained.others) if trained.others else ""
        stop = "。" if t.html.startswith("zh") else "."
        return f"{sentence}{stop} {others}".strip()


def _colour(place: int) -> str:
    """The colour of the series of that place, as the page's style sheet calls it, on light and on dark."""
    return f"var(--series-{place % len(SERIES)})"


def _palette() -> str:
    """The colours of series as CSS: on paper, and where the reader wants it dark."""

    def root(colours: Sequence[str]) -> str:
        return f":root {{ {' '.join(f'--series-{i}: {colour};' for i, colour in enumerate(colours))} }}"

    return f"{root(SERIES)}\n@media screen and (prefers-color-scheme: dark) {{ {root(SERIES_DARK)} }}"


def _widened(series: Sequence[Series], curves: Mapping[str, Curve]) -> list[Series]:
    """Of series whose curves lie on each other the first ones wider, so that each can be seen."""
    later = [0] * len(series)
    for (i, one), (_, other) in combinations(enumerate(series), 2):
        if one.kind == other.kind == "run":
            later[i] += _alike(curves[one.curve], curves[other.curve])
    wider = 3 if max(later, default=0) < 3 else 1.6
    return [
        replace(one, width=2 + wider * count, dash=() if count else one.dash)
        for one, count in zip(series, later, strict=True)
    ]


def _alike(one: Curve, other: Curve) -> bool:
    if one.steps[-1] != other.steps[-1]:
        return False
    known = dict(zip(other.steps, other.losses, strict=True))
    pairs = [(a, known[s]) for s, a in zip(one.steps, one.losses, strict=True) if s in known]
    close = [
        math.isclose(a, b, rel_tol=_ALIKE) for a, b in pairs if a is not None and b is not None and b > 0
    ]
    return sum(close) > 0.5 * len(close)


def _is_drawn(loss: float | None) -> bool:
    return loss is not None and loss > 0


def _set_bars(levels: Sequence[dict[str, Any]]) -> None:
    """How long each bar of the table is: lines from zero, times on a log scale, whose least has a stub."""
    most = max((level["lines"] or 0 for level in levels), default=0)
    logs = [math.log10(level["step_s"]) for level in levels if level["step_s"]]
    for level in levels:
        level["lines_bar"] = f"{5 * (level['lines'] or 0) / most:.2f}" if most else "0"
        if level["step_s"]:
            low, high = min(logs), max(logs)
            share = (math.log10(level["step_s"]) - low) / (high - low) if high > low else 1
            level["time_bar"] = f"{0.4 + 4.6 * share:.2f}"


def _place(lesson: Lesson) -> str:
    """A level's file as it lies in its package: where the package lies is nobody else's concern."""
    package = lesson.task.package.replace(".", "/")
    _, found, inside = lesson.path.replace("\\", "/").rpartition(f"{package}/")
    return f"{package}/{inside}" if found else Path(lesson.path).name


def _loss(trained: Trained | None) -> str | None:
    return _digits(trained.record.last_loss) if trained and trained.record.last_loss is not None else None


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.5g}"


def _id(name: str) -> str:
    """`name` as an id that needs no quoting anywhere; what it may not hold stands there by its number."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda one: f"_{ord(one[0]):x}", name)


@cache
def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
