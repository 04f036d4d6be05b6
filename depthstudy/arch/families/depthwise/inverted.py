"""Stages of inverted residual blocks, as MobileNetV2 and EfficientNet have them.

Sandler et al. 2018, "MobileNetV2" (arXiv 1801.04381).
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.spec import BlockSpec

# By whether a row is fused, and whether it expands.
_KINDS = {
    (False, False): "linear_separable",
    (False, True): "inverted",
    (True, False): "conv",
    (True, True): "fused_inverted",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the papers' tables: ``count`` blocks, the first one with ``stride``.

    Attributes:
      expansion: Inner channels over input channels; at 1 there is no expanding convolution.
      filters: Output channels.
      count: Number of blocks.
      stride: Stride of the first block.
      kernel: Side of the depthwise kernels.
      fused: Whether expanding and depthwise convolution are one, and at an expansion of 1 the only.
    """

    expansion: int
    filters: int
    count: int
    stride: int
    kernel: int = 3
    fused: bool = False


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
            gated = like.squeeze > 0 and not row.fused
            block = dataclasses.replace(
                like,
                kind=_KINDS[row.fused, expands],
                filters=row.filters,
                inner=channels * row.expansion if expands else 0,
                stride=row.stride if number == 0 else 1,
                kernel=row.kernel,
                squeeze=max(1, channels // like.squeeze) if gated else 0,
                squeeze_activation=like.squeeze_activation if gated else "relu",
                squeeze_gate=like.squeeze_gate if gated else "sigmoid",
            )
            stage.append(block)
            channels = row.filters
        stages.append(tuple(stage))
    return tuple(stages)


def inverted_block(**fields: object) -> BlockSpec:
    """Returns a template for ``inverted_stages``: its shortcut is the identity or none."""
    return BlockSpec(kind="inverted", filters=1, inner=1, shortcut="identity", **fields)  # type: ignore[arg-type]
