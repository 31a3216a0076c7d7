"""Make the page that README links to: a run of each level, verified, as one page: `make example`.

Everything is made now, in a folder that goes away afterwards. Seeds and settings are those of the defaults,
and of the documents' systems, so that their losses stand beside ours.
"""

import os
import tempfile
from pathlib import Path

import autograd_cli as evo
from autograd_cli.compare.published import SYSTEMS, TASK, our_level, published_losses

PAGE = Path(__file__).with_name("example-report.html")


def train() -> None:
    """A run of each level as it trains by default, and those that the documents have printed losses of."""
    for task in evo.tasks().values():
        for level in task.levels:
            evo.train(task.name, level.name)
    for system, config in SYSTEMS.items():
        programs = {program for of, program in published_losses() if of == system}
        for impl in sorted(filter(None, {our_level(system, program) for program in programs})):
            if config:
                evo.train(TASK, impl, config=config)


def main() -> None:
    """Train, verify and write the page."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        train()
        evo.verify(quick=True).save("verdicts.json")
        page = evo.report("runs/*", verdicts="verdicts.json")
        os.chdir(here)
    assert not page.complaints, page.complaints
    page.write(PAGE)


if __name__ == "__main__":
    main()
