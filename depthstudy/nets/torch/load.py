"""PyTorch's weights as the variables of a net."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from flax import traverse_util

from depthstudy.arch import ArchSpec, DetectorSpec
from depthstudy.arch.layer_types import (
    BatchNorm,
    FusionWeights,
    LayerScale,
    Norm,
)
from depthstudy.errors import InputError
from depthstudy.nets.torch import cifar, settings
from depthstudy.nets.torch.expectation import check_torch
from depthstudy.nets.torch.names import CIFAR, KERAS, style_of, torch_names

Arrays = dict[tuple[str, ...], np.ndarray]


def load_torch(
    spec: ArchSpec | DetectorSpec, state_dict: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Returns the variables of ``nets.Network(spec)`` that a PyTorch state dict holds.

    Args:
      spec: The architecture, of exactly the file's depth, width and number of classes.
      state_dict: Arrays by the names of a package of ``names.STYLES``, as torchvision's.

    Returns:
      ``params`` and, where there is normalization, ``batch_stats``; all float32.

    Raises:
      InputError: No file of this family is known, or the file is of another net: a name is missing
        or unexpected, or a shape differs.
    """
    expectation = check_torch(spec, state_dict)
    expectation.check_numbers()
    given = expectation.given
    if isinstance(spec, ArchSpec) and style_of(given) == CIFAR:
        expectation = dataclasses.replace(expectation, given=cifar.reordered(spec, given))
    if style_of(given) == KERAS and spec.family == "resnet":
        expectation = dataclasses.replace(expectation, given=settings.for_rgb(given))
    params: Arrays = {}
    statistics: Arrays = {}
    for path, cost in expectation.costs.items():
        arrays = expectation.arrays(path)
        if isinstance(cost.layer, LayerScale):
            params[*path, "scale"] = arrays[""]
            continue
        if isinstance(cost.layer, Norm):
            params |= {(*path, "scale"): arrays["weight"], (*path, "bias"): arrays["bias"]}
            if isinstance(cost.layer, BatchNorm):
                statistics[*path, "mean"] = arrays["running_mean"]
                statistics[*path, "var"] = arrays["running_var"]
            continue
        if isinstance(cost.layer, FusionWeights):
            params[path] = arrays["edge_weights"]
            continue
        params[*path, "kernel"] = _kernel(arrays["weight"], picture_side(spec, path))
        if "bias" in arrays:
            params[*path, "bias"] = arrays["bias"]
    variables = {"params": params} | ({"batch_stats": statistics} if statistics else {})
    return {name: traverse_util.unflatten_dict(tree) for name, tree in variables.items()}


def count_classes(spec: ArchSpec | DetectorSpec, state_dict: Mapping[str, np.ndarray]) -> int:
    """Returns the number of classes that a file of weights of this family tells apart.

    Where the last layer is not there, the net has none: it gives out features, and the number is
    0.

    Raises:
      InputError: No file of this family is known, or the last layer has no classes.
    """
    style = style_of(state_dict)
    if isinstance(spec, DetectorSpec):
        name = torch_names(spec, style)["class_head", "predict", "conv2"]
        anchors = spec.heads.anchors
    else:
        name, anchors = torch_names(_with_head(spec), style)["head", "dense"], 1
    weight = state_dict.get(f"{name}.weight")
    if weight is None:
        return 0
    if not weight.ndim:
        raise InputError(f"{name}.weight is a single number")
    return len(weight) // anchors


def _kernel(weight: np.ndarray, side: int) -> np.ndarray:
    """Returns ``[k, k, C, F]`` of a convolution's ``[F, C, k, k]``, ``[I, F]`` of ``[F, I]``.

    Of the dense layer after ``side`` times ``side`` averages, PyTorch's inputs are in the order
    channel, row, column; ours are in the order row, column, channel.
    """
    if weight.ndim == 4:
        return np.ascontiguousarray(weight.transpose(2, 3, 1, 0))
    features = len(weight)
    pictures = weight.reshape(features, -1, side, side)
    return np.ascontiguousarray(pictures.transpose(2, 3, 1, 0).reshape(-1, features))


def picture_side(spec: ArchSpec | DetectorSpec, path: tuple[str, ...]) -> int:
    """Returns the side of the picture of averages that a layer is given, 1 unless it is dense."""
    if isinstance(spec, DetectorSpec):
        return 1
    first_dense = ("head", "hidden1" if spec.head.hidden else "dense")
    return spec.head.mean_side if path == first_dense else 1


def _with_head(spec: ArchSpec) -> ArchSpec:
    head = dataclasses.replace(spec.head, num_classes=spec.head.num_classes or 1)
    return dataclasses.replace(spec, head=head)
