"""Tensors in files: the types of their numbers, and where in a storage they are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import ml_dtypes
import numpy as np

from depthstudy.errors import InputError

Shapes = Mapping[str, tuple[int, ...]]  # of arrays by name

# Types that only an untyped storage has.
FLOAT8 = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")


@dataclasses.dataclass(frozen=True)
class Storage:
    """The numbers of one or more tensors: their key in the file, type and count."""

    key: str
    kind: str
    size: int


@dataclasses.dataclass(frozen=True)
class Tensor:
    """Where the numbers of a tensor are; offset and strides are in numbers."""

    storage: Storage
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


def itemsize(kind: str) -> int:
    """Returns the bytes of a number of a type in a file."""
    return _dtype(kind).itemsize


def decode(raw: bytes, kind: str) -> np.ndarray:
    """Returns little-endian numbers of a type; those that NumPy lacks, as float32."""
    if kind in FLOAT8:
        return np.frombuffer(raw, getattr(ml_dtypes, kind)).astype(np.float32)
    numbers = np.frombuffer(raw, _dtype(kind))
    if kind == "bfloat16":
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers


def _dtype(kind: str) -> np.dtype:
    return np.dtype("uint16" if kind == "bfloat16" else kind).newbyteorder("<")
