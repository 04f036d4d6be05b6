"""The parts of a detector as values: edges, nodes and cells of its pyramid, steps of its heads."""

from __future__ import annotations

import dataclasses

from depthstudy.arch.layer_types import FusionWeights, Layers
from depthstudy.arch.section import Section


@dataclasses.dataclass(frozen=True)
class Edge:
    """The way from a feature to a node.

    Attributes:
      source: Number of the feature: the inputs of the cell, from fine to coarse, then its nodes.
      layers: Layers on it: a projection to the pyramid's channels, a pooling to the next level.
      upsample: Whether pixels are then repeated, to the size of the next finer level.
    """

    source: int
    layers: Layers
    upsample: bool


@dataclasses.dataclass(frozen=True)
class Node:
    """A sum of features of one level, and the layers after it.

    Attributes:
      name: Name of its folder of parameters.
      level: Its level.
      edges: What is added.
      weights: How it is weighted; ``None`` is a plain sum.
      after: Layers that follow.
    """

    name: str
    level: int
    edges: tuple[Edge, ...]
    weights: FusionWeights | None
    after: Layers


@dataclasses.dataclass(frozen=True)
class Cell:
    """Nodes from coarse to fine and back.

    Attributes:
      name: Name of its folder of parameters.
      nodes: Its nodes, each after those that it reads.
      outputs: Numbers of the features that it gives out, from fine to coarse; see ``Edge.source``.
      residual: Whether its inputs are added to them.
    """

    name: str
    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    residual: bool


@dataclasses.dataclass(frozen=True)
class TowerStep:
    """Convolutions that all levels share, and what each level has for itself.

    Attributes:
      name: Name of its folder of parameters.
      shared: The convolutions.
      by_level: Layers of each level, from fine to coarse.
    """

    name: str
    shared: Layers
    by_level: tuple[Layers, ...]


@dataclasses.dataclass(frozen=True)
class Detector:
    """A detector as it is applied.

    Attributes:
      backbone: Sections of the backbone, up to the last one that is tapped.
      taps: Path of a section to the level that it is tapped for.
      coarser: Layers that make each coarser level of the one before, by level.
      cells: Cells of the pyramid.
      towers: By name, the steps of each head; the last predicts.
    """

    backbone: tuple[Section, ...]
    taps: tuple[tuple[tuple[str, ...], int], ...]
    coarser: tuple[tuple[int, Layers], ...]
    cells: tuple[Cell, ...]
    towers: tuple[tuple[str, tuple[TowerStep, ...]], ...]
