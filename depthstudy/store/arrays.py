"""The arrays of a training state by name, in safetensors files.

A name is the path of an array, as ``params/stage2/block07/conv1/kernel``. The files need no more
than the library ``safetensors`` to be read, from Python without JAX and from other languages.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from flax import serialization, traverse_util

Arrays = dict[str, np.ndarray]
PathLike = os.PathLike[str]

_SEPARATOR = "/"


def flatten(state: Any) -> Arrays:
    """Returns the arrays of a state by name, copied into memory of their own.

    On a CPU a fetched array is the very memory that training will write to.

    Args:
      state: A tree of arrays that Flax can turn into nested dicts; ``None`` holds no array.

    >>> flatten({"params": {"head": {"bias": [1.0, 2.0]}}, "loss_scale": None})
    {'params/head/bias/0': array(1.), 'params/head/bias/1': array(2.)}
    """
    return {
        name: np.array(value, order="C")  # the file has no strides
        for name, value in _leaves(state).items()
        if _is_array(value)
    }


def unflatten(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Returns nested dicts of arrays from arrays by name.

    >>> unflatten({"params/head/bias": 1, "params/head/kernel": 2})
    {'params': {'head': {'bias': 1, 'kernel': 2}}}
    """
    return traverse_util.unflatten_dict(dict(arrays), sep=_SEPARATOR)


def fill(like: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Returns a tree in the form of ``like`` whose arrays are those of the same names.

    Raises:
      ValueError: The names are not those of ``like``.
    """
    leaves = _leaves(like)
    names = {name for name, value in leaves.items() if _is_array(value)}
    if names != arrays.keys():
        missing, unknown = sorted(names - arrays.keys()), sorted(arrays.keys() - names)
        raise ValueError(f"missing arrays: {missing[:3]}, unknown arrays: {unknown[:3]}")
    return serialization.from_state_dict(like, unflatten({**leaves, **arrays}))


def write(path: PathLike, arrays: Arrays, metadata: Mapping[str, str]) -> None:
    """Writes a safetensors file with text in its header."""
    from safetensors import numpy

    numpy.save_file(arrays, path, dict(metadata))


def read(path: PathLike) -> Arrays:
    """Returns the arrays of a safetensors file by name."""
    from safetensors import numpy

    return numpy.load_file(path)


def _leaves(state: Any) -> dict[str, Any]:
    """Returns arrays by name, and ``None`` and empty dicts, which are part of the form alone."""
    tree = serialization.to_state_dict(state)
    return traverse_util.flatten_dict(tree, keep_empty_nodes=True, sep=_SEPARATOR)


def _is_array(leaf: Any) -> bool:
    return leaf is not None and leaf is not traverse_util.empty_node
