"""Levels and tasks as lessons: for a terminal, as HTML and as Markdown."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape

from autograd_cli.display.highlight import html_code, pieces_of, stylesheet
from autograd_cli.display.terminal import Terminal
from autograd_cli.display.text import shown
from autograd_cli.lesson.keys import KeyDefault
from autograd_cli.lesson.level import Lesson
from autograd_cli.lesson.task import TaskLesson


def lesson_text(lesson: Lesson, keys: Sequence[KeyDefault], defaults_path: str) -> str:
    """The level for whoever reads stdout: what it teaches, its code, its keys."""
    terminal = Terminal.of_stdout()
    title = f"{lesson.task.name} / {lesson.spec.name}: {lesson.spec.teaches}"
    head = terminal.paint("title", terminal.prose(title).rstrip("\n")) + "\n"
    head += _paragraphs(lesson.docstring, terminal)
    facts = "".join(terminal.prose(f"{name}: {value}", "  ") for name, value in _facts(lesson, defaults_path))
    return "\n".join([head, facts, _code(lesson.code, terminal), _keys_text(keys, terminal)])


def lesson_markdown(lesson: Lesson, keys: Sequence[KeyDefault], defaults_path: str) -> str:
    """The same as Markdown."""
    from autograd_cli.display.tables import markdown_table  # it brings all that comparing runs needs

    title = f"## {lesson.task.name} / {lesson.spec.name}\n\n{lesson.spec.teaches}\n"
    facts = "".join(f"- {name}: {value}\n" for name, value in _facts(lesson, defaults_path))
    table = markdown_table(*_key_cells(keys, fixed=True))
    return "\n".join([title, f"{lesson.docstring}\n", facts, fenced("python", lesson.code), table])


def lesson_html(lesson: Lesson, keys: Sequence[KeyDefault], defaults_path: str) -> str:
    """The same as a piece of HTML with its own style."""
    facts = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in _facts(lesson, defaults_path)
    )
    return _article(
        "evo-lesson",
        f"<h2>{escape(lesson.task.name)} / {escape(lesson.spec.name)}</h2>",
        f"<p><strong>{escape(lesson.spec.teaches)}</strong></p>",
        *(f"<p>{escape(' '.join(text.split()))}</p>" for text in lesson.docstring.split("\n\n") if text),
        f"<table>{facts}</table>",
        f"<pre><code>{html_code(lesson.code)}</code></pre>",
        html_table(*_key_cells(keys, fixed=True)),
    )


def task_text(task: TaskLesson) -> str:
    """A task for whoever reads stdout: its data, its levels, its keys."""
    terminal = Terminal.of_stdout()
    title = f"{task.task.name}: {task.task.summary}"
    blocks = [
        terminal.paint("title", terminal.prose(title).rstrip("\n"))
        + "\n"
        + _paragraphs(task.about, terminal),
        terminal.paint("header", "data") + "\n" + _paragraphs(task.data, terminal, "  "),
        terminal.table(*_level_cells(task), right=frozenset({"lines"}))
        + "".join(terminal.prose(f"no {name}: {reason}", "  ") for name, reason in task.task.absent.items()),
        terminal.table(*_key_cells(task.keys)[:2]),
        terminal.prose(f"Defaults are those of {task.defaults_path}, data those of {task.problem_path}.")
        + terminal.prose(f"A level's code: evo show {task.task.name} LEVEL"),
    ]
    return "\n".join(blocks)


def task_markdown(task: TaskLesson) -> str:
    """The same as Markdown."""
    from autograd_cli.display.tables import markdown_table  # it brings all that comparing runs needs

    header, rows = _level_cells(task)
    absent = "".join(f"- no `{name}`: {reason}\n" for name, reason in task.task.absent.items())
    blocks = [
        f"## {task.task.name}\n\n{task.task.summary}\n",
        f"{task.about}\n",
        f"### Data\n\n{task.data}\n",
        f"### Levels\n\n{markdown_table(header, rows, frozenset({'lines'}))}\n{absent}",
        f"### Keys\n\n{markdown_table(*_key_cells(task.keys))}",
    ]
    return "\n".join(blocks)


def task_html(task: TaskLesson) -> str:
    """The same as a piece of HTML with its own style."""
    absent = "".join(
        f"<li>no {escape(name)}: {escape(reason)}</li>" for name, reason in task.task.absent.items()
    )
    return _article(
        "evo-lesson",
        f"<h2>{escape(task.task.name)}</h2>",
        *(f"<p>{escape(text)}</p>" for text in (task.task.summary, task.about, task.data)),
        html_table(*_level_cells(task)),
        f"<ul>{absent}</ul>" if absent else "",
        html_table(*_key_cells(task.keys)),
    )


LESSON_FORMATS: dict[str, Callable[[Lesson, Sequence[KeyDefault], str], str]] = {
    "text": lesson_text,
    "html": lesson_html,
    "markdown": lesson_markdown,
}
TASK_FORMATS: dict[str, Callable[[TaskLesson], str]] = {
    "text": task_text,
    "html": task_html,
    "markdown": task_markdown,
}


def fenced(language: str, text: str) -> str:
    """A block of code in Markdown, in a fence that the code itself does not close."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def html_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[str] = frozenset()
) -> str:
    """A table as HTML, with what is in `right` set flush right."""
    sides = [' style="text-align:right"' if name in right else "" for name in header]

    def line(tag: str, cells: Sequence[str]) -> str:
        pairs = zip(sides, cells, strict=True)
        return f"<tr>{''.join(f'<{tag}{side}>{escape(shown(cell))}</{tag}>' for side, cell in pairs)}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', header)}</thead><tbody>{body}</tbody></table>"


def counted(lesson: Lesson) -> str:
    """`27: init 6, forward 5, …`: the lines of code of a level, by verb."""
    verbs = ", ".join(f"{name} {count}" for name, count in lesson.lines.items())
    return f"{lesson.total_lines} of code; {verbs}"


def _article(kind: str, *parts: str) -> str:
    """A piece of HTML that shows the same wherever it is put, and says in which encoding it is."""
    head = ['<meta charset="utf-8">', f'<article class="{kind}">', f"<style>{stylesheet()}</style>"]
    return "\n".join([*head, *filter(None, parts), "</article>\n"])


def _facts(lesson: Lesson, defaults_path: str) -> Iterator[tuple[str, str]]:
    where = f"{lesson.path}:{lesson.first_line}" if lesson.path else "a class that is in no file"
    yield "file", where
    yield "runs on", ", ".join(lesson.spec.devices)
    yield "lines", counted(lesson)
    inherited = [f"{part.name} from {part.base}" for part in lesson.parts.values() if part.base]
    if inherited:
        yield "inherited", ", ".join(inherited)
    if lesson.below:
        yield "changes", f"evo diff {lesson.task.name} {lesson.below} {lesson.spec.name}"
    yield "defaults", defaults_path


def _paragraphs(text: str, terminal: Terminal, indent: str = "") -> str:
    """Prose, whose own lines are kept where they are indented, as formulas are."""
    blocks = []
    for block in text.split("\n\n"):
        if block.startswith((" ", "\t")):
            blocks.append("".join(f"{indent}{shown(line)}\n" for line in block.splitlines()))
        elif block.strip():
            blocks.append(terminal.prose(block, indent))
    return "\n".join(blocks)


def _code(code: str, terminal: Terminal) -> str:
    if not terminal.coloured:
        return code.expandtabs() if terminal.columns else code
    lines = pieces_of(code.expandtabs())
    return "".join(
        "".join(terminal.paint(kind, text) for kind, text in line).rstrip(" ") + "\n" for line in lines
    )


def _keys_text(keys: Sequence[KeyDefault], terminal: Terminal) -> str:
    free = [key for key in keys if not key.fixed]
    table = terminal.table(*_key_cells(free)[:2])
    fixed = ", ".join(f"{one.key.name}={one.default}" for one in keys if one.fixed)
    return table + (terminal.prose(f"This level takes only {fixed}.", "  ") if fixed else "")


def _key_cells(
    keys: Sequence[KeyDefault], *, fixed: bool = False
) -> tuple[list[str], list[list[str]], frozenset[str]]:
    """Header and cells of a table of keys; with `fixed`, of those that a level does not take, too."""
    rows = []
    for one in keys:
        if one.fixed and not fixed:
            continue
        allowed = f"only {one.default} here" if one.fixed else _in_powers(one.key.allowed)
        others = "".join(f"; {value} for {', '.join(names)}" for value, names in one.others.items())
        takes = f"; of {', '.join(one.key.levels)} alone" if one.key.levels and not one.fixed else ""
        line = "" if one.line is None else f"line {one.line}"
        rows.append([one.key.name, one.default, line, f"{one.key.help} ({allowed}){takes}{others}"])
    return ["key", "default", "set in", "meaning"], rows, frozenset()


def _in_powers(allowed: str) -> str:
    """`below 2^63` in the place of its nineteen digits."""
    return re.sub(
        r"\d{10,}",
        lambda one: f"2^{n}" if 2 ** (n := int(one[0]).bit_length() - 1) == int(one[0]) else one[0],
        allowed,
    )


def _level_cells(task: TaskLesson) -> tuple[list[str], list[list[str]]]:
    rows = []
    for spec, lesson in task.levels:
        if isinstance(lesson, Lesson):
            rows.append([spec.name, " ".join(spec.devices), str(lesson.total_lines), spec.teaches])
        else:
            rows.append([spec.name, " ".join(spec.devices), "-", str(lesson)])
    return ["level", "runs on", "lines", "teaches"], rows
