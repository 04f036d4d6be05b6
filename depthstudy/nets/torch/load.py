"""PyTorch's weights as the variables of a net."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from flax import traverse_util

from depthstudy import arch
from depthstudy.arch import ArchSpec, DetectorSpec, LayerCost
from depthstudy.arch.layer_types import (
    BatchNorm,
    Conv,
    Dense,
    FusionWeights,
    GroupNorm,
    LayerNorm,
    LayerScale,
    Norm,
)
from depthstudy.errors import InputError
from depthstudy.nets.torch import cifar, settings
from depthstudy.nets.torch.names import CIFAR, KERAS, TORCHVISION, style_of, torch_names

# A counter of batches, and the layer by which Keras's EfficientNet normalizes images.
_IGNORED = ("num_batches_tracked", *(f"normalization.{x}" for x in ("mean", "variance", "count")))
_SIDE = 224  # any image would do: no shape of a parameter depends on it

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
    names, costs, given = expectation.names, expectation.costs, expectation.given
    _check_finite(given)
    if isinstance(spec, ArchSpec) and style_of(given) == CIFAR:
        given = cifar.reordered(spec, given)
    if style_of(given) == KERAS and spec.family == "resnet":
        given = settings.for_rgb(given)
    params: Arrays = {}
    statistics: Arrays = {}
    for path, cost in costs.items():
        arrays = {
            leaf: np.asarray(given[_name(names[path], leaf)], np.float32).reshape(shape)
            for leaf, shape in _shapes(cost).items()
        }
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
        params[*path, "kernel"] = _kernel(arrays["weight"], _side(spec, path))
        if "bias" in arrays:
            params[*path, "bias"] = arrays["bias"]
    variables = {"params": params} | ({"batch_stats": statistics} if statistics else {})
    return {name: traverse_util.unflatten_dict(tree) for name, tree in variables.items()}


@dataclasses.dataclass(frozen=True)
class Expectation:
    """What a file of weights has to hold for a net, beside what it does hold.

    Attributes:
      spec: The net.
      names: The file's names of layers, by path.
      costs: The layers with parameters, by path.
      given: The file's arrays by name.
    """

    spec: ArchSpec | DetectorSpec
    names: Mapping[tuple[str, ...], str]
    costs: Mapping[tuple[str, ...], LayerCost]
    given: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, spec: ArchSpec | DetectorSpec, state_dict: Mapping[str, np.ndarray]) -> Expectation:
        """Returns what is expected of a file, for images of the channels that it takes.

        Raises:
          InputError: No file of this family in this style is known.
        """
        style = style_of(state_dict)
        given = {name: x for name, x in state_dict.items() if not name.endswith(_IGNORED)}
        given = settings.without_biases(given) if style == KERAS else given
        names = torch_names(spec, style)
        return cls(spec, names, _costs(spec, _image_channels(names, given)), given)

    def check(self) -> None:
        """Raises InputError where a name is missing or unexpected, or a shape differs."""
        _check(self.spec, _expected(self.names, self.costs), self.given)


def check_torch(spec: ArchSpec | DetectorSpec, state_dict: Mapping[str, np.ndarray]) -> Expectation:
    """Checks names and shapes alone, and returns what was expected.

    Raises:
      InputError: As ``load_torch``, but for numbers that are not finite.
    """
    expectation = Expectation.of(spec, state_dict)
    expectation.check()
    return expectation


def count_classes(spec: ArchSpec | DetectorSpec, state_dict: Mapping[str, np.ndarray]) -> int:
    """Returns the number of classes that a file of weights of this family tells apart.

    Where the last layer is not there, the net has none: it gives out features, and the number is
    0.

    Raises:
      InputError: No file of this family is known.
    """
    style = style_of(state_dict)
    if isinstance(spec, DetectorSpec):
        name = torch_names(spec, style)["class_head", "predict", "conv2"]
        anchors = spec.heads.anchors
    else:
        name, anchors = torch_names(_with_head(spec), style)["head", "dense"], 1
    weight = state_dict.get(f"{name}.weight")
    return 0 if weight is None else len(weight) // anchors


def torch_shapes(
    spec: ArchSpec | DetectorSpec, style: str = TORCHVISION
) -> dict[str, tuple[int, ...]]:
    """Returns the names and shapes that a file of weights for ``spec``, on color images, has."""
    names = torch_names(spec, style)
    return _expected(names, _costs(spec, 3))


def _costs(spec: ArchSpec | DetectorSpec, channels: int) -> dict[tuple[str, ...], LayerCost]:
    found = arch.layer_costs(spec, (_SIDE, _SIDE, channels))
    return {cost.path: cost for cost in found if cost.parameters}


def _expected(
    names: Mapping[tuple[str, ...], str], costs: Mapping[tuple[str, ...], LayerCost]
) -> dict[str, tuple[int, ...]]:
    return {
        _name(names[path], leaf): shape
        for path, cost in costs.items()
        for leaf, shape in _shapes(cost).items()
    }


def _name(prefix: str, leaf: str) -> str:
    return f"{prefix}.{leaf}" if leaf else prefix


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


def _shapes(cost: LayerCost) -> dict[str, tuple[int, ...]]:
    """Returns what PyTorch keeps of a layer, and in which shapes; ``""`` is the layer itself."""
    layer = cost.layer
    if isinstance(layer, LayerScale):
        return {"": (cost.shape[2],)}
    if isinstance(layer, GroupNorm | LayerNorm):
        return dict.fromkeys(("weight", "bias"), (cost.shape[2],))
    if isinstance(layer, BatchNorm):
        leaves = ("weight", "bias", "running_mean", "running_var")
        return dict.fromkeys(leaves, (cost.shape[2],))
    if isinstance(layer, FusionWeights):
        return {"edge_weights": (layer.inputs,)}
    assert isinstance(layer, Conv | Dense)
    filters = cost.shape[2]
    biased = isinstance(layer, Dense) or layer.bias
    weights = cost.parameters - filters * biased
    if isinstance(layer, Dense):
        shape: tuple[int, ...] = (filters, weights // filters)
    else:
        window = (layer.kernel, layer.kernel)
        shape = (filters, weights // filters // layer.kernel**2, *window)
    return {"weight": shape} | ({"bias": (filters,)} if biased else {})


def _image_channels(names: Mapping[tuple[str, ...], str], given: Mapping[str, np.ndarray]) -> int:
    """Returns how many channels the file's first convolution takes; 3 where it is not there."""
    first = next(path for path in names if path[0] == "stem")
    weight = given.get(f"{names[first]}.weight")
    return weight.shape[1] if weight is not None and weight.ndim == 4 else 3


def _side(spec: ArchSpec | DetectorSpec, path: tuple[str, ...]) -> int:
    """Returns the side of the picture of averages that a layer is given, 1 unless it is dense."""
    if isinstance(spec, DetectorSpec):
        return 1
    return spec.head.mean_side if path == _first_dense(spec) else 1


def _first_dense(spec: ArchSpec) -> tuple[str, str]:
    return ("head", "hidden1" if spec.head.hidden else "dense")


def _with_head(spec: ArchSpec) -> ArchSpec:
    head = dataclasses.replace(spec.head, num_classes=spec.head.num_classes or 1)
    return dataclasses.replace(spec, head=head)


def _check_finite(given: Mapping[str, np.ndarray]) -> None:
    broken = [name for name, x in given.items() if not np.all(np.isfinite(x))]
    if broken:
        raise InputError(
            f"{_first(broken, 'array with numbers that are not finite')}: the training that wrote "
            "it diverged, or the file is damaged"
        )


def _check(
    spec: ArchSpec | DetectorSpec,
    expected: Mapping[str, tuple[int, ...]],
    given: Mapping[str, np.ndarray],
) -> None:
    missing = [name for name in expected if name not in given]
    unexpected = [name for name in given if name not in expected]
    if missing or unexpected:
        raise InputError(
            f"these are not the weights of this {spec.family}: "
            f"{_first(missing, 'missing')}, {_first(unexpected, 'unexpected')}"
        )
    for name, shape in expected.items():
        if not _fits(given[name].shape, shape):
            raise InputError(
                f"these are not the weights of this {spec.family}: "
                f"{name} has the shape {given[name].shape}, expected {shape}"
            )


def _fits(given: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Returns whether an array has a shape, or that of a layer that computes the same.

    A 1x1 convolution may be a dense layer, a dense layer may be a convolution as large as its
    image, and factors of channels may have axes for the pixels.
    """
    if given == shape:
        return True
    is_window = len(shape) == 4 and shape[2:] != (1, 1)
    return not is_window and _flat(given) == _flat(shape)


def _flat(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0] if shape else 1), math.prod(shape[1:])


def _first(names: Iterable[str], word: str) -> str:
    names = list(names)
    return f"{len(names)} {word} ({names[0]}, ...)" if names else f"none {word}"
