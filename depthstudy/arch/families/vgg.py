"""VGG nets: 3x3 convolutions, poolings and large dense layers.

Simonyan & Zisserman 2014, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
(arXiv 1409.1556); with batch normalization as in PyTorch's weights.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.bounds import whole
from depthstudy.arch.families.options import apply_common_options, repeated
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.errors import InputError

_CONVS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_FACTORS = (1, 2, 4, 8, 8)  # filters of the five resolutions, in those of the first


@with_options_of(apply_common_options, without=("residual", "stochastic_depth", "padding"))
def vgg(
    *,
    depth: int,
    width: int | None = None,
    activation: ActivationKind = "relu",
    dropout: float = 0.5,
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns VGG-``depth``.

    Args:
      depth: Weight layers: 11, 13, 16 or 19.
      layout: ``"imagenet"`` ends in 7x7 averages and two hidden dense layers of 4096;
        ``"small"`` leaves out the first two poolings and ends in one average and one dense layer.
      width: Filters at the first resolution. Default 64.
      norm: ``"batch"`` or ``"none"``; convolutions have biases either way.
      activation: As in ``BlockSpec``.
      dropout: As in ``HeadSpec``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: No such depth or width.
    """
    if depth not in _CONVS:
        raise InputError(f"no depth {depth}; allowed: {', '.join(map(str, _CONVS))}")
    first = 64 if width is None else whole("width", width)
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
        activation=activation,
        dropout=dropout,
        **options,
    )


def _stage(filters: int, count: int) -> tuple[BlockSpec, ...]:
    block = BlockSpec(kind="conv", filters=filters, residual=False)
    return repeated(block, count, stride=2)
