"""Files that are no weights are told by their first bytes, with what to do."""

from __future__ import annotations

import importlib.util
import io
import pathlib
import tarfile
import zipfile

import numpy as np
import pytest

from depthstudy import nets
from depthstudy.errors import InputError


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))
    return file.getvalue()


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


HAS_H5PY = importlib.util.find_spec("h5py") is not None
KERAS = (
    "not a file of Keras's weights"
    if HAS_H5PY
    else r"needs h5py: pip install 'depthstudy\[keras\]'"
)
FILES = {
    "empty": (b"", "the file is empty"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 64, KERAS),
    "keras": (zipped("config.json", "model.weights.h5"), KERAS),
    "TorchScript": (
        zipped("net/data.pkl", "net/constants.pkl", "net/code/x.py"),
        r"TorchScript archive: in PyTorch, save its state dict: torch.save\(model.state_dict\(\)",
    ),
    "ONNX": (
        b"\x08\x07\x12\x07pytorch\x1a\x052.1.0",
        "an ONNX model: in PyTorch, save its state d",
    ),
    "TFLite": (b"\x1c\0\0\0TFL3" + b"\0" * 32, "a TFLite model: load it in its own package"),
    "npy": (saved(np.zeros(3)), "a single NumPy array"),
    "npz": (zipped("a.npy", "b.npy"), "an archive of NumPy arrays: save them as a safetensors"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 32, "a gzip archive: unpack it first"),
    "xz": (b"\xfd7zXZ\0" + b"\0" * 32, "an xz archive: unpack it first"),
    "tar": (tarred(), "a tar archive: unpack it first"),
    "GGUF": (b"GGUF\x03\0\0\0", "a GGUF file: it holds no convolutional net"),
    "LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "a pointer of Git LFS: fetch the file itself: git lfs pull",
    ),
    "HTML": (b"<!DOCTYPE html><html></html>", "a page of HTML: download the file itself"),
    "zip": (zipped("readme.txt"), "a zip archive with no data.pkl in it"),
    "cut zip": (zipped("a/data.pkl")[:40], "it may be cut short"),
    "text": (b"no weights", "nor of safetensors or Keras: it begins with b'no weigh'"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 32, "it begins with b'.x89PNG"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_is_told_by_its_first_bytes(tmp_path: pathlib.Path, kind: str, suffix: str) -> None:
    raw, message = FILES[kind]
    path = tmp_path / f"file{suffix}"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=message) as error:
        nets.read_weights(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_any_byte_of_an_archive_of_keras_may_be_changed(tmp_path: pathlib.Path) -> None:
    h5py = pytest.importorskip("h5py")
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["Conv1/kernel"] = np.ones((1, 1, 3, 4), np.float32)
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", held.getvalue())
    assert nets.read_weights(path)["Conv1.weight"].shape == (4, 3, 1, 1)
    content, start = path.read_bytes(), path.read_bytes().rindex(b"PK\x01\x02")
    refused = 0
    for place in (*range(0, 64), *range(start, len(content))):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            nets.read_weights(path)
        except InputError:
            refused += 1
    assert refused > 20
