"""PyTorch's files of weights, read as data: nothing that a file says is executed.

A pickle is a program. Here its instructions may build plain containers and name three things:
``OrderedDict``, a tensor and a storage. A tensor is built as a note of where its numbers are, a
storage as the type of its numbers, and everything else that a file names is refused.

Both formats of ``torch.save`` are read: a zip of a pickle and raw storages, and, before
PyTorch 1.6, pickles with the storages behind them.
"""

from __future__ import annotations

import collections
import dataclasses
import io
import math
import pickle
import pickletools
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from depthstudy.errors import InputError

Shapes = Mapping[str, tuple[int, ...]]  # of arrays by name

_MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of the older format
_TYPES = {
    "BFloat16Storage": "bfloat16",
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "ShortStorage": "int16",
}


@dataclasses.dataclass(frozen=True)
class _Storage:
    key: str
    kind: str
    size: int


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """Where the numbers of a tensor are; offset and strides are in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """Returns the tensor out of all numbers of its storage."""
        if len(self.shape) != len(self.strides) or min((0, self.offset, *self.strides)) < 0:
            raise InputError("a tensor has a shape that does not fit its strides")
        if min(self.shape, default=1) <= 0:
            return np.zeros(self.shape, numbers.dtype)
        if math.prod(self.shape) > len(numbers):
            raise InputError("a tensor has more numbers than its storage")
        last = self.offset + sum(
            (size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)
        )
        if last >= len(numbers):
            raise InputError("a tensor reaches past the end of its storage")
        steps = [stride * numbers.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps)
        return np.ascontiguousarray(view).reshape(self.shape)


def read_torch(file: BinaryIO, check: Callable[[Shapes], None]) -> dict[str, np.ndarray]:
    """Returns the arrays of a file that ``torch.save`` wrote of a state dict.

    A state dict inside a checkpoint is found under ``"state_dict"`` or ``"model"``.

    Args:
      file: The file, at its beginning.
      check: Is given the shapes by name before a number is read.

    Raises:
      InputError: The file is none of these, is broken, or names anything to execute.
    """
    try:
        read = _read_zip if zipfile.is_zipfile(file) else _read_old
        file.seek(0)
        return read(file, check)
    except InputError:
        raise
    except Exception as error:  # a broken pickle can raise whatever it likes
        raise InputError(f"not a file of PyTorch weights: {error!r}") from error


def _read_zip(file: BinaryIO, check: Callable[[Shapes], None]) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        # PyTorch compresses nothing; what is compressed may be a thousand times as large.
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())
        _require(not packed, "it is compressed")
        (listing,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        root = listing.removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist():
            _require(archive.read(f"{root}byteorder") == b"little", "its numbers are big-endian")
        tree = _tensors(_load(_Reader(io.BytesIO(archive.read(listing)))))
        check(_shapes(tree))
        found = {}
        for storage in {tensor.storage for tensor in tree.values()}:
            entry = archive.getinfo(f"{root}data/{storage.key}")
            _require(entry.file_size >= _bytes(storage), "a storage is cut short")
            found[storage.key] = _numbers(archive.read(entry), storage)
    return {name: tensor.read(found[tensor.storage.key]) for name, tensor in tree.items()}


def _read_old(file: BinaryIO, check: Callable[[Shapes], None]) -> dict[str, np.ndarray]:
    magic, _, system = (_load(_Reader(file)) for _ in range(3))
    _require(magic == _MAGIC, "it does not begin as such a file does")
    _require(system["little_endian"], "its numbers are big-endian")
    reader = _Reader(file)
    tree = _tensors(_load(reader))
    check(_shapes(tree))
    found = {}
    for key in _load(_Reader(file)):
        (size,) = struct.unpack("<q", file.read(8))
        _require(key in reader.storages, "a storage belongs to no tensor")
        storage = reader.storages[key]
        _require(size == storage.size, "a storage has another size than its tensors say")
        found[key] = _numbers(file.read(_bytes(storage)), storage)
    return {name: tensor.read(found[tensor.storage.key]) for name, tensor in tree.items()}


def _shapes(tree: Mapping[str, _Tensor]) -> Shapes:
    return {name: tensor.shape for name, tensor in tree.items()}


class _Reader(pickle.Unpickler):
    """Unpickles plain containers, and tensors as notes. ``storages`` are those it came upon."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.file = file
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _note_tensor
        if module in ("torch", "torch.storage") and name in _TYPES:
            return _TYPES[name]
        raise InputError(f"the file names {module}.{name}, which weights have no use for")

    def persistent_load(self, pid: Any) -> _Storage:
        word, kind, key, _, size = pid[:5]
        _require(word == "storage" and kind in _TYPES.values(), f"it refers to {word!r}")
        _require(len(pid) == 5 or pid[5] is None, "it has views of storages")
        return self.storages.setdefault(str(key), _Storage(str(key), kind, int(size)))


def _load(reader: _Reader) -> Any:
    """Returns what a pickle builds, if it can be built in memory of about its own size.

    A pickle may number what it remembers as it likes, and Python makes room for all numbers below.
    """
    start = reader.file.tell()
    for instruction, argument, place in pickletools.genops(reader.file):
        if instruction.name.endswith("PUT"):
            _require(int(str(argument)) <= (place or 0) - start, "it numbers more than it has")
    reader.file.seek(start)
    return reader.load()


def _note_tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    _require(isinstance(storage, _Storage), "a tensor has no storage")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _tensors(tree: Any) -> dict[str, _Tensor]:
    for key in ("state_dict", "model"):
        if isinstance(tree, Mapping) and isinstance(tree.get(key), Mapping):
            tree = tree[key]
    if not isinstance(tree, Mapping) or not all(isinstance(x, _Tensor) for x in tree.values()):
        raise InputError("the file holds no state dict: names and their tensors")
    return {str(name): tensor for name, tensor in tree.items()}


def itemsize(kind: str) -> int:
    """Returns the bytes of a number of a type in a file."""
    return _dtype(kind).itemsize


def _bytes(storage: _Storage) -> int:
    return storage.size * itemsize(storage.kind)


def _numbers(raw: bytes, storage: _Storage) -> np.ndarray:
    _require(len(raw) >= _bytes(storage), "a storage is cut short")
    return decode(raw[: _bytes(storage)], storage.kind)


def decode(raw: bytes, kind: str) -> np.ndarray:
    """Returns little-endian numbers of a type; bfloat16, which NumPy lacks, as float32."""
    numbers = np.frombuffer(raw, _dtype(kind))
    if kind == "bfloat16":
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers


def _dtype(kind: str) -> np.dtype:
    return np.dtype("uint16" if kind == "bfloat16" else kind).newbyteorder("<")


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise InputError(f"not a file of PyTorch weights: {otherwise}")
