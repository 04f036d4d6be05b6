"""Weights in Keras's files, through h5py, as PyTorch lays them out.

Three forms are read: HDF5 by names of layers (Keras 2, and ``.h5`` of Keras 3), HDF5 by numbers
with the names as attributes (``.weights.h5`` of Keras 3), and ``.keras``, a zip archive with such a
file in it. Only arrays and these names are read: no layer is built, and nothing outside the file is
followed. What a layer's arrays are called in PyTorch is the same for all nets; which net it is,
``names.keras`` says.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from depthstudy.errors import InputError, required

if TYPE_CHECKING:
    import h5py

_INSIDE = "model.weights.h5"
_DEPTHWISE = ("depthwise", "dwconv")  # how names of such layers end
_VECTORS = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "mean": "mean",
    "variance": "variance",
    "count": "count",
    "bias": "bias",
}
# What a layer whose arrays are numbered has, by how many axes these have.
_NUMBERED: Mapping[tuple[int, ...], tuple[str, ...]] = {
    (4,): ("kernel",),
    (4, 1): ("kernel", "bias"),
    (2,): ("kernel",),
    (2, 1): ("kernel", "bias"),
    (1, 1, 1, 1): ("gamma", "beta", "moving_mean", "moving_variance"),
    (1, 1, 0): ("mean", "variance", "count"),
}
_SEEDS = "seed_generator"  # of layers that draw
# What h5py and ``zipfile`` raise at bytes that they cannot read.
_UNREADABLE = (
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


class _Array(NamedTuple):
    """An array in the file: its layer, what it is of it, and where it lies."""

    layer: str
    variable: str
    dataset: Any


def read_keras(
    file: BinaryIO, check: Callable[[Mapping[str, tuple[int, ...]]], None]
) -> dict[str, np.ndarray]:
    """Returns the arrays of a file by names as ``"conv1_conv.weight"``, in PyTorch's layouts.

    Args:
      file: HDF5, or a zip archive with it.
      check: Is given names and shapes before a number is read.

    Raises:
      InputError: h5py is not installed, or the file is none that Keras writes.
    """
    h5py = required("h5py", extra="keras", by="a file of Keras")
    try:
        with h5py.File(_unpacked(file), "r") as root:
            arrays = _named(list(_arrays(root)))
            check({name: _shape(array) for name, array in arrays.items()})
            return {name: _converted(array) for name, array in arrays.items()}
    except InputError:
        raise
    except _UNREADABLE as error:
        raise InputError(f"not a file of Keras's weights: {error}") from error


def _unpacked(file: BinaryIO) -> BinaryIO:
    """Returns the HDF5 file itself, out of a ``.keras`` archive."""
    if not zipfile.is_zipfile(file):
        file.seek(0)
        return file
    with zipfile.ZipFile(file) as archive:
        entry = archive.getinfo(_INSIDE)
        if entry.compress_type != zipfile.ZIP_STORED:
            raise InputError(f"its {_INSIDE} is compressed: unpack it, and take that file")
        return io.BytesIO(archive.read(entry))


def _arrays(root: h5py.Group) -> Iterator[_Array]:
    """Yields the arrays of a model, those of its optimizer left out."""
    whole = root.get("model_weights", root)
    for group, name, dataset in _walk(whole):
        if "optimizer" in dataset.name.split("/")[1]:
            continue
        if not name.isdigit():
            layer = group.name.rpartition("/")[2]
            yield _Array(layer, name.partition(":")[0], dataset)
            continue
        layer = group.attrs.get("name")
        if not isinstance(layer, str):
            raise InputError(
                "its layers are numbered, and have no names, as Keras 3 wrote them at first: save "
                "the model again by a newer one, or its weights as .h5"
            )
        yield _Array(layer, name, dataset)


def _walk(group: h5py.Group) -> Iterator[tuple[h5py.Group, str, h5py.Dataset]]:
    """Yields groups, names and arrays, of what lies in the file itself and once."""
    import h5py

    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise InputError(f"not a file of Keras's weights: {name} leads elsewhere")
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _walk(item)
        elif isinstance(item, h5py.Dataset):
            _require_held(item)
            yield group, name, item


def _require_held(dataset: h5py.Dataset) -> None:
    """Refuses arrays whose numbers are not in the file, or fewer than their shape says."""
    held = dataset.id.get_storage_size()
    if dataset.is_virtual or dataset.external or held < dataset.dtype.itemsize * dataset.size:
        raise InputError(
            f"not a file of Keras's weights as it writes them: the numbers of {dataset.name} are "
            "compressed, or not in it"
        )


def _named(weights: list[_Array]) -> dict[str, _Array]:
    """Returns the arrays by their names in PyTorch's way.

    A net's classifier has a name of its own where somebody put another one behind it: it is the
    only dense layer.
    """
    layers: dict[str, list[_Array]] = {}
    for array in weights:
        layers.setdefault(array.layer, []).append(array)
    layers = {layer: _with_variables(arrays) for layer, arrays in layers.items() if layer != _SEEDS}
    dense = [layer for layer, arrays in layers.items() if any(_is_dense(a) for a in arrays)]
    named = {}
    for layer, arrays in layers.items():
        name = "predictions" if dense == [layer] else layer
        for array in arrays:
            if not array.variable.startswith(_SEEDS):
                leaf = "weight" if "kernel" in array.variable else _VECTORS.get(array.variable)
                named[f"{name}.{leaf or array.variable}"] = array
    return named


def _with_variables(arrays: list[_Array]) -> list[_Array]:
    """Returns the arrays of a layer with what they are, also where they are numbered."""
    if not all(array.variable.isdigit() for array in arrays):
        return arrays
    arrays = sorted(arrays, key=lambda array: int(array.variable))
    variables = _NUMBERED.get(tuple(array.dataset.ndim for array in arrays))
    if variables is None:
        return arrays
    pairs = zip(arrays, variables, strict=True)
    return [array._replace(variable=variable) for array, variable in pairs]


def _is_dense(array: _Array) -> bool:
    return array.variable == "kernel" and array.dataset.ndim == 2


def _axes(array: _Array) -> tuple[int, ...]:
    """Returns the order of axes by which an array becomes PyTorch's."""
    if "kernel" not in array.variable or array.dataset.ndim not in (2, 4):
        return tuple(range(array.dataset.ndim))
    if array.dataset.ndim == 2:
        return (1, 0)
    depthwise = array.variable == "depthwise_kernel" or array.layer.endswith(_DEPTHWISE)
    return (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)


def _shape(array: _Array) -> tuple[int, ...]:
    return tuple(array.dataset.shape[axis] for axis in _axes(array))


def _converted(array: _Array) -> np.ndarray:
    numbers = np.asarray(array.dataset[()])
    return np.ascontiguousarray(numbers.transpose(_axes(array)).astype(np.float32))
