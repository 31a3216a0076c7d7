"""Real processes for tests of faults: a script in a fresh interpreter, and a command line in this one."""

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from autograd_cli.cli.app import app

ROOT = Path(__file__).resolve().parent.parent


def python(
    script: str, cwd: Path, *arguments: str, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a script in `cwd` with `arguments`, with the package and the tests at hand."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def told(*arguments: object) -> tuple[int, str]:
    """Exit code of `evo ARGUMENTS`, and what it says on stderr; no traceback is ever among it."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stderr
