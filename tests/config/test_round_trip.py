"""config.yaml repeats a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.config.files import to_yaml
from autograd_cli.contract.keys import show
from tests.helpers import CELLS, TASKS, config_keys, resolve_words
from tests.strategies import values_of


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """The words of some valid command line."""
    task, impl = draw(st.sampled_from(CELLS))
    row = next(row for row in TASKS[task].levels if row.name == impl)
    allowed = {name: values_of(key) for name, key in config_keys(task).items() if not key.is_fixed_for(impl)}
    allowed["device"] = st.sampled_from(row.devices)
    chosen = draw(st.fixed_dictionaries({}, optional=allowed))
    if chosen.get("optimizer", "SGD") != "SGD":
        chosen.pop("momentum", None)  # it is SGD's
    return [f"{name}={show(value)}" for name, value in ({"task": task, "impl": impl} | chosen).items()]


@given(command_lines())
def test_yaml_round_trip(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    """The config.yaml of any run reads back as exactly the same configuration."""
    config = resolve_words(words)
    path = tmp_path_factory.getbasetemp() / "round_trip.yaml"
    path.write_text(to_yaml(config), encoding="utf-8")
    assert resolve_words((), str(path)) == config
