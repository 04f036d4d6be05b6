"""What a net costs, be it a chain of layers or a detector, from the value alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from depthstudy.arch import cost as chain
from depthstudy.arch.cost import Cost, LayerCost, Point, Shape, shown, walk
from depthstudy.arch.detection.graph import graph
from depthstudy.arch.detection.parts import Cell, Node, TowerStep
from depthstudy.arch.detection.spec import DetectorSpec
from depthstudy.arch.spec import ArchSpec
from depthstudy.errors import InputError


def cost(spec: ArchSpec | DetectorSpec, image_shape: Shape) -> Cost:
    """Returns what ``spec`` costs on images of ``image_shape`` (height, width, channels).

    Of a detector the towers' convolutions have their parameters once and their multiply-accumulates
    at each level; depth and receptive field are those of its coarsest level.

    >>> from depthstudy import arch
    >>> resnet50 = cost(arch.build("resnet", depth=50), (224, 224, 3))
    >>> resnet50.parameters, resnet50.macs, resnet50.receptive_field
    (25557032, 4089184256, 427)

    Raises:
      InputError: The net is none for such images: layers, groups, shortcuts or levels do not fit.
    """
    layers = layer_costs(spec, image_shape)
    return Cost(
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        activations=sum(layer.activations for layer in layers),
        receptive_field=max(layer.field for layer in layers),
        depth=max(layer.depth for layer in layers),
    )


def layer_costs(spec: ArchSpec | DetectorSpec, image_shape: Shape) -> tuple[LayerCost, ...]:
    """Returns the cost of every layer, in the order of the net.

    A layer that levels of a pyramid share comes once for each, with its parameters the first time.

    Raises:
      InputError: The net is none for such images: layers, groups, shortcuts or levels do not fit.
    """
    if isinstance(spec, ArchSpec):
        return chain.layer_costs(spec, image_shape)
    net = graph(spec)
    costs: list[LayerCost] = []
    ends = {}
    point = Point(image_shape)
    for section in net.backbone:
        point = chain.walk_section(section, point, costs, of=(spec.family, image_shape))
        ends[section.path] = point
    points = {level: ends[path] for path, level in net.taps}
    for level, layers in net.coarser:
        points[level] = walk(layers, points[level - 1], ("pyramid",), costs)
    _check_sizes(spec, points, image_shape)
    features = [points[level] for level in spec.pyramid.levels]
    for cell in net.cells:
        features = _walk_cell(cell, features, costs)
    for name, steps in net.towers:
        for place, feature in enumerate(features):
            _walk_tower(steps, place, feature, name, costs)
    return tuple(costs)


def _check_sizes(spec: DetectorSpec, points: Mapping[int, Point], image_shape: Shape) -> None:
    """Refuses images of which a level has other pixels than it has places of anchors.

    Poolings without padding leave out the last pixel of an odd side, and anchors do not.
    """
    for level in spec.pyramid.levels:
        expected = tuple(-(-side // 2**level) for side in image_shape[:2])
        if points[level].shape[:2] != expected:
            raise InputError(
                f"{spec.family} on images of {shown(image_shape[:2])}: level {level} has "
                f"{shown(points[level].shape[:2])} pixels, and anchors at {shown(expected)}; "
                f"take sides that are multiples of {2**spec.pyramid.max_level}"
            )


def _walk_cell(cell: Cell, inputs: Sequence[Point], costs: list[LayerCost]) -> list[Point]:
    features = list(inputs)
    for node in cell.nodes:
        features.append(_walk_node(node, features, ("pyramid", cell.name, node.name), costs))
    outputs = [features[number] for number in cell.outputs]
    return [
        _joined([out, *[given] * cell.residual]) for out, given in zip(outputs, inputs, strict=True)
    ]


def _walk_node(
    node: Node, features: Sequence[Point], path: tuple[str, ...], costs: list[LayerCost]
) -> Point:
    ends = []
    for edge in node.edges:
        ends.append(walk(edge.layers, features[edge.source], path, costs))
    weights = (node.weights,) if node.weights else ()
    return walk((*weights, *node.after), _joined(ends), path, costs)


def _joined(points: Sequence[Point]) -> Point:
    """Returns the sum of features, the first of which is of the sum's level."""
    return dataclasses.replace(
        points[0],
        field=max(point.field for point in points),
        depth=max(point.depth for point in points),
    )


def _walk_tower(
    steps: Sequence[TowerStep], place: int, point: Point, name: str, costs: list[LayerCost]
) -> None:
    for step in steps:
        path = (name, step.name)
        shared: list[LayerCost] = []
        point = walk(step.shared, point, path, shared)
        costs += shared if place == 0 else [dataclasses.replace(c, parameters=0) for c in shared]
        point = walk(step.by_level[place], point, path, costs)
