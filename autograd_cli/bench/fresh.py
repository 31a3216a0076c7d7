"""A call in a fresh process that imports everything anew, and nothing that its caller has imported."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from autograd_cli.errors import EvoError

# What a level prints must not get between the answer's bytes.
_PROGRAM = """\
import os, pickle, sys
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
sys.path[:] = pickle.load(sys.stdin.buffer)
function, arguments = pickle.load(sys.stdin.buffer)
try:
    answer = True, function(*arguments)
except Exception as error:
    answer = False, getattr(error, "message", None) or f"{type(error).__name__}: {error}"
pickle.dump(answer, out)
"""


def call_fresh(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` returns for `arguments` in a process of its own; all of these can be pickled.

    Raises:
        EvoError: the function raised something, or the process broke.

    """
    asked = pickle.dumps(sys.path) + pickle.dumps((function, arguments))
    done = subprocess.run(  # noqa: S603 - this program again
        [sys.executable, "-c", _PROGRAM], input=asked, capture_output=True, check=False
    )
    if done.returncode:
        raise EvoError(f"a process that measures ended with exit code {done.returncode}")
    is_done, answer = pickle.loads(done.stdout)  # noqa: S301 - our own answer
    if not is_done:
        raise EvoError(answer)
    return answer
