"""`evo show` and `evo diff`, as they are typed."""

import re
from pathlib import Path

import pytest

import autograd_cli as evo
from autograd_cli.contract.keys import show as text_of
from tests.cli.test_completion import complete
from tests.helpers import LEVELS, ROOT, TASKS, config_of, every_cell, refused
from tests.helpers import evo as command
from tests.lesson.test_level import lesson_of
from tests.processes import on_terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MINE = 'class Mine:\n    def forward(self):\n        return \'<b>\', """\n```\x1b]0;title\x07"""\n'


def output(*arguments: object, cwd: Path) -> str:
    """What a command prints on a pipe that ends well."""
    done = command(*arguments, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@every_cell
def test_show_holds_the_level_s_code_and_its_defaults(tmp_path: Path, task: str, impl: str) -> None:
    """Each level is shown with its very code, and each key with the value that a run would have."""
    told = output("show", task, impl, cwd=tmp_path)
    source = (ROOT / "autograd_cli" / "tasks" / task / f"{impl}.py").read_text(encoding="utf-8")
    assert source.partition('"""\n\n')[2] in told
    config = config_of(task, impl)
    for key in evo.show(task, impl).keys:
        assert key.key.parse(key.default) == config.to_dict()[key.key.name]
        assert key.fixed or re.search(rf"^  {key.key.name} +{re.escape(key.default)} ", told, re.MULTILINE)
        if key.fixed:
            assert f"{key.key.name}={text_of(key.key.plain)}" in told


def test_a_level_of_one_s_own_has_the_defaults_of_a_run_of_it(tmp_path: Path) -> None:
    """What a class calls its model decides which settings it is trained with: those are shown."""
    path = tmp_path / "mine.py"
    path.write_text("class Mine:\n    model = 'dynamic'\n    def forward(self): ...\n")
    config = config_of("mlp", f"{path}:Mine")
    for key in evo.show("mlp", f"{path}:Mine").keys:
        assert key.key.parse(key.default) == config.to_dict()[key.key.name]
    assert config.momentum == 0.9


def test_a_default_says_where_it_is_set(tmp_path: Path) -> None:
    """The line that a key's default is said to stand in is the line of the file that has it."""
    lines = (ROOT / "configs" / "mlp.yaml").read_text(encoding="utf-8").splitlines()
    found = {key.key.name: key for key in evo.show("mlp", "nn").keys if key.line}
    assert {"lr", "N", "seed"} <= set(found)
    for name, key in found.items():
        assert key.line
        assert lines[key.line - 1].split("#")[0].split() == [f"{name}:", key.default]
    assert "line" in output("show", "mlp", "nn", cwd=tmp_path)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_shown_with_its_levels_and_keys(tmp_path: Path, task: str) -> None:
    """A task shows its data, each level with its lines of code, and where levels differ by default."""
    told = output("show", task, cwd=tmp_path)
    for impl in LEVELS[task]:
        lines = lesson_of(impl, task).total_lines
        assert re.search(rf"^  {impl} .* {lines} ", told, re.MULTILINE)
    for key in evo.tasks()[task].keys:
        assert f"{key.help} ({key.allowed})" in told
    if task == "mlp":
        assert "1e-4 for nn, optim, module, functional, dynamic" in told


def test_diff_is_a_unified_diff_on_a_pipe(tmp_path: Path) -> None:
    """Without a terminal the step is a diff as other tools read it, and no more."""
    told = output("diff", "mlp", "tensor", "autograd", cwd=tmp_path).splitlines()
    assert told[0].startswith("--- ")
    assert told[1].startswith("+++ ")
    assert {line[0] for line in told[2:]} <= {"@", " ", "-", "+"}
    assert output("diff", "mlp", "nn", "nn", cwd=tmp_path) == ""


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_a_terminal_shows_the_step_part_by_part(tmp_path: Path, columns: int) -> None:
    """Each part that changes has its heading; beside each other from 150 columns on, and no table is cut."""
    told, code = on_terminal("diff", "mlp", "tensor", "autograd", cwd=tmp_path, COLUMNS=str(columns))
    assert code == 0
    plain = COLOUR.sub("", told).replace("\r", "")
    for part in ("init", "forward", "backward", "update", "views"):
        assert re.search(rf"^── {part} ─", plain, re.MULTILINE)
    assert ("─┬─" in plain) == (columns >= 150)
    if columns >= 120:  # narrower, code takes as many cells as it has
        assert max(map(len, plain.splitlines())) <= columns
    assert "\x1b[31m" in told


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("words", [["list"], ["show", "mlp"], ["show", "sin"]], ids=" ".join)
def test_no_word_is_broken(tmp_path: Path, words: list[str], columns: int) -> None:
    """Tables and prose fit into a narrow terminal, and a line ends between words."""
    told, code = on_terminal(*words, cwd=tmp_path, COLUMNS=str(columns))
    assert code == 0
    plain = COLOUR.sub("", told).replace("\r", "")
    assert max(map(len, plain.splitlines())) <= columns
    # Where prose goes below what it belongs to, it has no heading.
    headings = {"meaning", "teaches"}
    assert set(output(*words, cwd=tmp_path).split()) - headings == set(plain.split()) - headings


def test_colours_are_for_terminals_that_want_them(tmp_path: Path) -> None:
    """Code is highlighted on a terminal, but with NO_COLOR and on a dumb one it is plain."""
    words = ("show", "mlp", "autograd")
    assert COLOUR.search(on_terminal(*words, cwd=tmp_path)[0])
    assert not COLOUR.search(on_terminal(*words, cwd=tmp_path, NO_COLOR="1")[0])
    assert not COLOUR.search(on_terminal(*words, cwd=tmp_path, TERM="dumb")[0])
    assert not COLOUR.search(output(*words, cwd=tmp_path))


def test_what_a_file_holds_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    """Code with an escape sequence, HTML and a fence of Markdown stays text in every format."""
    (tmp_path / "mine.py").write_text(MINE)
    words = ("show", "mlp", "mine.py:Mine")
    assert "\x1b]" not in on_terminal(*words, cwd=tmp_path)[0]
    html = output(*words, "--format", "html", cwd=tmp_path)
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    markdown = output(*words, "--format", "markdown", cwd=tmp_path)
    assert "\n````python\n" in markdown
    assert "<b>" in output("diff", "mlp", "numpy", "mine.py:Mine", cwd=tmp_path)
    assert "<b>" not in output("diff", "mlp", "numpy", "mine.py:Mine", "--format", "html", cwd=tmp_path)


@pytest.mark.parametrize("style", ["html", "markdown"])
def test_other_formats_hold_the_same(tmp_path: Path, style: str) -> None:
    """HTML and Markdown name each part that changes, and what the upper level teaches."""
    told = output("diff", "sin", "nn", "optim", "--format", style, cwd=tmp_path)
    for word in ("init", "update", "as before", "the update rule as an object"):
        assert word in told
    shown = output("show", "sin", "optim", "--format", style, cwd=tmp_path)
    for word in ("learning rate", "RMSprop", "zero_grad"):
        assert word in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "mpl"], "argument TASK: unknown task 'mpl'; did you mean 'mlp'?"),
        (["show", "mlp", "autgrad"], "did you mean 'autograd'?"),
        (["show", "softmax", "nn"], "without layers"),
        (["show", "mlp", "none.py:Mine"], "argument LEVEL: there is no file 'none.py'"),
        (["show", "mlp", "no.such.module:Mine"], "argument LEVEL: there is no module 'no.such.module'"),
        (["show", "mlp", "math:pi"], "there is no module 'math' with a source"),
        (["show", "mlp", "numpy", "--format", "pdf"], "unknown format 'pdf'"),
        (["show"], "missing argument 'TASK'"),
        (["diff", "mlp", "numpy"], "missing argument 'UPPER'"),
        (["diff", "mlp", "numpi", "tensor"], "argument LOWER: "),
        (["diff", "mlp", "numpy", "tensr"], "did you mean 'tensor'?"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    """What there is not is told in one line, with the nearest name that there is."""
    assert said in refused(*words, cwd=tmp_path)


def test_levels_of_the_task_are_completed(tmp_path: Path) -> None:
    """After a task its own levels are offered, and no others."""
    assert complete("evo show softmax ", "bash", tmp_path) == LEVELS["softmax"]
    assert complete("evo diff mlp tensor au", "bash", tmp_path) == ["autograd"]
    assert [name for name in complete("evo show ", "bash", tmp_path) if name in TASKS] == list(TASKS)


def test_lessons_show_themselves_in_python() -> None:
    """The functions give values that print themselves, in a notebook as HTML."""
    lesson, step = evo.show("sin", "nn"), evo.diff("sin", "nn", "optim")
    assert repr(lesson).startswith("sin / nn: ")
    assert repr(step).startswith("--- ")
    assert lesson._repr_html_().startswith("<meta")
    assert "evo-step" in step._repr_html_()
