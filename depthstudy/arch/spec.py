"""An architecture as a frozen, hashable value that survives JSON.

Plain and residual nets differ in one field (``BlockSpec.residual``); scaling and pruning are
functions from value to value. What a value means, layer by layer, ``lowering`` says.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks import kind_of
from depthstudy.arch.bounds import check_least, check_shares
from depthstudy.arch.literals import ActivationKind, Branches, InitKind, Norm, Padding


@dataclasses.dataclass(frozen=True, kw_only=True)
class StemSpec:
    """What comes before the first block.

    Attributes:
      filters: Output channels of the last convolution.
      inner: Output channels of the convolutions before it, none in most nets; all have the same
        kernel, and the first one has the stride.
      kernel: Side of the kernel; one as large as the stride cuts the image into patches.
      stride: The stride.
      pool: Whether a 3x3 max pooling of stride 2 follows.
      norm: Normalization; a convolution that none follows has a bias.
      activated: Whether normalization and activation follow the last convolution.
      activation: That activation.
      norm_only: Whether the last convolution has its normalization and no activation.
    """

    filters: int
    inner: tuple[int, ...] = ()
    kernel: int = 3
    stride: int = 1
    pool: bool = False
    norm: Norm = "batch"
    activated: bool = True
    activation: ActivationKind = "relu"
    norm_only: bool = False

    def __post_init__(self) -> None:
        """Refuses numbers that no stem has."""
        check_least("a stem", self, filters=1, kernel=1, stride=1)

    @property
    def halvings(self) -> int:
        """How often it halves the side of an image."""
        return (self.stride - 1).bit_length() + self.pool


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeadSpec:
    """What comes after the last block, down to the logits.

    Attributes:
      num_classes: Number of logits; with 0 the net ends in its features.
      activated: Whether normalization and activation come first, as pre-activation nets need, or
        after the 1x1 convolution where there is one.
      norm: That normalization.
      activation: That activation, and the one after each hidden dense layer.
      pool: Whether a 2x2 max pooling of stride 2 comes first.
      filters: Output channels of a 1x1 convolution before the average; 0 is none.
      mean_side: Side of the picture of averages that the dense layers see; 1 is one average.
      pooled_norm: Normalization of the averages.
      hidden: Features of the dense layers before the last.
      dropout: Share of features dropped: after each hidden layer, or before the only layer.
    """

    num_classes: int
    activated: bool = False
    norm: Norm = "batch"
    activation: ActivationKind = "relu"
    pool: bool = False
    filters: int = 0
    mean_side: int = 1
    pooled_norm: Norm = "none"
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuses numbers that no head has."""
        check_least("a head", self, num_classes=0, filters=0, mean_side=1)
        check_shares(self, "dropout")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArchSpec:
    """An architecture: what follows what, and what holds throughout.

    Attributes:
      family: Name of the family that it is a member of.
      stem: What comes before the first block.
      stages: The blocks, grouped by resolution or as the family's paper groups them.
      head: What comes after the last block.
      padding: ``"torch"`` pads every window by ``(side - 1) // 2`` all round, patches by nothing.
        ``"same"`` is that of TensorFlow: as little as gives ``ceil(size / stride)``, the odd pixel
        at bottom and right.
      norm_epsilon: What normalization adds to the variance.
      norm_momentum: Share of the running statistics that a step keeps.
      biased: Whether convolutions have a bias even where a normalization follows.
      stochastic_depth: Of ``L`` blocks the ``i``-th, counted from 0, is skipped at random with
        probability ``stochastic_depth * i / L``, where it has a shortcut (Huang et al. 2016).
      init: How kernels start, as ``nets.layers.initialization.kernel_init`` draws them.
      init_scale: Factor of their standard deviation, in convolutions outside gates.
      skip_init: Whether a branch that is added to a shortcut ends in a trained factor that is 0 at
        first, so that the net starts as its shortcuts (De & Smith 2020, arXiv 2002.10444).
      branches: With ``"repvgg"``, each 3x3 convolution has a 1x1 convolution and the identity at
        its side, as ``arch.repvgg`` says.
      resolution: Side of the images that it is made for; nothing in the net depends on it.

    Raises:
      InputError: There is no such kind of block, it does not read a field that has a value, or a
        number is out of its bounds.
    """

    family: str
    stem: StemSpec
    stages: tuple[tuple[BlockSpec, ...], ...]
    head: HeadSpec
    padding: Padding = "torch"
    norm_epsilon: float = 1e-5
    norm_momentum: float = 0.9
    biased: bool = False
    stochastic_depth: float = 0.0
    init: InitKind = "he"
    init_scale: float = 1.0
    skip_init: bool = False
    branches: Branches = "single"
    resolution: int | None = None

    def __post_init__(self) -> None:
        """Refuses blocks that say what their kinds do not read, and numbers that no net has."""
        for block in dict.fromkeys(block for stage in self.stages for block in stage):
            kind_of(block.kind).check(block)
        check_least("a net", self, norm_epsilon=0, norm_momentum=0, resolution=1)
        check_shares(self, "stochastic_depth")

    @property
    def deterministic(self) -> ArchSpec:
        """The same architecture with the same parameters, but drawing nothing in training."""
        return dataclasses.replace(
            self,
            stochastic_depth=0.0,
            head=dataclasses.replace(self.head, dropout=0.0),
            stages=tuple(
                tuple(dataclasses.replace(block, dropout=0.0) for block in stage)
                for stage in self.stages
            ),
        )

    @property
    def is_stochastic(self) -> bool:
        """Whether training draws at random: it has dropout or stochastic depth."""
        blocks = [block for stage in self.stages for block in stage]
        return any([self.stochastic_depth, self.head.dropout, *(b.dropout for b in blocks)])

    def to_json(self) -> str:
        """Returns the value as JSON, one line."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ArchSpec:
        """Returns the value that ``to_json`` wrote, now or before a field was added.

        A field of a block that its kind does not read is left out: versions that did not refuse
        it wrote it.

        Raises:
          ValueError: The text is not JSON of an architecture.
        """
        try:
            return _from_plain(json.loads(text))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an architecture: {error}") from error


def _from_plain(value: dict[str, Any]) -> ArchSpec:
    stem, head = value["stem"], value["head"]
    parts = {
        "stem": StemSpec(**{**stem, "inner": tuple(stem.get("inner", ()))}),
        "stages": tuple(tuple(map(_block_from, stage)) for stage in value["stages"]),
        "head": HeadSpec(**{**head, "hidden": tuple(head.get("hidden", ()))}),
    }
    return ArchSpec(**{**value, **parts})


def _block_from(fields: dict[str, Any]) -> BlockSpec:
    kind = kind_of(fields["kind"])
    ignored = {field.name for field in dataclasses.fields(BlockSpec)}
    ignored -= kind.fields_read(fields.get("squeeze", 0))
    if fields.get("shortcut") not in kind.shortcuts:
        ignored.add("shortcut")
    return BlockSpec(**{name: value for name, value in fields.items() if name not in ignored})
