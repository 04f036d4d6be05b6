"""Kinds of blocks: one object for each answers all that is asked of a kind.

``BlockSpec.kind`` is a key of ``KINDS``. A new kind is a file here, with a subclass of
``BlockKind``, and its line below.
"""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch.blocks.basic import Basic, PreactBasic
from depthstudy.arch.blocks.bottleneck import (
    Bottleneck,
    FirstStrideBottleneck,
    InnerGateBottleneck,
    PreactBottleneck,
)
from depthstudy.arch.blocks.conv import SingleConv
from depthstudy.arch.blocks.dense import DenseLayer, Transition
from depthstudy.arch.blocks.depthwise.convnext import ConvNext
from depthstudy.arch.blocks.depthwise.inverted import FusedInverted, Inverted, LinearSeparable
from depthstudy.arch.blocks.depthwise.separable import Separable
from depthstudy.arch.blocks.depthwise.shuffle_v1 import ShuffleV1
from depthstudy.arch.blocks.depthwise.shuffle_v2 import ShuffleV2
from depthstudy.arch.blocks.kind import BlockKind
from depthstudy.errors import InputError

KINDS: Mapping[str, BlockKind] = {
    "basic": Basic(),
    "bottleneck": Bottleneck(),
    "conv": SingleConv(),
    "convnext": ConvNext(),
    "dense_layer": DenseLayer(),
    "first_stride_bottleneck": FirstStrideBottleneck(),
    "fused_inverted": FusedInverted(),
    "inner_gate_bottleneck": InnerGateBottleneck(),
    "inverted": Inverted(),
    "linear_separable": LinearSeparable(),
    "preact_basic": PreactBasic(),
    "preact_bottleneck": PreactBottleneck(),
    "separable": Separable(),
    "shuffle_v1": ShuffleV1(),
    "shuffle_v2": ShuffleV2(),
    "transition": Transition(),
}


def kind_of(name: str) -> BlockKind:
    """Returns the kind that ``BlockSpec.kind`` names.

    >>> "groups" in kind_of("bottleneck").reads, "groups" in kind_of("conv").reads
    (True, False)

    Raises:
      InputError: There is no such kind.
    """
    if name not in KINDS:
        raise InputError(f"no block kind {name!r}; allowed: {', '.join(KINDS)}")
    return KINDS[name]


__all__ = ["KINDS", "BlockKind", "kind_of"]
