"""What an architecture costs and sees, from the value alone: nothing is traced or run."""

from __future__ import annotations

import dataclasses

from depthstudy.arch.layers import (
    BatchNorm,
    Conv,
    Dense,
    GlobalMean,
    Layer,
    Layers,
    MaxPool,
    Section,
    ZeroPad,
    sections,
)
from depthstudy.arch.spec import ArchSpec

Shape = tuple[int, int, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """Costs of a net for one image.

    Attributes:
      parameters: Trained numbers.
      macs: Multiply-accumulates of convolutions and dense layers, padding included.
      activations: Outputs of convolutions and dense layers (Radosavovic et al. 2020).
      receptive_field: Side, in pixels of the input, of the square that one last feature sees
        (Araujo et al. 2019).
      depth: Convolutions and dense layers on the longest path.
    """

    parameters: int
    macs: int
    activations: int
    receptive_field: int
    depth: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerCost:
    """One layer as it stands in a net. ``field`` and ``jump`` are pixels of the input.

    Attributes:
      path: Names from the net down to the layer; layers with no parameters have their section's.
      layer: The layer itself.
      shape: Height, width and channels of its output.
      parameters: As in ``Cost``.
      macs: As in ``Cost``.
      activations: As in ``Cost``.
      field: Receptive field of its output.
      jump: Distance between the centres of two neighbouring outputs.
      depth: Weight layers on the longest path up to here, this one included.
    """

    path: tuple[str, ...]
    layer: Layer
    shape: Shape
    parameters: int
    macs: int
    activations: int
    field: int
    jump: int
    depth: int


@dataclasses.dataclass(frozen=True)
class _Point:
    """What flows between two layers."""

    shape: Shape
    field: int = 1
    jump: int = 1
    depth: int = 0


def cost(spec: ArchSpec, image_shape: Shape) -> Cost:
    """Returns what ``spec`` costs on images of ``image_shape`` (height, width, channels)."""
    layers = layer_costs(spec, image_shape)
    return Cost(
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        activations=sum(layer.activations for layer in layers),
        receptive_field=max(layer.field for layer in layers),
        depth=layers[-1].depth,
    )


def layer_costs(spec: ArchSpec, image_shape: Shape) -> tuple[LayerCost, ...]:
    """Returns the cost of every layer, in the order of the net."""
    found: list[LayerCost] = []
    point = _Point(image_shape)
    for section in sections(spec):
        point = _walk_section(section, point, found)
    return tuple(found)


def _walk_section(section: Section, point: _Point, found: list[LayerCost]) -> _Point:
    point = _walk(section.before, point, section.path, found)
    end = _walk(section.branch, point, section.path, found)
    if section.shortcut is not None:
        short = _walk(section.shortcut, point, section.path, found)
        end = dataclasses.replace(
            end, field=max(end.field, short.field), depth=max(end.depth, short.depth)
        )
    return _walk(section.after, end, section.path, found)


def _walk(layers: Layers, point: _Point, path: tuple[str, ...], found: list[LayerCost]) -> _Point:
    for layer in layers:
        entry = _layer_cost(layer, point, path)
        found.append(entry)
        point = _Point(entry.shape, entry.field, entry.jump, entry.depth)
    return point


def _layer_cost(layer: Layer, point: _Point, path: tuple[str, ...]) -> LayerCost:
    height, width, channels = point.shape
    shape, window, stride, parameters, macs = point.shape, 1, 1, 0, 0
    match layer:
        case Conv():
            window, stride = layer.kernel, layer.stride
            shape = (*_pooled(height, width, window, stride), layer.filters)
            weights = layer.kernel**2 * channels * layer.filters
            parameters = weights + (layer.filters if layer.bias else 0)
            macs = weights * shape[0] * shape[1]
        case BatchNorm():
            parameters = 2 * channels
        case MaxPool():
            window, stride = layer.window, layer.stride
            shape = (*_pooled(height, width, window, stride), channels)
        case ZeroPad():
            stride = layer.stride
            shape = (*_pooled(height, width, 1, stride), layer.filters)
        case GlobalMean():
            shape = (1, 1, channels)
        case Dense():
            shape = (1, 1, layer.features)
            macs = channels * layer.features
            parameters = macs + layer.features
    weighted = isinstance(layer, Conv | Dense)
    return LayerCost(
        path=(*path, getattr(layer, "name", "")) if hasattr(layer, "name") else path,
        layer=layer,
        shape=shape,
        parameters=parameters,
        macs=macs,
        activations=shape[0] * shape[1] * shape[2] if weighted else 0,
        field=point.field + (window - 1) * point.jump,
        jump=point.jump * stride,
        depth=point.depth + weighted,
    )


def _pooled(height: int, width: int, window: int, stride: int) -> tuple[int, int]:
    """Returns the output's height and width for a window padded by ``(window - 1) // 2``."""
    margin = 2 * ((window - 1) // 2) - window
    return (height + margin) // stride + 1, (width + margin) // stride + 1
