"""Files of weights: what is read, and that nothing in them is executed.

The files were written by PyTorch 2.14 and safetensors; ``expected`` says what is in each.
"""

import io
import json
import os
import pathlib
import pickle
import zipfile

import numpy as np
import pytest

from depthstudy import nets
from depthstudy.errors import InputError

FIXTURES = pathlib.Path(__file__).parent / "fixtures"


def expected() -> dict[str, np.ndarray]:
    base = np.arange(24, dtype=np.float32)
    return {
        "whole": base.reshape(2, 3, 4),
        "turned": base.reshape(4, 6).T,
        "part": base[6:12],
        "half": np.array([1.5, -2.0], np.float16),
        "brain": np.array([1.0, -3.5], np.float32),  # bfloat16 in the file
        "count": np.array(7),
        "none": np.zeros((0, 3), np.float32),
        "flags": np.array([True, False]),
    }


@pytest.mark.parametrize("name", ["zip.pth", "old.pth", "small.safetensors"])
def test_arrays_are_read(name: str) -> None:
    arrays = nets.read_weights(FIXTURES / name)
    assert arrays.keys() == expected().keys()
    for key, array in expected().items():
        assert arrays[key].dtype == array.dtype, key
        np.testing.assert_array_equal(arrays[key], array, err_msg=key)


class _Evil:
    def __reduce__(self) -> tuple:
        return os.system, ("touch executed",)


def zipped(path: pathlib.Path, pickled: bytes) -> pathlib.Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return path


def test_a_call_is_refused_and_not_made(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = zipped(tmp_path / "evil.pth", pickle.dumps({"weight": _Evil()}))
    with pytest.raises(InputError, match=r"names (posix|os)\.system"):
        nets.read_weights(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "line", [b"cbuiltins\neval\n.", b"ctorch\nload\n.", b"ctorch._utils\nos\n."]
)
def test_other_names_are_refused(tmp_path: pathlib.Path, line: bytes) -> None:
    with pytest.raises(InputError, match="which weights have no use for"):
        nets.read_weights(zipped(tmp_path / "x.pth", line))


def test_a_whole_module_is_refused() -> None:
    with pytest.raises(InputError, match=r"module\.pth: the file names torch\.nn"):
        nets.read_weights(FIXTURES / "module.pth")


@pytest.mark.parametrize("name", ["zip.pth", "old.pth", "small.safetensors"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_cut_files_are_refused(tmp_path: pathlib.Path, name: str, share: float) -> None:
    raw = (FIXTURES / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(InputError, match="not a"):
        nets.read_weights(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [(b"K\x09K\x03K\x04\x87", "more numbers"), (b"K\x03K\x01K\x04\x87", "past the end")],
)
def test_a_tensor_past_its_storage_is_refused(
    tmp_path: pathlib.Path, changed: bytes, message: str
) -> None:
    """The file says that its storage has 24 numbers; the pickle asks for more."""
    with zipfile.ZipFile(FIXTURES / "zip.pth") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    listing = next(name for name in parts if name.endswith("data.pkl"))
    shape = b"K\x02K\x03K\x04\x87"  # (2, 3, 4)
    assert shape in parts[listing]
    parts[listing] = parts[listing].replace(shape, changed)
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    with pytest.raises(InputError, match=message):
        nets.read_weights(tmp_path / "x.pth")


@pytest.mark.parametrize("offsets", [[0, 8], [-4, 0], [4, 400]])
def test_wrong_offsets_are_refused(tmp_path: pathlib.Path, offsets: list[int]) -> None:
    header = {"x": {"dtype": "F32", "shape": [1], "data_offsets": offsets}}
    text = json.dumps(header).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 8)
    with pytest.raises(InputError, match="not a safetensors file"):
        nets.read_weights(path)


def test_other_files_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        nets.read_weights(tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(InputError, match="not a file of PyTorch weights"):
        nets.read_weights(tmp_path / "text.pth")
    raw = io.BytesIO()
    pickle.dump({"epoch": 3}, raw)
    with pytest.raises(InputError, match="no state dict"):
        nets.read_weights(zipped(tmp_path / "x.pth", raw.getvalue()))
