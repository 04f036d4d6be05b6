"""Files of safetensors: a header in JSON, and numbers behind it."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Callable, Mapping
from typing import BinaryIO, NamedTuple

import numpy as np

from depthstudy.errors import InputError
from depthstudy.nets.torch.files.tensors import Shapes, decode, itemsize

_TYPES = {
    "BF16": "bfloat16",
    "BOOL": "bool",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "I8": "int8",
    "U8": "uint8",
}


def read_safetensors(file: BinaryIO, check: Callable[[Shapes], None]) -> dict[str, np.ndarray]:
    """Returns the arrays of a file: eight bytes with the length of the header, header, numbers.

    Args:
      file: The file, at its beginning.
      check: Is given the shapes by name before a number is read.

    Raises:
      InputError: The file is none of these, or is broken.
    """
    size = os.fstat(file.fileno()).st_size
    start = 8 + int.from_bytes(file.read(8), "little")
    try:
        if size < start:
            raise ValueError("the header is cut short")
        header = json.loads(file.read(start - 8))
        header.pop("__metadata__", None)
        entries = {name: _entry(size - start, **entry) for name, entry in header.items()}
        _refuse_overlap(entries)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"not a safetensors file: {error!r}") from error
    check({name: entry.shape for name, entry in entries.items()})
    return {name: _numbers(file, start, entry) for name, entry in entries.items()}


class _Entry(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    first: int
    stop: int


def _entry(size: int, *, dtype: str, shape: list[int], data_offsets: list[int]) -> _Entry:
    """Returns a line of the header whose type, shape and place agree."""
    first, stop = data_offsets
    kind = _TYPES[dtype]
    if not all(type(number) is int and number >= 0 for number in (*shape, first, stop)):
        raise ValueError("a shape or a place that is no whole numbers")
    if not first <= stop <= size:
        raise ValueError("numbers outside the file")
    count, rest = divmod(stop - first, itemsize(kind))
    if rest or count != math.prod(shape):
        raise ValueError(f"{count} numbers for the shape {shape}")
    return _Entry(kind, tuple(shape), first, stop)


def _refuse_overlap(entries: Mapping[str, _Entry]) -> None:
    """Refuses arrays that share bytes: few of them on disk would be many in memory."""
    places = sorted((entry.first, entry.stop) for entry in entries.values())
    for (_, stop), (first, _) in itertools.pairwise(places):
        if first < stop:
            raise ValueError("two arrays in the same place")


def _numbers(file: BinaryIO, start: int, entry: _Entry) -> np.ndarray:
    file.seek(start + entry.first)
    return decode(file.read(entry.stop - entry.first), entry.dtype).reshape(entry.shape)
