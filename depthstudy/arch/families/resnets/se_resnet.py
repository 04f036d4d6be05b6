"""SE-ResNet: a ResNet with a gate at the end of each branch.

Hu et al. 2018, "Squeeze-and-Excitation Networks" (arXiv 1709.01507); from 50 layers on as in timm's
``seresnet``, which gates its narrower nets by more channels than the paper does.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.bounds import whole
from depthstudy.arch.families.options import map_blocks
from depthstudy.arch.families.resnets.resnet import resnet
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.spec import ArchSpec, BlockSpec


@with_options_of(resnet)
def se_resnet(*, depth: int, reduction: int = 16, **options: Any) -> ArchSpec:
    """Returns SE-ResNet-``depth``.

    Args:
      depth: As in ``resnet``.
      reduction: Channels of a block over those inside its gate, of which there is one at least.
      residual: As in ``resnet``; the plain twin keeps its gates.
      activation: Activation outside the gates.
      **options: Further ones of ``resnet``.

    Raises:
      InputError: As ``resnet``, or the reduction is not at least 1.
    """
    reduction = whole("reduction", reduction)

    def gated(block: BlockSpec) -> BlockSpec:
        return dataclasses.replace(block, squeeze=max(1, block.filters // reduction))

    spec = map_blocks(resnet(depth=depth, **options), gated)
    family = "se_resnet" if options.get("residual", True) else "se_resnet_plain"
    return dataclasses.replace(spec, family=family)
