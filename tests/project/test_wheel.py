"""The built wheel, used outside of the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograd_cli.config.files import shipped_configs
from autograd_cli.runs.reader import read_run
from tests.helpers import ROOT, environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this checkout, without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", ROOT, "--no-build-isolation", "--wheel-dir", folder)
    (path,) = folder.glob("*.whl")
    return path


def pip(*arguments: object) -> None:
    """Run pip for this package alone."""
    always = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", *map(str, arguments), *always]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    """The package and the default configurations are inside, tests and benchmarks are not."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"autograd_cli/configs/{name}.yaml" for name in shipped_configs()} <= set(names)
    assert "autograd_cli/tasks/mlp/numpy.py" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"autograd_cli"}


def test_the_wheel_trains_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """Installed elsewhere, `evo` lists and trains with the configurations from inside the wheel."""
    target, empty = tmp_path / "target", tmp_path / "empty"
    empty.mkdir()
    pip("install", wheel, "--target", target)
    script = target / "bin" / "evo"

    def run(*arguments: object) -> str:
        result = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=empty,
            env=environment() | {"PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    where = run("-c", "import autograd_cli; print(autograd_cli.__file__)").strip()
    assert Path(where).is_relative_to(target)
    configs = run("-c", "from autograd_cli.config.files import config_folder; print(config_folder())").strip()
    assert Path(configs) == target / "autograd_cli" / "configs"
    assert "sin: a cubic polynomial" in run(script, "list")
    path = run(script, "train", "--task", "sin", "--impl", "numpy", "--quiet").strip()
    record = read_run(empty / path)
    assert (record.status, record.steps) == ("completed", 2000)
    assert run(script, "train", "--config", "mlp_n100", "--impl", "numpy", "--quiet").startswith(
        "runs" + os.sep
    )
