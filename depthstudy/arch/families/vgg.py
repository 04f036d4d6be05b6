"""VGG nets: 3x3 convolutions, poolings and large dense layers.

Simonyan & Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
(arXiv 1409.1556); with batch normalization as in PyTorch's weights.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.families.options import Layout, apply_common_options
from depthstudy.arch.literals import ActivationKind, Norm
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.errors import InputError

_CONVS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_FACTORS = (1, 2, 4, 8, 8)  # filters of the five resolutions, in those of the first


def vgg(
    *,
    depth: int,
    layout: Layout = "imagenet",
    width: int | None = None,
    depth_multiplier: float = 1.0,
    norm: Norm = "batch",
    activation: ActivationKind = "relu",
    dropout: float = 0.5,
    num_classes: int = 1000,
) -> ArchSpec:
    """Returns VGG-``depth``.

    Args:
      depth: Weight layers: 11, 13, 16 or 19.
      layout: ``"imagenet"`` ends in 7x7 averages and two hidden dense layers of 4096;
        ``"small"`` leaves out the first two poolings and ends in one average and one dense layer.
      width: Filters at the first resolution. Default 64.
      depth_multiplier: As in ``apply_common_options``.
      norm: ``"batch"`` or ``"none"``; convolutions have biases either way.
      activation: As in ``BlockSpec``.
      dropout: As in ``HeadSpec``.
      num_classes: Number of logits.

    Raises:
      InputError: No such depth or width.
    """
    if depth not in _CONVS:
        raise InputError(f"no depth {depth}; allowed: {', '.join(map(str, _CONVS))}")
    if width is not None and (width < 1 or width != int(width)):
        raise InputError(f"width must be at least 1 and whole, it is {width}")
    first = int(width or 64)
    stages = [_stage(first * f, n) for f, n in zip(_FACTORS, _CONVS[depth], strict=True)]
    # The first convolution is the stem; where it is alone at its resolution, no stage remains.
    stages[0] = tuple(dataclasses.replace(block, stride=1) for block in stages[0][1:])
    return apply_common_options(
        ArchSpec(
            family="vgg",
            stem=StemSpec(filters=first),
            stages=tuple(stage for stage in stages if stage),
            head=HeadSpec(num_classes=num_classes, pool=True, mean_side=7, hidden=(4096, 4096)),
            biased=True,
            resolution=224,
        ),
        layout=layout,
        depth_multiplier=depth_multiplier,
        norm=norm,
        activation=activation,
        dropout=dropout,
    )


def _stage(filters: int, count: int) -> tuple[BlockSpec, ...]:
    block = BlockSpec(kind="conv", filters=filters, residual=False)
    return (dataclasses.replace(block, stride=2), *(block,) * (count - 1))
