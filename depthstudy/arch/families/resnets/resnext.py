"""ResNeXt: bottlenecks whose 3x3 convolutions are in groups.

Xie et al. 2017, "Aggregated Residual Transformations" (arXiv 1611.05431); as in torchvision's
weights.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.bounds import whole
from depthstudy.arch.families.options import Layout, map_blocks
from depthstudy.arch.families.resnets.resnet import resnet
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.spec import ArchSpec, BlockSpec
from depthstudy.errors import InputError

_DEPTHS = (50, 101, 152)  # whose blocks are bottlenecks


@with_options_of(resnet)
def resnext(
    *,
    depth: int,
    groups: int = 32,
    width_per_group: int = 4,
    layout: Layout = "imagenet",
    **options: Any,
) -> ArchSpec:
    """Returns ResNeXt-``depth`` (``groups`` x ``width_per_group`` d).

    Args:
      depth: Weight layers: 50, 101 or 152.
      groups: Groups of the 3x3 convolutions, the paper's cardinality.
      width_per_group: Channels of a group in the first stage; each next stage doubles them.
      layout: As in ``resnet``, without ``"cifar"``.
      width: Filters of the stem; blocks of the first stage put out four times as many. Default 64.
      **options: Further ones of ``resnet``.

    Raises:
      InputError: No such depth, or groups or their width are not at least 1.
    """
    if depth not in _DEPTHS:
        raise InputError(f"no depth {depth}; allowed: {', '.join(map(str, _DEPTHS))}")
    groups, width_per_group = whole("groups", groups), whole("width_per_group", width_per_group)
    spec = resnet(depth=depth, layout=layout, **options)

    def in_groups(block: BlockSpec) -> BlockSpec:
        doublings = block.inner // spec.stem.filters
        inner = doublings * width_per_group * groups
        return dataclasses.replace(block, inner=inner, groups=groups)

    family = "resnext" if options.get("residual", True) else "resnext_plain"
    return dataclasses.replace(map_blocks(spec, in_groups), family=family)
