"""PyTorch's files of weights, read as data: nothing that a file says is executed.

A pickle is a program. Here its instructions may build plain containers, and a tensor is built as a
note of where its numbers are, a storage as the type of its numbers. Whatever else a file names, as
an optimizer's class, is a ``Placeholder``, which does nothing.

Both formats of ``torch.save`` are read: a zip of a pickle and raw storages, and, before
PyTorch 1.6, pickles with the storages behind them.
"""

from __future__ import annotations

import collections
import dataclasses
import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np

from depthstudy.errors import InputError
from depthstudy.nets.torch.placeholder import Placeholder, placeholder
from depthstudy.nets.torch.state_dict import unwrap

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
    "UntypedStorage": "uint8",
}
# Types that only an untyped storage has.
_FLOAT8 = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
_DTYPES = {
    **{name: name for name in ("bfloat16", "bool", "uint8", "int8", "int16", "int32", "int64")},
    **{name: name for name in ("float16", "float32", "float64", *_FLOAT8)},
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
    kind: str | None = None  # of the numbers in an untyped storage

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """Returns the tensor out of all numbers of its storage."""
        if self.kind is not None:
            numbers = decode(numbers.tobytes(), self.kind)
        if len(self.shape) != len(self.strides) or min((0, self.offset, *self.strides)) < 0:
            raise InputError("a tensor has a shape that does not fit its strides")
        if min(self.shape, default=1) <= 0:
            return np.zeros(self.shape, numbers.dtype)
        last = self.offset + sum(
            (size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)
        )
        if last >= len(numbers):
            raise InputError("a tensor reaches past the end of its storage")
        steps = [stride * numbers.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps)
        return np.ascontiguousarray(view).reshape(self.shape)


def read_torch(raw: bytes) -> dict[str, np.ndarray]:
    """Returns the arrays of a file that ``torch.save`` wrote of a state dict.

    A state dict inside a checkpoint is found under the names of ``state_dict.WRAPPERS``.

    Raises:
      InputError: The file is none of these, or is broken.
    """
    try:
        tree, storages = _read_zip(raw) if raw[:2] == b"PK" else _read_old(raw)
        return {name: tensor.read(storages[tensor.storage.key]) for name, tensor in tree.items()}
    except InputError:
        raise
    except Exception as error:  # a broken pickle can raise whatever it likes
        raise InputError(f"not a file of PyTorch weights: {error!r}") from error


def _read_zip(raw: bytes) -> tuple[dict[str, _Tensor], dict[str, np.ndarray]]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        (listing,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        root = listing.removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist():
            _require(archive.read(f"{root}byteorder") == b"little", "its numbers are big-endian")
        reader = _Reader(io.BytesIO(archive.read(listing)))
        tree = _tensors(reader.load(), reader.others)
        found = {}
        for storage in {tensor.storage for tensor in tree.values()}:
            entry = archive.getinfo(f"{root}data/{storage.key}")
            _require(entry.file_size >= _bytes(storage), "a storage is cut short")
            found[storage.key] = _numbers(archive.read(entry), storage)
    return tree, found


def _read_old(raw: bytes) -> tuple[dict[str, _Tensor], dict[str, np.ndarray]]:
    file = io.BytesIO(raw)
    magic, _, system = (_Reader(file).load() for _ in range(3))
    _require(magic == _MAGIC, "it does not begin as such a file does")
    _require(system["little_endian"], "its numbers are big-endian")
    reader = _Reader(file)
    tree = _tensors(reader.load(), reader.others)
    found = {}
    for key in _Reader(file).load():
        (size,) = struct.unpack("<q", file.read(8))
        _require(key in reader.storages, "a storage belongs to no tensor")
        storage = reader.storages[key]
        _require(size == storage.size, "a storage has another size than its tensors say")
        found[key] = _numbers(file.read(_bytes(storage)), storage)
    return tree, found


class _Reader(pickle.Unpickler):
    """Unpickles plain containers, and tensors as notes. ``storages`` are those it came upon."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}
        self.others: list[str] = []  # names of what there are placeholders for

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _BUILDERS:
            return _BUILDERS[module, name]
        if module in ("torch", "torch.storage") and name in _TYPES:
            return _TYPES[name]
        if module == "torch" and name in _DTYPES:
            return _Dtype(_DTYPES[name])
        self.others.append(f"{module}.{name}")
        return placeholder(module, name)

    def persistent_load(self, pid: Any) -> _Storage:
        word, kind, key, _, size = pid[:5]
        _require(word == "storage" and kind in _TYPES.values(), f"it refers to {word!r}")
        _require(len(pid) == 5 or pid[5] is None, "it has views of storages")
        return self.storages.setdefault(str(key), _Storage(str(key), kind, int(size)))


def _note_tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    _require(isinstance(storage, _Storage), "a tensor has no storage")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _note_typed(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> _Tensor:
    """A tensor of a type that storages have no name for; it is the third of the rest."""
    dtype = next((x for x in rest if isinstance(x, _Dtype)), None)
    if dtype is None:
        raise InputError("not a file of PyTorch weights: a tensor has no type")
    return dataclasses.replace(_note_tensor(storage, offset, shape, strides), kind=dtype.name)


def _first(tensor: Any, *_: Any) -> Any:
    """A parameter is its tensor."""
    return tensor


def _called(function: Any, _: Any, args: Any, *__: Any) -> Any:
    """A tensor of a class of its own is the tensor, if that is how it is made."""
    return function(*args) if function in _BUILDERS.values() else None


@dataclasses.dataclass(frozen=True)
class _Dtype:
    name: str


_BUILDERS: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _note_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _note_tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _note_typed,
    ("torch._utils", "_rebuild_parameter"): _first,
    ("torch._utils", "_rebuild_parameter_with_state"): _first,
    ("torch._tensor", "_rebuild_from_type_v2"): _called,
}


def _tensors(tree: Any, others: list[str]) -> dict[str, _Tensor]:
    found = unwrap(tree, _Tensor)
    if found:
        return found
    if isinstance(tree, Placeholder) or (isinstance(tree, type) and issubclass(tree, Placeholder)):
        raise InputError(
            f"the file names {tree.reference}, which weights have no use for: it may be a whole "
            "module, of which nothing is loaded; in PyTorch, save its state dict: "
            "torch.save(model.state_dict(), 'weights.pth')"
        )
    names = f"; it names {', '.join(dict.fromkeys(others))}" if others else ""
    raise InputError(f"the file holds no state dict: names and their tensors{names}")


def _bytes(storage: _Storage) -> int:
    return storage.size * _dtype(storage.kind).itemsize


def _numbers(raw: bytes, storage: _Storage) -> np.ndarray:
    _require(len(raw) >= _bytes(storage), "a storage is cut short")
    return decode(raw[: _bytes(storage)], storage.kind)


def decode(raw: bytes, kind: str) -> np.ndarray:
    """Returns little-endian numbers of a type; those that NumPy lacks, as float32."""
    if kind in _FLOAT8:
        return np.frombuffer(raw, getattr(ml_dtypes, kind)).astype(np.float32)
    numbers = np.frombuffer(raw, _dtype(kind))
    if kind == "bfloat16":
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers


def _dtype(kind: str) -> np.dtype:
    return np.dtype("uint16" if kind == "bfloat16" else kind).newbyteorder("<")


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise InputError(f"not a file of PyTorch weights: {otherwise}")
