"""Public CI and the gate: that they call the same targets, and that those are there."""

import re

import yaml

from tests.helpers import ROOT


def targets(text: str) -> set[str]:
    """What `make` is asked for in lines of a shell."""
    return {name for line in re.findall(r"^make (.+)$", text, re.MULTILINE) for name in line.split()}


def test_public_ci_runs_what_the_gate_runs() -> None:
    """The workflow's jobs call the targets of .ci/run, and `lowest`, and the Makefile has them all."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    jobs = {
        name: targets("\n".join(step.get("run", "") for step in job["steps"]))
        for name, job in workflow["jobs"].items()
    }
    assert jobs == {
        "check": targets((ROOT / ".ci" / "run").read_text(encoding="utf-8")),
        "lowest": {"lowest"},
    }
    rules = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set.union(*jobs.values()) <= set(rules)
