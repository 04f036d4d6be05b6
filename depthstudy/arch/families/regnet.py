"""RegNet: residual bottlenecks in groups, whose widths grow by a linear rule.

Radosavovic et al. 2020, "Designing Network Design Spaces" (arXiv 2003.13678); as in torchvision's
weights.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from depthstudy.arch.families.options import apply_common_options
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.rounding import divisible
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import check_multiplier

Variant = Literal[
    "x_400mf", "x_800mf", "x_1.6gf", "x_3.2gf", "x_8gf", "x_16gf", "x_32gf",
    "y_400mf", "y_800mf", "y_1.6gf", "y_3.2gf", "y_8gf", "y_16gf", "y_32gf",
]  # fmt: skip

_STEM = 32
_QUANTUM = 8  # widths are multiples of it
_SQUEEZE = 0.25  # channels inside a gate over those of the block's input


class _Rule(NamedTuple):
    """Numbers of blocks, width of the first, slope, ratio of stages' widths, width of a group."""

    depth: int
    start: int
    slope: float
    ratio: float
    group: int


_VARIANTS = {
    "x_400mf": _Rule(22, 24, 24.48, 2.54, 16),
    "x_800mf": _Rule(16, 56, 35.73, 2.28, 16),
    "x_1.6gf": _Rule(18, 80, 34.01, 2.25, 24),
    "x_3.2gf": _Rule(25, 88, 26.31, 2.25, 48),
    "x_8gf": _Rule(23, 80, 49.56, 2.88, 120),
    "x_16gf": _Rule(22, 216, 55.59, 2.1, 128),
    "x_32gf": _Rule(23, 320, 69.86, 2.0, 168),
    "y_400mf": _Rule(16, 48, 27.89, 2.09, 8),
    "y_800mf": _Rule(14, 56, 38.84, 2.4, 16),
    "y_1.6gf": _Rule(27, 48, 20.71, 2.65, 24),
    "y_3.2gf": _Rule(21, 80, 42.63, 2.66, 24),
    "y_8gf": _Rule(17, 192, 76.82, 2.19, 56),
    "y_16gf": _Rule(18, 200, 106.23, 2.48, 112),
    "y_32gf": _Rule(20, 232, 115.89, 2.53, 232),
}


@with_options_of(apply_common_options)
def regnet(
    *,
    variant: Variant = "y_400mf",
    width_multiplier: float = 1.0,
    activation: ActivationKind = "relu",
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns RegNet.

    Args:
      variant: Which of the published nets; those whose name begins with ``"y"`` have gates.
      width_multiplier: Factor of all channels, rounded to whole groups, which keep their width.
      activation: Activation outside the gates.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: The width multiplier is not above 0.
    """
    check_multiplier(width_multiplier, "width_multiplier")
    stem = StemSpec(filters=divisible(_STEM * width_multiplier), stride=2)
    rule, gated = _VARIANTS[variant], variant.startswith("y")
    spec = ArchSpec(
        family="regnet",
        stem=stem,
        stages=tuple(_stages(rule, stem.filters, width_multiplier, gated=gated)),
        head=HeadSpec(num_classes=num_classes),
        resolution=224,
    )
    return apply_common_options(spec, activation=activation, **options)


def _stages(
    rule: _Rule, channels: int, multiplier: float, *, gated: bool
) -> Iterator[tuple[BlockSpec, ...]]:
    for width, blocks in itertools.groupby(_widths(rule)):
        group = min(rule.group, width)
        width = divisible(width * multiplier, group)
        stage = []
        for number, _ in enumerate(blocks):
            block = BlockSpec(
                kind="inner_gate_bottleneck" if gated else "bottleneck",
                filters=width,
                inner=width,
                groups=width // group,
                stride=2 if number == 0 else 1,
                squeeze=round(_SQUEEZE * channels) if gated else 0,
            )
            stage.append(block)
            channels = width
        yield tuple(stage)


def _widths(rule: _Rule) -> list[int]:
    """Returns the width of each block: a line, in steps of powers of the ratio."""
    widths = []
    for number in range(rule.depth):
        line = rule.start + rule.slope * number
        power = round(math.log(line / rule.start) / math.log(rule.ratio))
        widths.append(round(rule.start * rule.ratio**power / _QUANTUM) * _QUANTUM)
    return widths
