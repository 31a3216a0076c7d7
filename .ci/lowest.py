"""Print what pyproject.toml asks for at least, as constraints for pip: what `make lowest` installs with."""

import tomllib
from itertools import chain
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
for requirement in chain(project["dependencies"], *project["optional-dependencies"].values()):
    if ">=" in requirement:
        print(requirement.replace(">=", "==").partition(",")[0])
