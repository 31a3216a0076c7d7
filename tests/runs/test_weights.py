"""weights.npz: read back whole or refused."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograd_cli.errors import ConfigError
from autograd_cli.runs.npz import npz_bytes
from autograd_cli.runs.weights import read_weights

NUMBERS = arrays.arrays(
    st.sampled_from(["<f4", "<f8", ">f8", "<i8", "|u1"]),
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0),
)


@given(st.dictionaries(st.text("aB0_é", min_size=1, max_size=4), NUMBERS, max_size=4), st.booleans())
def test_weights_are_what_numpy_would_have_saved(saved: dict[str, Any], in_columns: bool) -> None:
    """The archive has the members of numpy.savez, byte for byte, and every checksum in it is right."""
    saved = {name: np.asfortranarray(array) if in_columns else array for name, array in saved.items()}
    ours, numpys = io.BytesIO(npz_bytes(saved)), io.BytesIO()
    np.savez(numpys, **saved)
    with zipfile.ZipFile(ours) as archive, zipfile.ZipFile(numpys) as right:
        assert archive.testzip() is None
        assert archive.namelist() == right.namelist()
        assert all(archive.read(name) == right.read(name) for name in right.namelist())
    ours.seek(0)
    assert np.load(ours).files == list(saved)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_weights_never_pass(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Cut or altered anywhere, a file of weights reads as what was saved or is refused, nothing else."""
    saved, shapes = {"w": np.ones((1, 1)), "b": np.ones(1)}, {"w": (1, 1), "b": (1,)}
    content = bytearray(npz_bytes(saved))
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
