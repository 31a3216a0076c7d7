"""What goes on while one watches: runs as they come and go, and tables that are longer than the terminal."""

from pathlib import Path

from autograd_cli.contract.batch import Batch
from autograd_cli.runs.folder import remove_run
from autograd_cli.runs.writer import RunWriter
from tests.helpers import config_of, record_run
from tests.screens import terminal


def test_runs_are_followed_as_they_come_and_go(tmp_path: Path) -> None:
    """A line for a run that begins, ends and is removed, and none for what `--where` leaves out."""
    runs = tmp_path / "runs"
    record_run(runs, "first", [3.0])
    with terminal("runs", "--follow", "--where", "seed=0..3", cwd=tmp_path) as screen:
        screen.wait_for(lambda lines: any("first" in line for line in lines))
        record_run(runs, "apart", [3.0], seed=4)
        writer = RunWriter(runs, config_of("sin", "numpy", seed=2), "second", {})
        screen.wait_for(lambda lines: any(_says(line, "begun", "second") for line in lines))
        writer.append(Batch(0, [9.0, 7.5], [0.0, 0.1]))
        writer.finish("completed")
        screen.wait_for(lambda lines: any(_says(line, "completed", "last loss 7.5") for line in lines))
        remove_run(writer.path)
        lines = screen.wait_for(lambda lines: any(_says(line, "removed", "second") for line in lines))
        assert not any("apart" in line for line in lines)
        screen.interrupt()
        assert screen.to_end() == 130


def _says(line: str, *words: str) -> bool:
    return all(word in line for word in words)


def test_a_table_longer_than_the_terminal_goes_through_the_pager(tmp_path: Path) -> None:
    """$PAGER gets the whole table; a table that fits does without, and a pager that is missing is no harm."""
    for number in range(12):
        record_run(tmp_path / "runs", f"run{number:02}", [1.0 + number])
    pager = tmp_path / "page"
    pager.write_text("#!/bin/sh\necho PAGED; cat\n")
    pager.chmod(0o755)
    for lines, program, is_paged in ((10, str(pager), True), (40, str(pager), False), (10, "no-such", False)):
        with terminal("compare", cwd=tmp_path, lines=lines, PAGER=program) as screen:
            assert screen.to_end() == 0
            assert ("PAGED" in screen.everything) == is_paged
            text = "\n".join(screen.everything)
            assert all(f" {1 + number}.0000 " in text for number in range(12))
