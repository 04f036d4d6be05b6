"""What a detector means, layer by layer: its backbone's sections, its pyramid and its heads.

As ``arch.lowering`` does for a chain: ``arch.detection.cost`` counts these values and
``nets.detection`` applies them.
"""

from __future__ import annotations

import dataclasses
import functools
import math

from depthstudy.arch import lowering
from depthstudy.arch.cost import Point, walk_section
from depthstudy.arch.detection.parts import Cell, Detector, Edge, Node, TowerStep
from depthstudy.arch.detection.spec import DetectorSpec, tapped_levels
from depthstudy.arch.layer_types import (
    Activation,
    BatchNorm,
    Conv,
    FusionWeights,
    Init,
    Layers,
    MaxPool,
)
from depthstudy.arch.section import Section
from depthstudy.arch.spec import ArchSpec

_OBJECTS_AT_START = 0.01  # probability that an untrained net gives each class (Lin et al. 2017)
_GLOROT, _FAN_IN = Init("glorot"), Init("fan_in")


@functools.lru_cache(maxsize=64)
def graph(spec: DetectorSpec) -> Detector:
    """Returns the layers of a detector.

    >>> from depthstudy import arch
    >>> d0 = graph(arch.build("efficientdet", variant="d0", num_classes=90))
    >>> [level for _, level in d0.taps], [len(cell.nodes) for cell in d0.cells]
    ([3, 4, 5], [8, 8, 8])
    """
    tapped = tapped_levels(spec.backbone)
    sections, outputs = _backbone(spec)
    ends = {section.path[0]: section.path for section in sections}
    taps = [
        (ends[f"stage{tapped[level]}"], level) for level in spec.pyramid.levels if level in tapped
    ]
    channels = {level: outputs[path] for path, level in taps}
    coarsest = max(channels)
    width = spec.pyramid.channels
    coarser = []
    for level in range(coarsest + 1, spec.pyramid.max_level + 1):
        before = channels[level - 1]
        project = _projection(spec, f"p{level}", before)
        coarser.append((level, (*project, _pool(spec))))
        channels[level] = width
    inputs = [channels[level] for level in spec.pyramid.levels]
    cells = []
    digits = max(2, len(str(spec.pyramid.cells)))
    for number in range(1, spec.pyramid.cells + 1):
        residual = spec.pyramid.residual and number > 1
        cells.append(_cell(spec, f"cell{number:0{digits}d}", inputs, residual))
        inputs = [width] * len(inputs)
    classes = spec.heads.num_classes
    start = -math.log((1 - _OBJECTS_AT_START) / _OBJECTS_AT_START)
    towers = (
        ("class_head", _tower(spec, spec.heads.anchors * classes, start)),
        ("box_head", _tower(spec, spec.heads.anchors * 4, 0.0)),
    )
    return Detector(sections, tuple(taps), tuple(coarser), tuple(cells), towers)


def block_paths(spec: ArchSpec | DetectorSpec) -> tuple[tuple[str, ...], ...]:
    """Returns the paths of the blocks of a net, and of the nodes of a detector's pyramid."""
    backbone = spec.backbone if isinstance(spec, DetectorSpec) else spec
    blocks = [section.path for section in lowering.block_sections(backbone)]
    if isinstance(spec, DetectorSpec):
        cells = graph(spec).cells
        nodes = [("pyramid", cell.name, node.name) for cell in cells for node in cell.nodes]
        return (*blocks, *nodes)
    return tuple(blocks)


def _backbone(spec: DetectorSpec) -> tuple[tuple[Section, ...], dict[tuple[str, ...], int]]:
    """Returns the sections of the backbone, and the channels after each by its path."""
    sections, side = lowering.sections(spec.backbone)[:-1], 2**spec.pyramid.max_level
    point, channels = Point((side, side, 3)), {}
    for section in sections:
        point = walk_section(section, point, [], of=(spec.family, point.shape))
        channels[section.path] = point.shape[2]
    return sections, channels


def _cell(spec: DetectorSpec, name: str, channels: list[int], residual: bool) -> Cell:
    """Returns a cell: from the last level but one to the finest, and back to the coarsest."""
    levels = spec.pyramid.levels
    count = len(levels)
    newest = list(range(count))  # number of the newest feature of each level
    plans: list[tuple[int, list[int]]] = []
    for place in [*range(count - 2, -1, -1), *range(1, count)]:
        down = len(plans) < count - 1  # on the way from coarse to fine
        same_level = [place] if newest[place] == place else [place, newest[place]]
        plans.append((place, [*same_level, newest[place + 1 if down else place - 1]]))
        newest[place] = count + len(plans) - 1
    places = [*range(count), *(place for place, _ in plans)]
    sizes = [*channels, *[spec.pyramid.channels] * len(plans)]
    nodes = tuple(
        _node(spec, f"node{number:02d}", place, [(s, places[s], sizes[s]) for s in sources])
        for number, (place, sources) in enumerate(plans, start=1)
    )
    return Cell(name, nodes, tuple(newest), residual)


def _node(spec: DetectorSpec, name: str, place: int, sources: list[tuple[int, int, int]]) -> Node:
    """Returns a node at a place among the levels; sources have a number, a place and channels."""
    levels = spec.pyramid.levels
    edges = []
    for source, at, channels in sources:
        layers = _projection(spec, f"p{levels[at]}", channels)
        layers += (_pool(spec),) if at < place else ()
        edges.append(Edge(source, layers, upsample=at > place))
    fast = spec.pyramid.fusion == "fast"
    width = spec.pyramid.channels
    return Node(
        name=name,
        level=levels[place],
        edges=tuple(edges),
        weights=FusionWeights("fusion", len(edges)) if fast else None,
        after=(
            Activation(spec.activation),
            *_separable(spec, width, width, _GLOROT),
            _norm(spec, "norm"),
        ),
    )


def _projection(spec: DetectorSpec, name: str, channels: int) -> Layers:
    """Returns a 1x1 convolution and its normalization, where channels are not the pyramid's."""
    width = spec.pyramid.channels
    if channels == width:
        return ()
    conv = Conv(f"{name}_conv", width, 1, bias=spec.biased, padding=spec.padding, init=_GLOROT)
    return conv, _norm(spec, f"{name}_norm")


def _tower(spec: DetectorSpec, outputs: int, start: float) -> tuple[TowerStep, ...]:
    width, levels = spec.pyramid.channels, spec.pyramid.levels
    digits = max(2, len(str(spec.heads.repeats)))
    steps = [
        TowerStep(
            f"block{number:0{digits}d}",
            _separable(spec, width, width, _FAN_IN),
            tuple((_norm(spec, f"norm_p{level}"), Activation(spec.activation)) for level in levels),
        )
        for number in range(1, spec.heads.repeats + 1)
    ]
    depthwise, pointwise = _separable(spec, width, outputs, _FAN_IN)
    pointwise = dataclasses.replace(
        pointwise, bias=True, init=dataclasses.replace(_FAN_IN, bias=start)
    )
    last = TowerStep("predict", (depthwise, pointwise), ((),) * len(levels))
    return (*steps, last)


def _separable(spec: DetectorSpec, channels: int, filters: int, init: Init) -> tuple[Conv, Conv]:
    """Returns a depthwise 3x3 convolution and a 1x1 convolution."""
    return (
        Conv("conv1", channels, 3, groups=channels, padding=spec.padding, init=init),
        Conv("conv2", filters, 1, bias=spec.biased, padding=spec.padding, init=init),
    )


def _pool(spec: DetectorSpec) -> MaxPool:
    return MaxPool(3, 2, spec.padding)


def _norm(spec: DetectorSpec, name: str) -> BatchNorm:
    return BatchNorm(name, spec.norm_epsilon, spec.norm_momentum)
