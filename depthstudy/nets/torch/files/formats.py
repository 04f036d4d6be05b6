"""Which format a file of weights has, by its first bytes, and what to do with one that is not read.

Nobody's file is told by its suffix: what ends in ``.pth`` may be a TorchScript archive, and what a
download left may be a page of HTML.
"""

from __future__ import annotations

import zipfile
from typing import BinaryIO, Literal

from depthstudy.errors import InputError

Format = Literal["safetensors", "zip", "old", "keras"]

_STATE_DICT = "save its state dict: torch.save(model.state_dict(), 'weights.pth')"
_FROM_TENSORFLOW = (
    "load it in its own package, and save the weights by the names of torchvision or timm as a "
    "safetensors file"
)
# First bytes, where they begin, what they are, and what to do.
_OTHERS: tuple[tuple[bytes, int, str, str], ...] = (
    (b"TFL3", 4, "a TFLite model", _FROM_TENSORFLOW),
    (b"\x93NUMPY", 0, "a single NumPy array", "a file of weights has many, by name"),
    (b"\x1f\x8b", 0, "a gzip archive", "unpack it first"),
    (b"BZh", 0, "a bzip2 archive", "unpack it first"),
    (b"\xfd7zXZ", 0, "an xz archive", "unpack it first"),
    (b"ustar", 257, "a tar archive", "unpack it first"),
    (b"GGUF", 0, "a GGUF file", "it holds no convolutional net"),
    (b"version https://git-lfs", 0, "a pointer of Git LFS", "fetch the file itself: git lfs pull"),
    (b"<!DOCTYPE", 0, "a page of HTML", "download the file itself"),
    (b"<!doctype", 0, "a page of HTML", "download the file itself"),
    (b"<html", 0, "a page of HTML", "download the file itself"),
    (b"<?xml", 0, "an XML file", "download the weights themselves"),
)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HEAD = 512  # bytes that are looked at
_ONNX_WORDS = (b"onnx", b"pytorch", b"graph", b"torch_jit")


def format_of(file: BinaryIO) -> Format:
    """Returns the format of a file that can be read, and goes back to its beginning.

    Raises:
      InputError: It has another; the message names it and says what to do.
    """
    raw = file.read(_HEAD)
    file.seek(0)
    if not raw:
        raise InputError("the file is empty")
    for mark, start, what, advice in _OTHERS:
        if raw[start : start + len(mark)] == mark:
            raise InputError(f"this is {what}: {advice}")
    if raw.startswith(_HDF5):
        return "keras"
    if raw[:4] == b"PK\x03\x04":
        return _zip(file)
    if raw[8:9] == b"{" and 2 <= int.from_bytes(raw[:8], "little") < 2**32:
        return "safetensors"
    if raw[:1] == b"\x80":
        return "old"
    if raw[:1] == b"\x08" and any(word in raw[:200] for word in _ONNX_WORDS):
        raise InputError(f"this is an ONNX model: in PyTorch, {_STATE_DICT}")
    raise InputError(
        f"not a file of PyTorch weights, nor of safetensors or Keras: it begins with {raw[:8]!r}"
    )


def _zip(file: BinaryIO) -> Format:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
        file.seek(0)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InputError(f"not a file of PyTorch weights: {error}, it may be cut short") from error
    if any(name.endswith("/constants.pkl") or "/code/" in name for name in names):
        raise InputError(f"this is a TorchScript archive: in PyTorch, {_STATE_DICT}")
    if "model.weights.h5" in names:
        return "keras"
    if names and all(name.endswith(".npy") for name in names):
        raise InputError("this is an archive of NumPy arrays: save them as a safetensors file")
    if not any(name.endswith("/data.pkl") for name in names):
        raise InputError("not a file of PyTorch weights: a zip archive with no data.pkl in it")
    return "zip"
