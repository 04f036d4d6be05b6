"""Stages of inverted residual blocks, as MobileNetV2 and EfficientNet have them.

Sandler et al. 2018, "MobileNetV2" (arXiv 1801.04381).
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.spec import BlockSpec


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the papers' tables: ``count`` blocks, the first one with ``stride``.

    Attributes:
      expansion: Inner channels over input channels; at 1 there is no expanding convolution.
      filters: Output channels.
      count: Number of blocks.
      stride: Stride of the first block.
      kernel: Side of the depthwise kernels.
    """

    expansion: int
    filters: int
    count: int
    stride: int
    kernel: int = 3


def inverted_stages(
    rows: tuple[Row, ...], channels: int, like: BlockSpec
) -> tuple[tuple[BlockSpec, ...], ...]:
    """Returns a stage for each row.

    Args:
      rows: The table.
      channels: Channels of the stem.
      like: What the rows leave open. Its ``squeeze`` is the divisor that gives the channels inside
        a gate from those of a block's input, 0 for no gates.
    """
    stages = []
    for row in rows:
        stage = []
        for number in range(row.count):
            expands = row.expansion > 1
            block = dataclasses.replace(
                like,
                kind="inverted" if expands else "linear_separable",
                filters=row.filters,
                inner=channels * row.expansion if expands else 0,
                stride=row.stride if number == 0 else 1,
                kernel=row.kernel,
                squeeze=max(1, channels // like.squeeze) if like.squeeze else 0,
            )
            stage.append(block)
            channels = row.filters
        stages.append(tuple(stage))
    return tuple(stages)


def inverted_block(**fields: object) -> BlockSpec:
    """Returns a template for ``inverted_stages``: its shortcut is the identity or none."""
    return BlockSpec(kind="inverted", filters=1, inner=1, shortcut="identity", **fields)  # type: ignore[arg-type]
