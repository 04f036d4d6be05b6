"""SE-ResNet: a ResNet with a gate at the end of each branch.

Hu et al. 2018, "Squeeze-and-Excitation Networks" (arXiv 1709.01507); from 50 layers on as in timm's
``seresnet``, which gates its narrower nets by more channels than the paper does.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.families.options import map_blocks
from depthstudy.arch.families.resnet import ResNetLayout, resnet
from depthstudy.arch.literals import ActivationKind, Norm, Padding, Shortcut
from depthstudy.arch.spec import ArchSpec, BlockSpec
from depthstudy.errors import InputError


def se_resnet(
    *,
    depth: int,
    reduction: int = 16,
    layout: ResNetLayout = "imagenet",
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
    """Returns SE-ResNet-``depth``.

    Takes and raises what ``resnet`` does.

    Args:
      depth: As in ``resnet``.
      reduction: Channels of a block over those inside its gate, of which there is one at least.
      layout: As in ``resnet``.
      width: As in ``resnet``.
      residual: As in ``resnet``; the gates stay.
      norm: As in ``resnet``.
      shortcut: As in ``resnet``.
      activation: Activation outside the gates.
      stochastic_depth: As in ``ArchSpec``.
      dropout: As in ``HeadSpec``.
      padding: As in ``ArchSpec``.
      num_classes: As in ``resnet``.

    Raises:
      InputError: The reduction is not at least 1.
    """
    if reduction < 1 or reduction != int(reduction):
        raise InputError(f"reduction must be at least 1 and whole, it is {reduction}")
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

    def gated(block: BlockSpec) -> BlockSpec:
        return dataclasses.replace(block, squeeze=max(1, block.filters // reduction))

    family = "se_resnet" if residual else "se_resnet_plain"
    return dataclasses.replace(map_blocks(spec, gated), family=family)
