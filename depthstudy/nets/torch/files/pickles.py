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
import pickletools
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from depthstudy.errors import InputError
from depthstudy.nets.torch.files.placeholder import Placeholder, placeholder
from depthstudy.nets.torch.files.state_dict import unwrap
from depthstudy.nets.torch.files.tensors import FLOAT8, Shapes, Storage, Tensor, decode, itemsize

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
_DTYPES = {
    **{name: name for name in ("bfloat16", "bool", "uint8", "int8", "int16", "int32", "int64")},
    **{name: name for name in ("float16", "float32", "float64", *FLOAT8)},
}


def read_torch(file: BinaryIO, check: Callable[[Shapes], None]) -> dict[str, np.ndarray]:
    """Returns the arrays of a file that ``torch.save`` wrote of a state dict.

    A state dict inside a checkpoint is found under the names of ``state_dict.WRAPPERS``.

    Args:
      file: The file, at its beginning.
      check: Is given the shapes by name before a number is read.

    Raises:
      InputError: The file is none of these, or is broken.
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
        reader = _Reader(io.BytesIO(archive.read(listing)))
        tree = _tensors(_load(reader), reader.others)
        check(_shapes(tree))
        numbers = {}
        for storage in {tensor.storage for tensor in tree.values()}:
            entry = archive.getinfo(f"{root}data/{storage.key}")
            _require(entry.file_size >= _bytes(storage), "a storage is cut short")
            numbers[storage.key] = _numbers(archive.read(entry), storage)
    return {name: tensor.read(numbers[tensor.storage.key]) for name, tensor in tree.items()}


def _read_old(file: BinaryIO, check: Callable[[Shapes], None]) -> dict[str, np.ndarray]:
    magic, _, system = (_load(_Reader(file)) for _ in range(3))
    _require(magic == _MAGIC, "it does not begin as such a file does")
    _require(system["little_endian"], "its numbers are big-endian")
    reader = _Reader(file)
    tree = _tensors(_load(reader), reader.others)
    check(_shapes(tree))
    numbers = {}
    for key in _load(_Reader(file)):
        (size,) = struct.unpack("<q", file.read(8))
        _require(key in reader.storages, "a storage belongs to no tensor")
        storage = reader.storages[key]
        _require(size == storage.size, "a storage has another size than its tensors say")
        numbers[key] = _numbers(file.read(_bytes(storage)), storage)
    return {name: tensor.read(numbers[tensor.storage.key]) for name, tensor in tree.items()}


def _shapes(tree: Mapping[str, Tensor]) -> Shapes:
    return {name: tensor.shape for name, tensor in tree.items()}


class _Reader(pickle.Unpickler):
    """Unpickles plain containers, and tensors as notes. ``storages`` are those it came upon."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.file = file
        self.storages: dict[str, Storage] = {}
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

    def persistent_load(self, pid: Any) -> Storage:
        word, kind, key, _, size = pid[:5]
        _require(word == "storage" and kind in _TYPES.values(), f"it refers to {word!r}")
        _require(len(pid) == 5 or pid[5] is None, "it has views of storages")
        return self.storages.setdefault(str(key), Storage(str(key), kind, int(size)))


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


def _note_tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    _require(isinstance(storage, Storage), "a tensor has no storage")
    return Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _note_typed(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Tensor:
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


def _tensors(tree: Any, others: list[str]) -> dict[str, Tensor]:
    tensors = unwrap(tree, Tensor)
    if tensors:
        return tensors
    if isinstance(tree, Placeholder) or (isinstance(tree, type) and issubclass(tree, Placeholder)):
        raise InputError(
            f"the file names {tree.reference}, which weights have no use for: it may be a whole "
            "module, of which nothing is loaded; in PyTorch, save its state dict: "
            "torch.save(model.state_dict(), 'weights.pth')"
        )
    names = f"; it names {', '.join(dict.fromkeys(others))}" if others else ""
    raise InputError(f"the file holds no state dict: names and their tensors{names}")


def _bytes(storage: Storage) -> int:
    return storage.size * itemsize(storage.kind)


def _numbers(raw: bytes, storage: Storage) -> np.ndarray:
    _require(len(raw) >= _bytes(storage), "a storage is cut short")
    return decode(raw[: _bytes(storage)], storage.kind)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise InputError(f"not a file of PyTorch weights: {otherwise}")
