"""ResNet-D: a ResNet with a stem of three 3x3 convolutions and shortcuts of averages.

He et al. 2018, "Bag of Tricks for Image Classification" (arXiv 1812.01187); as in timm's weights.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.families.options import map_blocks
from depthstudy.arch.families.resnets.resnet import ResNetLayout, resnet
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.spec import ArchSpec


@with_options_of(resnet, without=("shortcut",))
def resnet_d(
    *, depth: int, layout: ResNetLayout = "imagenet", residual: bool = True, **options: Any
) -> ArchSpec:
    """Returns ResNet-``depth``-D.

    Args:
      depth: As in ``resnet``; the two further convolutions of the stem are not counted.
      layout: As in ``resnet``; ``"cifar"`` keeps the stem of a single convolution.
      residual: As in ``resnet``.
      **options: Further ones of ``resnet``.

    Raises:
      InputError: As ``resnet``.
    """
    spec = resnet(depth=depth, layout=layout, residual=residual, **options)
    spec = map_blocks(spec, lambda block: dataclasses.replace(block, shortcut="D"))
    stem = spec.stem
    if layout != "cifar":
        inner = (max(1, stem.filters // 2),) * 2
        stem = dataclasses.replace(stem, kernel=3, inner=inner)
    family = "resnet_d" if residual else "resnet_d_plain"
    return dataclasses.replace(spec, family=family, stem=stem)
