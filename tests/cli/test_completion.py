"""Completion through the protocols by which shells ask for it."""

from pathlib import Path

import pytest

from tests.helpers import LEVELS, evo

TASKS = list(LEVELS)
IMPLS = list(dict.fromkeys(impl for impls in LEVELS.values() for impl in impls))


def complete(words: str, shell: str, cwd: Path) -> list[str]:
    """What `shell` is offered for the last of the words; the words end in a space for an empty one."""
    if shell == "bash":
        count = len(words.split()) - (not words.endswith(" "))
        result = evo(cwd=cwd, _EVO_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(count))
        return result.stdout.split()
    extra = {"_EVO_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": words}
    if shell == "fish":
        extra["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
        return [line.partition("\t")[0] for line in evo(cwd=cwd, **extra).stdout.splitlines()]
    return [word for word in evo(cwd=cwd, **extra).stdout.split('"') if word.strip(" ()\\\n")][1:]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_tasks_and_implementations(tmp_path: Path, shell: str) -> None:
    """Every task and every implementation is offered, and those that begin with what was typed."""
    offered = complete("evo train --impl ", shell, tmp_path)
    assert [word for word in offered if word in IMPLS] == IMPLS
    assert [word for word in complete("evo train --task ", shell, tmp_path) if word in TASKS] == TASKS
    narrowed = complete("evo train --task mlp --impl d", shell, tmp_path)
    assert [word for word in narrowed if word in IMPLS] == ["dynamic"]


def test_configurations(tmp_path: Path) -> None:
    """Configurations that come with evo, and YAML files and folders here, are offered."""
    for name in ("mlp_mine.yaml", "mlp_notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "mlp_folder").mkdir()
    (tmp_path / "mlp_folder" / "deep.yml").write_text("")
    offered = complete("evo train --config mlp", "bash", tmp_path)
    assert offered == ["mlp", "mlp_n100", "mlp_no_bias", "mlp_folder/", "mlp_mine.yaml"]
    assert complete("evo train --config mlp_folder/", "bash", tmp_path) == ["mlp_folder/deep.yml"]


def test_keys_and_commands(tmp_path: Path) -> None:
    """Keys come with their equals sign, and commands by their first letters."""
    assert complete("evo train mom", "bash", tmp_path) == ["momentum="]
    assert complete("evo co", "bash", tmp_path) == ["compare"]
    assert complete("evo train --task linear D_", "fish", tmp_path) in ([], [""])
    assert complete("evo train --task mlp optimizer=A", "fish", tmp_path) == ["optimizer=Adam"]
    assert complete("evo train --task softmax --impl n", "fish", tmp_path) == ["numpy"]
    assert complete("evo compare --format j", "fish", tmp_path) == ["json"]
    assert complete("evo compare --columns lr,last", "fish", tmp_path) == ["lr,last_loss"]
    assert complete("evo plot runs/a --x mom", "bash", tmp_path) == ["momentum"]
    assert complete("evo plot runs/a --theme d", "bash", tmp_path) == ["dark"]
    assert "--baseline" in complete("evo compare --b", "bash", tmp_path)


def test_runs(tmp_path: Path) -> None:
    """Runs of `runs` by name, `@1`, and folders here, rather than files."""
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert complete("evo compare ", "fish", tmp_path) == ["@1", "other/", "runs/", "first"]
    assert complete("evo compare fi", "fish", tmp_path) == ["first"]
    assert complete("evo rm runs/f", "fish", tmp_path) == ["runs/first/"]


def test_values_of_conditions(tmp_path: Path) -> None:
    """After the sign of a condition: how runs ended, times, choices, and names of levels."""
    assert complete("evo compare status=c", "fish", tmp_path) == ["status=completed", "status=csv"]
    assert complete("evo rm --where status!=com", "fish", tmp_path) == ["status!=completed"]
    assert complete("evo runs since=y", "fish", tmp_path) == ["since=yesterday"]
    assert complete("evo compare optimizer=A", "fish", tmp_path) == ["optimizer=Adam"]
    assert complete("evo compare impl=dyn", "fish", tmp_path) == ["impl=dynamic"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_can_be_shown(tmp_path: Path, shell: str) -> None:
    """`--show-completion SHELL` prints the script that a shell sources."""
    result = evo("--show-completion", shell, cwd=tmp_path)
    if "Shell" in result.stderr or result.returncode:
        result = evo(cwd=tmp_path, _EVO_COMPLETE=f"source_{shell}")
    assert result.returncode == 0
    assert "_EVO_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["train", "--task", "mlp", "optimizer", "=", "A"], ["Adam"]),
        (["train", "--task", "mlp", "optimizer", "="], ["SGD", "Adam", "RMSprop"]),
        (["rm", "@", "1"], ["1", "1..5"]),
        (["compare", "@"], ["1", "2", "3", "1..5"]),
        (["compare", "lr", "=", "1", "@"], ["1", "2", "3", "1..5"]),
        (["train", "--task", "mlp", "lr", "=", "1e-4", "optimizer", "=", "A"], ["Adam"]),
    ],
    ids=" ".join,
)
def test_words_that_bash_has_parted(tmp_path: Path, typed: list[str], offered: list[str]) -> None:
    """Bash parts words at `=` and `@`, and puts the answer in the place of the last part alone."""
    words = "\n".join(["evo", *typed])
    done = evo(cwd=tmp_path, _EVO_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(len(typed)))
    assert done.stdout.split() == offered
