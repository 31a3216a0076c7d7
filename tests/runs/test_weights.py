"""weights.npz: read back whole or refused."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_cli.errors import ConfigError
from autograd_cli.runs.weights import read_weights


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_weights_never_pass(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Cut or altered anywhere, a file of weights reads as what was saved or is refused, nothing else."""
    saved, shapes = {"w": np.ones((1, 1)), "b": np.ones(1)}, {"w": (1, 1), "b": (1,)}
    buffer = io.BytesIO()
    np.savez(buffer, w=saved["w"], b=saved["b"])
    content = bytearray(buffer.getvalue())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    folder = tmp_path_factory.getbasetemp()
    (folder / "weights.npz").write_bytes(content)
    try:
        read = read_weights(folder, shapes)
    except ConfigError:
        return
    for name, array in saved.items():
        np.testing.assert_array_equal(read[name], array)
