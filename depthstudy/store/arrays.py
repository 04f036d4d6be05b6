"""The arrays of a training state by name, in safetensors files.

A name is the path of an array, as ``params/stage2/block07/conv1/kernel``. The files need no more
than the library ``safetensors`` to be read, from Python without JAX and from other languages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from flax import serialization, traverse_util

from depthstudy.errors import DamagedError

Arrays = dict[str, np.ndarray]
PathLike = os.PathLike[str]

_SEPARATOR = "/"
_HASH = "sha256"  # in the header: of all else in the file


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
    """Writes a safetensors file with text in its header, a hash of all of it among the text.

    Raises:
      OSError: The file cannot be written.
    """
    from safetensors import SafetensorError, numpy

    sealed = {**metadata, _HASH: sha256(arrays, metadata)}
    try:
        numpy.save_file(arrays, path, sealed)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        code = int(number[1])
        raise OSError(code, os.strerror(code), str(path)) from error
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def read(path: PathLike) -> tuple[Arrays, dict[str, str]]:
    """Returns the arrays of a safetensors file by name, and the text in its header.

    Raises:
      DamagedError: The file is not as it was written. Of an earlier version, whose files have no
        hash, it may be all the same.
      OSError: It cannot be opened, and may be whole.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with open(path, "rb"):  # safe_open says of whatever it cannot open that it is missing
            pass
        with safe_open(path, "np") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise DamagedError(f"{path} is missing") from error
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from error
    expected = metadata.pop(_HASH, None)
    if expected is not None and expected != sha256(arrays, metadata):
        raise DamagedError(f"{path} is not as it was written: its hash is another")
    return arrays, metadata


def has(path: PathLike, prefix: str) -> bool:
    """Returns whether a whole file has an array whose name begins so."""
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        return any(name.startswith(prefix) for name in file.keys())  # noqa: SIM118


def sha256(arrays: Arrays, metadata: Mapping[str, str]) -> str:
    """Returns the SHA-256 of names, types, shapes, numbers and text, in hexadecimal."""
    forms = [[name, str(array.dtype), array.shape] for name, array in sorted(arrays.items())]
    digest = hashlib.sha256(json.dumps([forms, sorted(metadata.items())]).encode())
    for _, array in sorted(arrays.items()):
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _leaves(state: Any) -> dict[str, Any]:
    """Returns arrays by name, and ``None`` and empty dicts, which are part of the form alone."""
    tree = serialization.to_state_dict(state)
    return traverse_util.flatten_dict(tree, keep_empty_nodes=True, sep=_SEPARATOR)


def _is_array(leaf: Any) -> bool:
    return leaf is not None and leaf is not traverse_util.empty_node
