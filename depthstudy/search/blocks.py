"""A net as a table of its blocks, for people."""

from __future__ import annotations

import itertools
from typing import Any

from depthstudy.arch import ArchSpec, BlockSpec, LayerCost, layer_costs

_SHAPE = tuple[int, int, int]


def blocks(spec: ArchSpec, image_shape: _SHAPE) -> list[dict[str, Any]]:
    """Returns a row for the stem, each block and the head, with what each costs.

    Args:
      spec: The architecture.
      image_shape: Height, width and channels of the images.
    """
    costs = layer_costs(spec, image_shape)
    rows = []
    for name, layers in itertools.groupby(costs, _section):
        rows.append(_row(name, _block(spec, name), list(layers)))
    return rows


def _section(layer: LayerCost) -> str:
    depth = 2 if layer.path[0].startswith("stage") else 1
    return "/".join(layer.path[:depth])


def _block(spec: ArchSpec, name: str) -> BlockSpec | None:
    """Returns the block of a name as ``"stage2/block01"``."""
    stage, _, block = name.partition("/block")
    return spec.stages[int(stage.removeprefix("stage")) - 1][int(block) - 1] if block else None


def _row(name: str, block: BlockSpec | None, layers: list[LayerCost]) -> dict[str, Any]:
    last = layers[-1]
    return {
        "name": name,
        "kind": block.kind if block else "",
        "kernel": block.kernel if block else 0,
        "inner": block.inner if block else 0,
        "squeeze": block.squeeze if block else 0,
        "residual": bool(block and block.residual),
        "output": " x ".join(map(str, last.shape)),
        "parameters": sum(layer.parameters for layer in layers),
        "macs": sum(layer.macs for layer in layers),
        "receptive_field": max(layer.field for layer in layers),
        "depth": last.depth,
    }
