"""Weights from a file, as NumPy arrays by name: PyTorch's .pth, safetensors, and Keras's."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from typing import BinaryIO

import numpy as np

from depthstudy.errors import InputError
from depthstudy.nets.torch.files.formats import Format, format_of
from depthstudy.nets.torch.files.keras import read_keras
from depthstudy.nets.torch.files.pickles import read_torch
from depthstudy.nets.torch.files.safetensors import read_safetensors
from depthstudy.nets.torch.files.state_dict import cleaned
from depthstudy.nets.torch.files.tensors import Shapes

_READERS: Mapping[Format, Callable[[BinaryIO, Callable[[Shapes], None]], dict[str, np.ndarray]]] = {
    "keras": read_keras,
    "old": read_torch,
    "safetensors": read_safetensors,
    "zip": read_torch,
}
_SHOWN = 40  # letters of a shape


def read_weights(
    path: str | pathlib.Path, check: Callable[[Mapping[str, np.ndarray]], object] | None = None
) -> dict[str, np.ndarray]:
    """Returns the arrays of a file by name, executing nothing that is in it.

    The format shows in the first bytes. A checkpoint's state dict is taken out of what is around
    it, and prefixes of wrappers are taken off the names (``state_dict.cleaned``).

    A file cannot ask for more memory than it takes on disk, roughly: what it says of itself is held
    against its size before anything is read.

    Args:
      path: A file of safetensors, one that ``torch.save`` wrote of a state dict or of a checkpoint
        with one, or one of Keras's.
      check: Is given arrays of the same names and shapes, without numbers or memory, before a
        number is read; what it raises is passed on.

    Raises:
      InputError: There is no such file, or it is another; the message says what to do with it.
    """
    path = pathlib.Path(path)

    def accept(shapes: Shapes) -> None:
        arrays = {name: _without_numbers(name, shape) for name, shape in shapes.items()}
        if check is not None:
            check(cleaned(arrays, product=lambda weight, mask: weight))

    try:
        with path.open("rb") as file:
            return cleaned(_READERS[format_of(file)](file, accept))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _without_numbers(name: str, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return np.broadcast_to(np.zeros(()), shape)
    except (OverflowError, ValueError) as error:  # too many axes, or one too long
        shown = f"{str(list(shape))[:_SHOWN]}..." if len(str(shape)) > _SHOWN else list(shape)
        raise InputError(f"{name} has a shape that no array can have: {shown}") from error
