"""MobileNetV3: searched blocks, with gates and hard activations.

Howard et al. 2019, "Searching for MobileNetV3" (arXiv 1905.02244); as in torchvision's weights.
"""

from __future__ import annotations

import itertools
from typing import Any, Literal

from depthstudy.arch.families.options import apply_common_options
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.rounding import divisible
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import check_multiplier

# Kernel, inner channels, filters, whether gated, activation and stride of each block.
_Row = tuple[int, int, int, bool, ActivationKind, int]
_LARGE: tuple[_Row, ...] = (
    (3, 16, 16, False, "relu", 1),
    (3, 64, 24, False, "relu", 2),
    (3, 72, 24, False, "relu", 1),
    (5, 72, 40, True, "relu", 2),
    (5, 120, 40, True, "relu", 1),
    (5, 120, 40, True, "relu", 1),
    (3, 240, 80, False, "hard_swish", 2),
    (3, 200, 80, False, "hard_swish", 1),
    (3, 184, 80, False, "hard_swish", 1),
    (3, 184, 80, False, "hard_swish", 1),
    (3, 480, 112, True, "hard_swish", 1),
    (3, 672, 112, True, "hard_swish", 1),
    (5, 672, 160, True, "hard_swish", 2),
    (5, 960, 160, True, "hard_swish", 1),
    (5, 960, 160, True, "hard_swish", 1),
)
_SMALL: tuple[_Row, ...] = (
    (3, 16, 16, True, "relu", 2),
    (3, 72, 24, False, "relu", 2),
    (3, 88, 24, False, "relu", 1),
    (5, 96, 40, True, "hard_swish", 2),
    (5, 240, 40, True, "hard_swish", 1),
    (5, 240, 40, True, "hard_swish", 1),
    (5, 120, 48, True, "hard_swish", 1),
    (5, 144, 48, True, "hard_swish", 1),
    (5, 288, 96, True, "hard_swish", 2),
    (5, 576, 96, True, "hard_swish", 1),
    (5, 576, 96, True, "hard_swish", 1),
)
_HIDDEN = {"large": 1280, "small": 1024}
_STEM = 16
_HEAD = 6  # channels of the head's convolution over those that it is given


@with_options_of(apply_common_options)
def mobilenet_v3(
    *,
    variant: Literal["large", "small"] = "large",
    width_multiplier: float = 1.0,
    dropout: float = 0.2,
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns MobileNetV3.

    Args:
      variant: Which of the two searched nets.
      width_multiplier: Factor of all channels, rounded to multiples of 8.
      depth_multiplier: As in ``apply_common_options``, for each run of blocks with equal filters.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      activation: Replaces every activation; ``None`` leaves the searched mixture.
      dropout: As in ``HeadSpec``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: The multiplier is not above 0.
    """
    check_multiplier(width_multiplier, "width_multiplier")
    rows = _LARGE if variant == "large" else _SMALL
    channels = [divisible(c * width_multiplier) for c in (_STEM, *(row[2] for row in rows))]
    blocks = [_block(*pair, width_multiplier) for pair in zip(rows, channels, strict=False)]
    stages = itertools.groupby(blocks, key=lambda block: block.filters)
    spec = ArchSpec(
        family="mobilenet_v3",
        stem=StemSpec(filters=channels[0], stride=2, activation="hard_swish"),
        stages=tuple(tuple(stage) for _, stage in stages),
        head=HeadSpec(
            num_classes=num_classes,
            activated=True,
            activation="hard_swish",
            filters=_HEAD * channels[-1],
            hidden=(divisible(_HIDDEN[variant] * width_multiplier),),
        ),
        norm_epsilon=1e-3,
        norm_momentum=0.99,
        resolution=224,
    )
    return apply_common_options(spec, dropout=dropout, **options)


def _block(row: _Row, channels: int, width_multiplier: float) -> BlockSpec:
    kernel, inner, filters, gated, activation, stride = row
    inner = divisible(inner * width_multiplier)
    expands = inner != channels
    return BlockSpec(
        kind="inverted" if expands else "linear_separable",
        filters=divisible(filters * width_multiplier),
        inner=inner if expands else 0,
        stride=stride,
        shortcut="identity",
        activation=activation,
        kernel=kernel,
        squeeze=divisible(inner // 4) if gated else 0,
        squeeze_gate="hard_sigmoid" if gated else "sigmoid",
    )
