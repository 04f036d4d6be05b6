"""ResNeXt: bottlenecks whose 3x3 convolutions are in groups.

Xie et al. 2017, "Aggregated Residual Transformations" (arXiv 1611.05431); as in torchvision's
weights.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.families.options import Layout, map_blocks
from depthstudy.arch.families.resnet import resnet
from depthstudy.arch.literals import ActivationKind, Norm, Padding, Shortcut
from depthstudy.arch.spec import ArchSpec, BlockSpec
from depthstudy.errors import InputError

_DEPTHS = (50, 101, 152)  # whose blocks are bottlenecks


def resnext(
    *,
    depth: int,
    groups: int = 32,
    width_per_group: int = 4,
    layout: Layout = "imagenet",
    width: int | None = None,
    residual: bool = True,
    norm: Norm = "batch",
    shortcut: Shortcut | None = None,
    activation: ActivationKind = "relu",
    stochastic_depth: float = 0.0,
    dropout: float = 0.0,
    padding: Padding = "torch",
    num_classes: int | None = None,
) -> ArchSpec:
    """Returns ResNeXt-``depth`` (``groups`` x ``width_per_group`` d).

    Args:
      depth: Weight layers: 50, 101 or 152.
      groups: Groups of the 3x3 convolutions, the paper's cardinality.
      width_per_group: Channels of a group in the first stage; each next stage doubles them.
      layout: As in ``resnet``, without ``"cifar"``.
      width: Filters of the stem; blocks of the first stage put out four times as many, and each
        next stage doubles them. Default 64.
      residual: As in ``resnet``.
      norm: As in ``resnet``.
      shortcut: As in ``resnet``.
      activation: As in ``BlockSpec``.
      stochastic_depth: As in ``ArchSpec``.
      dropout: As in ``HeadSpec``.
      padding: As in ``ArchSpec``.
      num_classes: As in ``resnet``.

    Raises:
      InputError: No such depth, or groups or their width are not at least 1.
    """
    if depth not in _DEPTHS:
        raise InputError(f"no depth {depth}; allowed: {', '.join(map(str, _DEPTHS))}")
    for name, value in (("groups", groups), ("width_per_group", width_per_group)):
        if value < 1 or value != int(value):
            raise InputError(f"{name} must be at least 1 and whole, it is {value}")
    spec = resnet(
        depth=depth,
        layout=layout,
        width=width,
        residual=residual,
        norm=norm,
        shortcut=shortcut,
        activation=activation,
        stochastic_depth=stochastic_depth,
        dropout=dropout,
        padding=padding,
        num_classes=num_classes,
    )

    def in_groups(block: BlockSpec) -> BlockSpec:
        doublings = block.inner // spec.stem.filters
        inner = doublings * width_per_group * groups
        return dataclasses.replace(block, inner=inner, groups=groups)

    family = "resnext" if residual else "resnext_plain"
    return dataclasses.replace(map_blocks(spec, in_groups), family=family)
