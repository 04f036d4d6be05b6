"""What a file of PyTorch's weights has to hold for a net: names and shapes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping

import numpy as np

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
)
from depthstudy.errors import InputError
from depthstudy.nets.torch import settings
from depthstudy.nets.torch.names import KERAS, style_of, torch_names

# A counter of batches, and the layer by which Keras's EfficientNet normalizes images.
_IGNORED = ("num_batches_tracked", *(f"normalization.{x}" for x in ("mean", "variance", "count")))
_SIDE = 224  # any image would do: no shape of a parameter depends on it


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

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The names and shapes that the file has to hold."""
        return {
            _name(self.names[path], leaf): shape
            for path, cost in self.costs.items()
            for leaf, shape in _shapes(cost).items()
        }

    def check(self) -> None:
        """Raises InputError where a name is missing or unexpected, or a shape differs."""
        _check(self.spec, self.shapes, self.given)

    def check_numbers(self) -> None:
        """Raises InputError where an array has numbers that are not finite."""
        broken = [name for name, x in self.given.items() if not np.all(np.isfinite(x))]
        if broken:
            raise InputError(
                f"{_first(broken, 'array with numbers that are not finite')}: the training that "
                "wrote it diverged, or the file is damaged"
            )

    def arrays(self, path: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Returns what the file holds of a layer, as float32 in the shapes that are expected.

        ``""`` is the layer itself, where it is one array.
        """
        return {
            leaf: np.asarray(self.given[_name(self.names[path], leaf)], np.float32).reshape(shape)
            for leaf, shape in _shapes(self.costs[path]).items()
        }


def check_torch(spec: ArchSpec | DetectorSpec, state_dict: Mapping[str, np.ndarray]) -> Expectation:
    """Checks names and shapes alone, and returns what was expected.

    Raises:
      InputError: As ``load_torch``, but for numbers that are not finite.
    """
    expectation = Expectation.of(spec, state_dict)
    expectation.check()
    return expectation


def _costs(spec: ArchSpec | DetectorSpec, channels: int) -> dict[tuple[str, ...], LayerCost]:
    costs = arch.layer_costs(spec, (_SIDE, _SIDE, channels))
    return {cost.path: cost for cost in costs if cost.parameters}


def _name(prefix: str, leaf: str) -> str:
    return f"{prefix}.{leaf}" if leaf else prefix


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
    if _without_pixels(given) == _without_pixels(shape):
        return True
    is_image = len(shape) == 2 and len(given) == 4
    return is_image and (given[0], math.prod(given[1:])) == shape


def _without_pixels(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns a shape without the axes of length one at its end."""
    count = max((axis for axis, size in enumerate(shape, start=1) if size != 1), default=0)
    return shape[:count]


def _first(names: Iterable[str], word: str) -> str:
    names = list(names)
    return f"{len(names)} {word} ({names[0]}, ...)" if names else f"none {word}"
