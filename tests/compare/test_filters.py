"""The language in which runs are chosen."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.compare.filters import choose_runs, is_condition, why_none
from autograd_cli.errors import ConfigError
from autograd_cli.runs.record import RunRecord
from tests.helpers import evo, record_run, refused

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


def run(path: str, **fields: object) -> RunRecord:
    """A record of these fields; keys that are none are of its configuration."""
    known = {k: v for k, v in fields.items() if k in RunRecord.__dataclass_fields__ and k != "steps"}
    config = {"task": "sin", "impl": "numpy"} | {k: v for k, v in fields.items() if k not in known}
    return RunRecord(path=path, config=config, **known)  # type: ignore[arg-type]


RUNS = [
    run("a", lr=1e-7, seed=0, last_loss=3.0, status="completed", started_at="2026-11-24T13:00:00.000+00:00"),
    run("b", lr=1e-6, seed=1, last_loss=1e-4, status="diverged", started_at="2026-11-23T23:59:59.999+00:00"),
    run("c", lr=1e-5, seed=2, impl="nn", name="first-c", started_at="2026-11-20T09:00:00.000+00:00"),
    run("d", lr=1e-5, seed=30, impl="my.py:L", name="first-d", bias=True, status="failed"),
]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("lr>5e-7", "bcd"),
        ("lr>=1e-6 seed<=2", "bc"),
        ("lr = 1e-7,1e-5", "acd"),
        ("lr!=1e-5", "ab"),
        ("seed=0..2", "abc"),
        ("seed=0,2..40", "acd"),
        ("lr=1e-7..1e-6", "ab"),
        ("lr=log:1e-7:1e-5:3", "abcd"),
        ("last_loss<1e-3", "b"),
        ("last_loss=null", "cd"),
        ("impl=nn", "c"),
        ("impl=my.py:L", "d"),
        ("impl!=numpy", "cd"),
        ("name=first-*", "cd"),
        ("status=diverged,failed", "bd"),
        ("bias=true", "d"),
        ("since=today", "a"),
        ("since=yesterday until=yesterday", "b"),
        ("since=3h", "a"),
        ("until=2026-11-20", "c"),
        ("since=2026-11-23T23:59:59", "ab"),
    ],
)
def test_conditions(text: str, paths: str) -> None:
    """Lists and ranges as in a sweep, comparisons, words with a star, and times."""
    assert "".join(record.path for record in choose_runs(RUNS, [text], NOW)) == paths
    assert all(is_condition(part) for part in text.replace(" = ", "=").split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr>>5", "'lr>>5': '>5' at character 4 is no number"),
        ("seed=1,x", "'seed=1,x': 'x' at character 8 is no number"),
        ("seed=3..1", "'3..1' at character 6 is empty"),
        ("seed=", "a value is missing at character 6"),
        ("seed=1,,2", "a value is missing at character 8"),
        ("lr~5", "expected =, !=, <, <=, > or >= at character 3"),
        ("impl<nn", "impl is a word, and '<' at character 5 compares numbers"),
        ("sed=1", "unknown key 'sed'; did you mean 'seed'?"),
        ("status=complete", "'complete' at character 8 is no status; did you mean 'completed'?"),
        ("since=yesterdy", "'yesterdy' is no time; did you mean 'yesterday'?"),
        ("lr=log:0:1:3", "both ends of a log range must be above 0"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(text: str, message: str) -> None:
    """One line that says where, what is allowed, and the nearest."""
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        choose_runs(RUNS, [text], NOW)
    assert "\n" not in str(caught.value)


def test_a_filter_that_matches_nothing_says_what_there_is() -> None:
    """The values of the key that no run has, or how many runs fulfil each condition alone."""
    assert why_none(RUNS, ["lr=3"]) == "none of 4 runs has lr=3; lr is 1e-07 (1) or 1e-06 (1) or 1e-05 (2)"
    assert why_none(RUNS, ["lr=1e-7 seed=2"]) == "none of 4 runs fulfils all of: lr=1e-7 (1), seed=2 (1)"


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
def test_comparisons_are_those_of_numbers(bound: float, operator: str) -> None:
    """What a comparison keeps is what Python's own comparison keeps."""
    records = [run(str(i), lr=value) for i, value in enumerate((bound, bound / 2, -1.0, 0.0, 1e300))]
    python = {"=": "=="}.get(operator, operator)
    expected = [r.path for r in records if eval(f"{r.config['lr']!r} {python} {bound!r}")]  # noqa: S307
    assert [r.path for r in choose_runs(records, [f"lr{operator}{bound!r}"])] == expected


@given(st.text(max_size=20))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text is a condition or a ConfigError."""
    with suppress(ConfigError):
        assert len(choose_runs(RUNS, [text], NOW)) <= len(RUNS)


def test_words_beside_paths(tmp_path: Path) -> None:
    """A folder means its runs, `@1` the latest, and a comparison a condition, unless a file is called so."""
    for i in range(3):
        record_run(tmp_path / "runs", f"r{i}", [float(i + 1)], seed=i)
    record_run(tmp_path, "seed=1", [9.0], seed=7)

    def shown(*words: str) -> list[str]:
        out = evo("compare", *words, "--columns", "seed", "--format", "csv", cwd=tmp_path).stdout
        return out.split()[1:]

    assert shown() == shown("runs") == ["0", "1", "2"]
    assert shown("seed=0..1") == ["0", "1"]
    assert shown("seed>=1", "--where", "seed<2") == ["1"]
    assert shown("@1") == ["2"]
    assert shown("@2..3") == ["0", "1"]
    assert shown("runs/@3") == shown("r0") == ["0"]
    assert shown("seed=1") == ["7"]
    assert shown("--since", "1h", "--limit", "1") == ["0"]
    assert "@1, the latest, to @3" in refused("compare", "@9", cwd=tmp_path)
    assert "argument: unknown key 'sed'" in refused("compare", "sed=1", cwd=tmp_path)
    done = evo("compare", "seed=8", cwd=tmp_path)
    assert done.stderr == "evo: note: none of 3 runs has seed=8; seed is 0 (1) or 1 (1) or 2 (1)\n"


def test_runs_of_a_folder_in_the_folder(tmp_path: Path) -> None:
    """`--runs-dir runs/NAME` groups runs: they are found with all others, and when the group is moved."""
    record_run(tmp_path / "runs", "single", [1.0], seed=0)
    for i in (1, 2):
        record_run(tmp_path / "runs" / "rates", f"r{i}", [1.0], seed=i)
    record_run(tmp_path / "runs" / "rates" / "deep" / "er", "r3", [1.0], seed=3)

    def seeds(*words: str) -> list[str]:
        return evo("compare", *words, "--columns", "seed", "--format", "csv", cwd=tmp_path).stdout.split()[1:]

    assert sorted(seeds()) == ["0", "1", "2"]
    assert seeds("@1") == ["2"]
    assert seeds("r1") == ["1"]
    assert seeds("single") == ["0"]
    (tmp_path / "runs" / "rates").rename(tmp_path / "runs" / "moved")
    assert sorted(seeds("runs/moved")) == ["1", "2"]
    assert evo("rm", "seed=1", "--yes", cwd=tmp_path).returncode == 0
    assert sorted(seeds()) == ["0", "2"]
