"""The variables of a net as PyTorch's weights: what ``load`` reads, written."""

from __future__ import annotations

from typing import Any

import numpy as np
from flax import traverse_util

from depthstudy.arch import ArchSpec
from depthstudy.nets.interface import Variables
from depthstudy.nets.torch.load import picture_side
from depthstudy.nets.torch.names import torch_names

_LEAVES = {
    "kernel": "weight",
    "scale": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
}
_SCALE = "layer_scale"  # of ConvNeXt: a parameter of the block itself, ``[C, 1, 1]``


def save_torch(spec: ArchSpec, variables: Variables) -> dict[str, np.ndarray]:
    """Returns the state dict that PyTorch's net of the same architecture takes.

    ``load_torch`` gives the variables back. A counter of batches, ``num_batches_tracked``, is left
    out, as PyTorch's ``load_state_dict`` allows where there is no version in the file.

    Args:
      spec: The architecture.
      variables: Its ``params`` and ``batch_stats``.

    Returns:
      float32 arrays by torchvision's names.

    Raises:
      InputError: torchvision has no net of this family, or none with such layers, so that no names
        are known.
    """
    names = torch_names(spec, "torchvision")
    state: dict[str, np.ndarray] = {}
    for collection in ("params", "batch_stats"):
        flat: dict[tuple[str, ...], Any] = traverse_util.flatten_dict(variables.get(collection, {}))
        for (*path, leaf), value in flat.items():
            array = np.asarray(value, np.float32)
            if leaf == "kernel":
                array = _weight(array, picture_side(spec, tuple(path)))
            name = names[tuple(path)]
            if name.endswith(_SCALE):
                state[name] = array[:, None, None]
            else:
                state[f"{name}.{_LEAVES[leaf]}"] = array
    return state


def _weight(kernel: np.ndarray, side: int) -> np.ndarray:
    """Returns ``[F, C, k, k]`` of a convolution's ``[k, k, C, F]``, ``[F, I]`` of ``[I, F]``.

    The dense layer after ``side`` times ``side`` averages has its inputs in the order row, column,
    channel here, and channel, row, column there.
    """
    if kernel.ndim == 4:
        return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
    features = kernel.shape[-1]
    pictures = kernel.reshape(side, side, -1, features)
    return np.ascontiguousarray(pictures.transpose(3, 2, 0, 1).reshape(features, -1))
