"""Plain nets that are trained with branches: RepVGG (Ding et al. 2021, arXiv 2101.03697).

Each 3x3 convolution and its normalization get a 1x1 convolution and, where shapes allow, the
identity at their side, each with a normalization of its own, and all are added up. As each path is
linear in evaluation, all of them are one 3x3 convolution then (``nets.fold``).
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.layer_types import (
    BatchNorm,
    Conv,
    Layer,
    Layers,
    Parallel,
)
from depthstudy.arch.section import Section

BRANCHED_SIDE = 3  # of the kernels that get branches


def branched(section: Section, channels: int) -> Section:
    """Returns the section with paths in the place of each 3x3 convolution and its normalization.

    Args:
      section: A section with no shortcut.
      channels: Its input channels; 0 where they are not known and there is no identity.
    """
    layers: list[Layer] = []
    for layer in section.branch:
        last = layers[-1] if layers else None
        if isinstance(layer, BatchNorm) and isinstance(last, Conv) and last.kernel == BRANCHED_SIDE:
            layers[-1] = _paths(last, layer, channels)
        else:
            layers.append(layer)
        if isinstance(last, Conv):
            channels = last.filters
    return dataclasses.replace(section, branch=tuple(layers))


def _paths(conv: Conv, norm: BatchNorm, channels: int) -> Parallel:
    pointwise = dataclasses.replace(conv, name=f"{conv.name}_pointwise", kernel=1)
    paths: list[Layers] = [
        (conv, norm),
        (pointwise, dataclasses.replace(norm, name=f"{norm.name}_pointwise")),
    ]
    if channels == conv.filters and conv.stride == 1:
        paths.append((dataclasses.replace(norm, name=f"{norm.name}_identity"),))
    return Parallel(tuple(paths))
