"""Whether the tests notice when the code changes: one change at a time, and the tests that reach it asked.

    python benchmarks/mutants.py [--share 0.08] [--seed 0] [--all] [--only verify/rules.py] [--output FILE]

Each mutant is the package with one expression or statement changed. The tests run in a copy of the checkout,
in processes forked from this one, which has imported what is large and nothing of the package. A first pass
notes which lines each test reaches and how long it takes; a mutant is then shown to the tests that reach its
line, quick ones first, until one fails. A survivor of which `mutants.toml` says why it may live is explained.
"""

import argparse
import ast
import compileall
import copy
import importlib
import json
import os
import platform
import py_compile
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import cache_from_source
from itertools import accumulate
from math import ceil
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "autograd_cli"
LARGE = ("numpy.testing", "torch", "torch.nn", "mpmath", "hypothesis.strategies", "pytest", "typer.testing",
         "rich.progress", "yaml", "threadpoolctl")  # fmt: skip
FILES = [
    *(str(path.relative_to(PACKAGE)) for path in sorted((PACKAGE / "verify").rglob("*.py"))),
    *("contract/arrays.py", "training/loop.py", "runs/losses.py", "config/values.py", "compare/groups.py"),
]
TESTS = ["tests/verify", "tests/training", "tests/contract", "tests/compare", "tests/runs/test_losses_csv.py",
         "tests/sweep/test_plan.py", "tests/sweep/test_values.py"]  # fmt: skip
# Long, or processes of their own, of which this one sees no lines: the others have to do without them.
LEFT_OUT = "not (every_level_passes or full_length or a_bar_on_a_terminal or right_levels or shell_changes)"
# Each was once made by hand, and no test had noticed.
NAMED = [
    (
        "verify/equivalence.py",
        "if not difference <= self.tolerance:\n            return",
        "if difference > self.tolerance:\n            return",
    ),
    (
        "contract/arrays.py",
        'isnan(difference):\n        return float("inf")',
        "isnan(difference):\n        return 0.0",
    ),
    ("verify/gradients.py", "TOLERANCE = 1e-6", "TOLERANCE = 1e-2"),
    ("verify/equivalence.py", "LEAST_SHARE = 1e-3", "LEAST_SHARE = 1.0"),
    ("verify/cells.py", "while len(seen) < paths:", "while not seen:"),
    ("runs/losses.py", 'f"{first_step + finite},', 'f"{finite},'),
    ("compare/groups.py", '"diverged", "csv")', '"diverged", "csv", "interrupted")'),
]  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A file with one change in it."""

    file: str
    line: int
    text: str  # of the line
    change: str
    source: str

    @property
    def key(self) -> str:
        """What `mutants.toml` calls it; no line number, which would drift."""
        return f"{self.text} | {self.change}"


# --- changes ----------------------------------------------------------------------------------------

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or,
    ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
SILENT = ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def changed(node: ast.AST) -> Iterator[str]:
    """What may stand in the place of a node."""
    match node:
        case ast.Compare():
            for i, op in enumerate(node.ops):
                ops = [*node.ops[:i], SWAPS[type(op)](), *node.ops[i + 1 :]]
                yield f"({ast.unparse(ast.Compare(node.left, ops, node.comparators))})"
        case ast.BinOp() | ast.BoolOp() if type(node.op) in SWAPS:
            other = copy.copy(node)
            other.op = SWAPS[type(node.op)]()
            yield f"({ast.unparse(other)})"
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield f"({ast.unparse(node.operand)})"
        case ast.Constant(value=bool(value)):
            yield str(not value)
        case ast.Constant(value=int(value)):
            yield str(value + 1)
        case ast.Constant(value=float(value)):
            yield str(value * 1000 or 1.0)
        case ast.Name() if node.id in NAMES:
            yield NAMES[node.id]
        case ast.Return(value=ast.expr()) if not isinstance(node.value, ast.Constant) or node.value.value:
            yield "return None"
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield "pass"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"


def conditions(node: ast.AST) -> list[ast.expr]:
    """What decides something, and is not the other way round by one of the changes above."""
    tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else getattr(node, "ifs", [])
    swapped = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
    return [
        test
        for test in tests
        if not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))
        and not (isinstance(test, ast.Compare) and isinstance(test.ops[0], swapped))
    ]


def parts(node: ast.AST) -> Iterator[ast.AST]:
    """All that may be changed below a node: no messages, annotations, decorators, assertions or imports."""
    yield node
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list") or getattr(node, "arg", None) == "strict":
            continue  # zip(strict=True) is an assertion, too
        for each in field if isinstance(field, list) else [field]:
            if isinstance(each, ast.AST) and not isinstance(each, SILENT):
                yield from parts(each)


def mutants_of(file: str) -> list[Mutant]:
    """Every mutant of a file, in its order."""
    source = (PACKAGE / file).read_bytes()
    lines = source.splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines) + 1)]
    found = []
    for node in parts(ast.parse(source)):
        pairs = [(node, text) for text in changed(node)]
        pairs += [(test, f"(not ({ast.unparse(test)}))") for test in conditions(node)]
        for where, text in pairs:
            start = starts[where.lineno - 1] + where.col_offset  # type: ignore[attr-defined]
            end = starts[where.end_lineno - 1] + where.end_col_offset  # type: ignore[attr-defined]
            line = where.lineno  # type: ignore[attr-defined]
            shown = text[1:-1] if text.startswith("(") else text
            change = f"{ast.unparse(where)} -> {shown}"
            new = (source[:start] + text.encode() + source[end:]).decode()
            words = lines[line - 1].decode().strip()
            if words in ("break", "continue"):  # which one, the line before tells
                words = f"{lines[line - 2].decode().strip()} {words}"
            found.append(Mutant(file, line, words, change, new))
    return found


def named() -> list[Mutant]:
    """Those made by hand."""
    found = []
    for file, old, new in NAMED:
        source = (PACKAGE / file).read_text()
        assert source.count(old) == 1, (file, old)
        line = source[: source.index(old)].count("\n") + 1
        text = source.splitlines()[line - 1].strip()
        change = f"{old} -> {new}".replace("\n", " ")
        found.append(Mutant(file, line, text, " ".join(change.split()), source.replace(old, new)))
    return found


# --- tests ------------------------------------------------------------------------------------------


def key_of(item: Any) -> str:
    """A test; with all its parameters where what they need is set up once, in the turn of any of them."""
    return str(item.nodeid).split("[", maxsplit=1)[0] if "wrong" in item.fixturenames else str(item.nodeid)


def cpu_s() -> float:
    """Seconds of this process and of those that it has started, on whatever machine beside whatever load."""
    return sum(os.times()[:4])


class Notes:
    """A plugin that notes the lines of the package that each test reaches, and its seconds."""

    def __init__(self, tree: Path) -> None:
        self.prefix = f"{tree}/autograd_cli/"
        self.wanted = {self.prefix + file for file in FILES}
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = defaultdict(float)
        self.now: set[tuple[str, int]] = set()
        self.failed: set[str] = set()

    def trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        """For sys.settrace()."""
        if frame.f_code.co_filename not in self.wanted:
            return None
        if event == "line":
            self.now.add((frame.f_code.co_filename.removeprefix(self.prefix), frame.f_lineno))
        return self.trace

    def pytest_runtest_protocol(self, item: Any) -> None:
        """Before a test."""
        self.key = key_of(item)
        self.began_s = cpu_s()
        self.now = self.lines.setdefault(self.key, set())
        sys.settrace(self.trace)
        threading.settrace(self.trace)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """After each of its three parts."""
        self.seconds[self.key] += cpu_s() - self.began_s
        self.began_s = cpu_s()
        if report.failed:
            self.failed.add(self.key)


class Chosen:
    """A plugin that runs the chosen tests in their order, each within its time, and tells which failed."""

    def __init__(self, order: list[str], limits_s: dict[str, float], tell: int) -> None:
        self.order, self.limits_s, self.tell = {key: i for i, key in enumerate(order)}, limits_s, tell

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Put the tests in order."""
        items[:] = sorted((i for i in items if key_of(i) in self.order), key=lambda i: self.order[key_of(i)])

    def pytest_runtest_protocol(self, item: Any) -> None:
        """Before a test: if it takes too long, the signal ends this process, and that is noticed."""
        self.key = key_of(item)
        signal.setitimer(signal.ITIMER_REAL, self.limits_s[self.key])

    def pytest_runtest_logreport(self, report: Any) -> None:
        """After each of its three parts."""
        if report.failed:
            os.write(self.tell, self.key.encode())


def forked(tree: Path, log: Path, arguments: list[str], plugin: Any, after: Any = None) -> int:
    """Run pytest in a child with `tree` first on its path; its exit code, or minus its last signal."""
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # processes that it has left
        return os.waitstatus_to_exitcode(status)
    code = 99
    try:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(tree)
        sys.path[0] = str(tree)
        sys.modules["__main__"] = ModuleType("__main__")  # or each process it spawns would import this file
        signal.setitimer(signal.ITIMER_REAL, 3600)
        common = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "--tb=short"]
        common += ["--hypothesis-seed=0", f"--basetemp={tree.parent}/tests", f"-k={LEFT_OUT}"]
        code = int(sys.modules["pytest"].main([*common, *arguments], plugins=[plugin]))
        sys.settrace(None)
        if after:
            after()
        sys.stdout.flush()
    finally:
        os._exit(code)


class Bench:
    """The copy in which the tests run, and what is known of them."""

    def __init__(self, tree: Path, patience_s: float) -> None:
        self.tree, self.log, self.patience_s = tree, tree / "log", patience_s
        for name in ("autograd_cli", "tests", "configs", "docs"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(tree, quiet=2, invalidation_mode=unchecked)
        self.kills: Counter[str] = Counter()
        self._take_notes()

    def _take_notes(self) -> None:
        notes, path = Notes(self.tree), self.tree / "notes.json"

        def write() -> None:
            lines = {key: sorted(found) for key, found in notes.lines.items() if key not in notes.failed}
            print(f"fail without any change: {notes.failed}")
            path.write_text(json.dumps([lines, notes.seconds]))

        code = forked(self.tree, self.log, TESTS, notes, write)
        assert code in (0, 1), self.log.read_text()[-3000:]
        print(self.log.read_text()[-300:], file=sys.stderr)
        lines, self.seconds = json.loads(path.read_text())
        self.lines = {key: {(file, line) for file, line in found} for key, found in lines.items()}

    def killer(self, mutant: Mutant) -> str | None:
        """The test that notices a mutant, if any."""
        place = (mutant.file, mutant.line)
        reaching = [key for key, lines in self.lines.items() if place in lines]
        if not reaching:  # it runs at import, or in other processes only
            reaching = [k for k, lines in self.lines.items() if any(file == mutant.file for file, _ in lines)]
        order = sorted(reaching, key=lambda key: self.seconds[key] / (1 + self.kills[key]))
        spent_s = list(accumulate(self.seconds[key] for key in order))
        order = [key for key, s in zip(order, spent_s, strict=True) if s <= self.patience_s]
        if not order:
            return None
        path = self.tree / "autograd_cli" / mutant.file
        original = path.read_bytes()
        cached = Path(cache_from_source(str(path)))
        cached.rename(cached.with_suffix(".aside"))
        path.write_text(mutant.source)
        limits_s = {key: 30 + 10 * self.seconds[key] for key in order}
        ours, theirs = os.pipe()
        try:
            files = list(dict.fromkeys(key.split("::")[0] for key in order))
            code = forked(self.tree, self.log, ["-x", *files], Chosen(order, limits_s, theirs))
        finally:
            os.close(theirs)
            path.write_bytes(original)
            cached.with_suffix(".aside").rename(cached)
        with os.fdopen(ours, "rb") as told:
            key = told.read().decode() or ("out of time" if code == -signal.SIGALRM else "import")
        self.kills[key] += 1
        return None if code == 0 else key


# --- the table --------------------------------------------------------------------------------------


def reasons() -> dict[str, dict[str, str]]:
    """Why mutants may live: by file, and by the text of the line, the change, or both."""
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        return tomllib.load(file)


def table(results: list[tuple[Mutant, str | None]], options: argparse.Namespace, elapsed_s: float) -> str:
    """The document."""
    why = reasons()

    def reason(mutant: Mutant) -> str | None:
        said = why.get(mutant.file, {})
        return said.get(mutant.key) or said.get(mutant.text) or said.get(f"* | {mutant.change}")

    def row(name: str, some: list[tuple[Mutant, str | None]]) -> str:
        left = [mutant for mutant, killer in some if killer is None]
        explained = sum(reason(mutant) is not None for mutant in left)
        return f"| {name} | {len(some)} | {len(some) - len(left)} | {explained} | {len(left) - explained} |"

    planted = results[: len(NAMED)] if not options.only else []
    drawn = results[len(planted) :]
    left = [mutant for mutant, killer in drawn if killer is None]
    explained = [mutant for mutant in left if reason(mutant)]
    n = max(len(drawn), 1)
    share = (
        "all mutants" if options.all else f"a share of {options.share:g} of the mutants, seed {options.seed}"
    )
    versions = ", ".join(f"{name} {version(name)}" for name in ("pytest", "hypothesis", "numpy", "torch"))
    text = [
        "# Changes that the tests notice",
        "",
        "Written by `benchmarks/mutants.py`, which says how: the package with one change at a time (`<`",
        "to `<=`, `+` to `-`, a condition turned round, a number changed, a statement left out), and whether",
        "a test fails.",
        "",
        f"**{len(drawn) - len(left)} of {len(drawn)} caught ({100 * (1 - len(left) / n):.1f} %)**; "
        f"with those that may live for a reason "
        f"{100 * (1 - (len(left) - len(explained)) / n):.1f} %.",
        "",
        f"`{options.command}`: {share}; {datetime.now(UTC):%Y-%m-%d},",
        f"{elapsed_s / 60:.0f} minutes on one core ({platform.machine()}) beside other work;",
        f"Python {platform.python_version()}, {versions}.",
        "",
        "| file | mutants | caught | survived, for a reason | survived |",
        "|---|---:|---:|---:|---:|",
        *([row("seven that no test had noticed", planted)] if planted else []),
        *(row(file, [m for m in drawn if m[0].file == file]) for file in FILES if mutants_of(file)),
        row("**all drawn**", drawn),
        "",
        "## Survivors",
        "",
    ]
    for mutant, killer in results:
        if killer is None:
            text += [f"- `{mutant.file}:{mutant.line}` `{mutant.text}`", f"  `{mutant.change}`: "]
            text[-1] += reason(mutant) or "**no reason**"
    return "\n".join(text) + "\n"


def main() -> None:
    """Plant, ask, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--share", type=float, default=0.08, help="of the mutants of each file")
    parser.add_argument("--seed", type=int, default=0, help="of the choice")
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument(
        "--patience", type=float, default=12, help="CPU seconds of tests that one mutant is shown to"
    )
    parser.add_argument("--only", help="files, with commas between them")
    parser.add_argument("--output", type=Path, help="where to write the table; stdout by default")
    options = parser.parse_args()
    options.command = "python benchmarks/mutants.py " + " ".join(sys.argv[1:])
    for name in ("OMP", "OPENBLAS", "MKL"):  # no thread may run where a process is forked
        os.environ[f"{name}_NUM_THREADS"] = "1"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    start = time.perf_counter()
    for large in LARGE:
        importlib.import_module(large)
    chosen = [] if options.only else named()
    for file in options.only.split(",") if options.only else FILES:
        every = mutants_of(file)
        count = len(every) if options.all else ceil(options.share * len(every))
        indices = sorted(random.Random(f"{options.seed} {file}").sample(range(len(every)), count))
        chosen += [every[i] for i in indices]
    results: list[tuple[Mutant, str | None]] = []
    with tempfile.TemporaryDirectory() as place:  # tests have theirs beside it: paths below are shown shorter
        bench = Bench(Path(place) / "tree", options.patience)
        print(f"notes taken, {time.perf_counter() - start:.0f} s; {len(chosen)} mutants", file=sys.stderr)
        for mutant in chosen:
            began = time.perf_counter()
            results.append((mutant, bench.killer(mutant)))
            shown = f"{mutant.file}:{mutant.line} {mutant.change}   {results[-1][1] or 'SURVIVED'}"
            print(f"{time.perf_counter() - began:5.1f} s  {shown}", file=sys.stderr, flush=True)
    text = table(results, options, time.perf_counter() - start)
    if options.output:
        options.output.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
