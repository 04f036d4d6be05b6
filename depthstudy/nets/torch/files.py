"""Weights from a file, as NumPy arrays by name: PyTorch's .pth and safetensors."""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import numpy as np

from depthstudy.errors import InputError
from depthstudy.nets.torch.formats import format_of
from depthstudy.nets.torch.pickles import decode, read_torch
from depthstudy.nets.torch.state_dict import cleaned

_SAFETENSORS = {
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


def read_weights(path: str | pathlib.Path) -> dict[str, np.ndarray]:
    """Returns the arrays of a file by name, executing nothing that is in it.

    The format shows in the first bytes. A checkpoint's state dict is taken out of what is around
    it, and prefixes of wrappers are taken off the names (``state_dict.cleaned``).

    Args:
      path: A file of safetensors, or one that ``torch.save`` wrote of a state dict or of a
        checkpoint with one.

    Raises:
      InputError: There is no such file, or it is another; the message says what to do with it.
    """
    path = pathlib.Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    try:
        kind = format_of(raw)
        return cleaned(_read_safetensors(raw) if kind == "safetensors" else read_torch(raw))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read_safetensors(raw: bytes) -> dict[str, np.ndarray]:
    """Eight bytes with the length of a JSON header, the header, the numbers."""
    start = 8 + int.from_bytes(raw[:8], "little")
    try:
        if len(raw) < start:
            raise ValueError("the header is cut short")
        header = json.loads(raw[8:start])
        return {
            name: _array(raw, start, **entry)
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"not a safetensors file: {error!r}") from error


def _array(
    raw: bytes, start: int, *, dtype: str, shape: list[int], data_offsets: Any
) -> np.ndarray:
    first, stop = data_offsets
    if not 0 <= first <= stop <= len(raw) - start:
        raise ValueError("numbers outside the file")
    numbers = decode(raw[start + first : start + stop], _SAFETENSORS[dtype])
    if len(numbers) != math.prod(shape):
        raise ValueError(f"{len(numbers)} numbers for the shape {shape}")
    return numbers.reshape(shape)
