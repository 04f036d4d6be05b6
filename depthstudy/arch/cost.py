"""What an architecture costs and sees, from the value alone: nothing is traced or run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from depthstudy.arch.layer_types import (
    AdaptiveMean,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    FusionWeights,
    GlobalMean,
    GroupNorm,
    Layer,
    LayerNorm,
    Layers,
    LayerScale,
    MaxPool,
    Parallel,
    Scale,
    SqueezeExcite,
    Take,
    ZeroPad,
)
from depthstudy.arch.lowering import sections
from depthstudy.arch.section import Section
from depthstudy.arch.spec import ArchSpec
from depthstudy.arch.windows import output_size
from depthstudy.errors import InputError

Shape = tuple[int, int, int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """Costs of a net for one image.

    Attributes:
      parameters: Trained numbers.
      macs: Multiply-accumulates of convolutions and dense layers, padding included.
      activations: Outputs of convolutions and dense layers (Radosavovic et al. 2020).
      receptive_field: Side, in pixels of the input, of the square that one last feature sees
        (Araujo et al. 2019), gates of squeeze-and-excitation left out: those see all pixels;
        ``None`` where it is unknown, as that of a user's own module.
      depth: Convolutions and dense layers on the longest path, those of gates left out.
    """

    parameters: int
    macs: int
    activations: int
    receptive_field: int | None
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
      jump: Distance between the centers of two neighboring outputs.
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
class Point:
    """What flows between two layers."""

    shape: Shape
    field: int = 1
    jump: int = 1
    depth: int = 0


def layer_costs(spec: ArchSpec, image_shape: Shape) -> tuple[LayerCost, ...]:
    """Returns the cost of every layer, in the order of the net.

    Raises:
      InputError: The net is none for such images: layers, groups or a shortcut do not fit.
    """
    costs: list[LayerCost] = []
    point = Point(image_shape)
    for section in sections(spec):
        point = walk_section(section, point, costs, of=(spec.family, image_shape))
    return tuple(costs)


def walk_section(
    section: Section, point: Point, costs: list[LayerCost], *, of: tuple[str, Shape]
) -> Point:
    """Adds the costs of a section's layers to ``costs`` and returns what flows out of it.

    Args:
      section: The section.
      point: What flows into it.
      costs: Costs of the layers before; those of its layers are added.
      of: Family and shape of the images, for an error.

    Raises:
      InputError: The net is none for such images: layers, groups or a shortcut do not fit.
    """
    try:
        return _walk_section(section, point, costs)
    except InputError as error:
        family, image_shape = of
        where = "/".join(section.path)
        image = shown(image_shape[:2])
        raise InputError(f"{family} on images of {image}: {where} {error}") from None


def shown(sides: Sequence[int]) -> str:
    """Returns sides as ``"32x32"``."""
    return "x".join(map(str, sides))


def _walk_section(section: Section, point: Point, costs: list[LayerCost]) -> Point:
    point = walk(section.before, point, section.path, costs)
    end = walk(section.branch, point, section.path, costs)
    if section.shortcut is not None:
        short = walk(section.shortcut, point, section.path, costs)
        height, width, channels = end.shape
        shared = slice(2 if section.join == "concat" else 3)
        if short.shape[shared] != end.shape[shared]:
            raise InputError(
                f"joins a shortcut of {shown(short.shape)} and a branch of {shown(end.shape)}"
            )
        more = short.shape[2] if section.join == "concat" else 0
        end = dataclasses.replace(
            end,
            shape=(height, width, channels + more),
            field=max(end.field, short.field),
            depth=max(end.depth, short.depth),
        )
    return walk(section.after, end, section.path, costs)


def walk(layers: Layers, point: Point, path: tuple[str, ...], costs: list[LayerCost]) -> Point:
    """Adds the costs of layers, which follow each other, and returns what flows out of them."""
    for layer in layers:
        if isinstance(layer, SqueezeExcite):
            costs.extend(_gate_costs(layer, point, path))
            continue
        if isinstance(layer, Parallel):
            ends = [walk(layers, point, path, costs) for layers in layer.paths]
            field, depth = max(end.field for end in ends), max(end.depth for end in ends)
            point = dataclasses.replace(ends[0], field=field, depth=depth)
            continue
        entry = _layer_cost(layer, point, path)
        costs.append(entry)
        point = Point(entry.shape, entry.field, entry.jump, entry.depth)
    return point


def _gate_costs(
    layer: SqueezeExcite, point: Point, path: tuple[str, ...]
) -> tuple[LayerCost, LayerCost]:
    """The two convolutions of a gate; they see one pixel and are not on the way of the image."""
    mean = dataclasses.replace(point, shape=(1, 1, point.shape[2]), depth=point.depth - 1)
    inside = dataclasses.replace(mean, shape=(1, 1, layer.reduce.filters))
    gate = (*path, layer.name)
    return _layer_cost(layer.reduce, mean, gate), _layer_cost(layer.expand, inside, gate)


def _layer_cost(layer: Layer, point: Point, path: tuple[str, ...]) -> LayerCost:
    height, width, channels = point.shape
    shape, window, stride, parameters, macs = point.shape, 1, 1, 0, 0
    match layer:
        case Conv():
            if channels % layer.groups or layer.filters % layer.groups:
                raise InputError(
                    f"cannot divide {channels} and {layer.filters} channels by {layer.groups}"
                )
            window, stride = layer.kernel, layer.stride
            shape = (*_output_sides(layer, layer.kernel, height, width), layer.filters)
            weights = layer.kernel**2 * channels // layer.groups * layer.filters
            parameters = weights + (layer.filters if layer.bias else 0)
            macs = weights * shape[0] * shape[1]
        case BatchNorm() | GroupNorm() | LayerNorm():
            parameters = 2 * channels
        case Scale():
            parameters = 1
        case FusionWeights():
            parameters = layer.inputs
        case LayerScale():
            parameters = channels
        case MaxPool() | AveragePool():
            window, stride = layer.window, layer.stride
            shape = (*_output_sides(layer, layer.window, height, width), channels)
        case ZeroPad():
            stride = layer.stride
            shape = (-(-height // stride), -(-width // stride), layer.filters)
        case Take():
            shape = (height, width, layer.stop - layer.start)
        case GlobalMean():
            shape = (1, 1, channels)
        case AdaptiveMean():
            shape = (layer.side, layer.side, channels)
        case Dense():
            shape = (1, 1, layer.features)
            macs = height * width * channels * layer.features
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


def _output_sides(
    layer: Conv | MaxPool | AveragePool, window: int, height: int, width: int
) -> tuple[int, int]:
    """Returns the output's height and width."""
    rows, columns = (
        output_size(side, window, layer.stride, layer.padding) for side in (height, width)
    )
    if min(rows, columns) < 1:
        raise InputError(f"has a window of {window} pixels for {min(height, width)}")
    return rows, columns
