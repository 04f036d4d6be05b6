"""An architecture as a frozen, hashable value that survives JSON.

Plain and residual nets differ in one field (``BlockSpec.residual``); scaling and pruning are
functions from value to value. What a value means, layer by layer, is said in ``layers.py``.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

BlockKind = Literal["basic", "bottleneck", "preact_basic", "preact_bottleneck"]
Norm = Literal["batch", "none"]
Shortcut = Literal["A", "B"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class StemSpec:
    """What comes before the first block.

    Attributes:
      filters: Output channels of the first convolution.
      kernel: Side of its kernel.
      stride: Its stride.
      pool: Whether a 3x3 max pooling of stride 2 follows.
      norm: Normalisation; a convolution that none follows has a bias.
      activated: Whether normalisation and activation follow the convolution.
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    pool: bool = False
    norm: Norm = "batch"
    activated: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockSpec:
    """One block: a branch of convolutions and, if residual, what it is added to.

    Attributes:
      kind: Order of the layers in the branch.
      filters: Output channels.
      inner: Output channels of the convolutions inside the branch.
      stride: Stride of the block.
      norm: Normalisation; a convolution that none follows has a bias.
      residual: Whether the input is added to the branch.
      shortcut: How the input is brought to the output's shape where they differ: ``"A"`` takes
        every n-th pixel and pads channels with zeros, ``"B"`` is a 1x1 convolution
        (He et al. 2015).
    """

    kind: BlockKind
    filters: int
    inner: int
    stride: int = 1
    norm: Norm = "batch"
    residual: bool = True
    shortcut: Shortcut = "B"


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeadSpec:
    """What comes after the last block: global average pooling and a dense layer.

    Attributes:
      num_classes: Number of logits.
      activated: Whether normalisation and activation come first, as pre-activation nets need.
      norm: That normalisation.
    """

    num_classes: int
    activated: bool = False
    norm: Norm = "batch"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArchSpec:
    """An architecture. ``stages`` holds the blocks, grouped by resolution."""

    family: str
    stem: StemSpec
    stages: tuple[tuple[BlockSpec, ...], ...]
    head: HeadSpec

    def to_json(self) -> str:
        """Returns the value as JSON, one line."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ArchSpec:
        """Returns the value that ``to_json`` wrote.

        Raises:
          ValueError: The text is not JSON of an architecture.
        """
        try:
            return _from_plain(json.loads(text))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an architecture: {error}") from error


def _from_plain(value: dict[str, Any]) -> ArchSpec:
    return ArchSpec(
        family=value["family"],
        stem=StemSpec(**value["stem"]),
        stages=tuple(tuple(BlockSpec(**block) for block in stage) for stage in value["stages"]),
        head=HeadSpec(**value["head"]),
    )
