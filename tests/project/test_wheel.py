"""The built wheel, used outside of the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograd_cli.runs.reader import read_run
from tests.helpers import ROOT, SHIPPED
from tests.processes import PATIENCE_S, run


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
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 0, result.stderr


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    """The package and the default configurations are inside, tests and benchmarks are not."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"autograd_cli/configs/{name}.yaml" for name in SHIPPED} <= set(names)
    assert "autograd_cli/tasks/mlp/numpy.py" in names
    for name in ("display/report/page.html.j2", "display/report/zh.yaml", "compare/published_losses.csv"):
        assert f"autograd_cli/{name}" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"autograd_cli"}


def test_the_wheel_trains_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """Installed elsewhere, `evo` lists and trains with the configurations from inside the wheel."""
    target, empty = tmp_path / "target", tmp_path / "empty"
    empty.mkdir()
    pip("install", wheel, "--target", target)
    script = target / "bin" / "evo"

    def python(*arguments: object) -> str:
        result = run([sys.executable, *map(str, arguments)], cwd=empty, PYTHONPATH=str(target))
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    where = python("-c", "import autograd_cli; print(autograd_cli.__file__)").strip()
    assert Path(where).is_relative_to(target)
    configs = python(
        "-c", "from autograd_cli.config.files import config_folder; print(config_folder())"
    ).strip()
    assert Path(configs) == target / "autograd_cli" / "configs"
    assert "sin: a cubic polynomial" in python(script, "list")
    path = python(script, "train", "--task", "sin", "--impl", "numpy", "--quiet").strip()
    record = read_run(empty / path)
    assert (record.status, record.steps) == ("completed", 2000)
    shipped = python(script, "train", "--config", "mlp_n100", "--impl", "numpy", "--quiet")
    assert shipped.startswith("runs" + os.sep)
