"""Names of run directories that say something: `lr{lr}-s{seed}`, filled from the configuration."""

import re
from collections.abc import Mapping

from autograd_cli.contract.config import class_name
from autograd_cli.contract.keys import Value, show
from autograd_cli.errors import ConfigError, unknown
from autograd_cli.runs.place import check_name

_FIELD = re.compile(r"\{([^{}]*)\}")


def is_template(name: str | None) -> bool:
    """Whether a name has something to fill in."""
    return name is not None and "{" in name


def fill(template: str, config: Mapping[str, Value]) -> str:
    """The name that a template gives a run.

    Raises:
        ConfigError: a key that the configuration does not have, or what comes out cannot name a directory.

    """

    def value(match: re.Match[str]) -> str:
        key = match[1]
        if key not in config:
            raise unknown("key", key, config, key="name")
        text = class_name(config) if key == "impl" else show(config[key])
        # What no name may hold, of a word among the values.
        return re.sub(r"[^\w.+=,@-]", "_", text)

    name = _FIELD.sub(value, template)
    if "{" in name or "}" in name:
        form = "write {lr} for the value of lr"
        raise ConfigError(f"name: '{template}' has a brace too many; {form}", key="name")
    check_name(name)
    return name
