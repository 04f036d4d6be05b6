"""A block of a net as plain data; what its kind makes of it, ``blocks`` says."""

from __future__ import annotations

import dataclasses

from depthstudy.arch.bounds import check_least, check_shares
from depthstudy.arch.literals import ActivationKind, Gate, Norm, Shortcut


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockSpec:
    """One block: a branch of convolutions and, if residual, what it is added to.

    A field that the kind of block does not read keeps its default: ``ArchSpec`` refuses another.

    >>> BlockSpec(kind="bottleneck", filters=256, inner=128, groups=32).groups
    32

    Attributes:
      kind: Which layers the branch has, and in which order: a key of ``blocks.KINDS``.
      filters: Output channels; of a ``"dense_layer"`` those that it adds to its input.
      inner: Output channels of the convolutions inside the branch; 0 for a kind that has none.
      stride: Stride of the block.
      norm: Normalization; a convolution that none follows has a bias.
      residual: Whether the input is added to the branch (``"shuffle_v2"``: half of the input is
        handed on as it is).
      shortcut: How the input is brought to the output's shape where they differ: ``"A"`` takes
        every n-th pixel and pads channels with zeros, ``"B"`` is a 1x1 convolution, ``"C"`` is
        one even where shapes agree (He et al. 2015); ``"D"`` is ``"B"`` of averages over the
        stride (He et al. 2018, arXiv 1812.01187); with ``"identity"`` a block whose shapes
        differ has no shortcut. A ``"shuffle_v2"`` with ``"C"`` transforms both halves. It is kept
        where ``residual`` is false, so that a plain block differs from its twin in one field.
      activation: Activation, throughout the block.
      kernel: Side of the kernels that are not 1x1.
      groups: Groups of the convolutions: of the 1x1 ones of ``"shuffle_v1"``, of those that are not
        1x1 otherwise.
      first_groups: Groups of the first convolution of ``"shuffle_v1"``; ``None`` is ``groups``.
      squeeze: Channels inside the squeeze-and-excitation; 0 is a block without.
      squeeze_activation: Activation inside it.
      squeeze_gate: Its last activation.
      dropout: Share of numbers that is dropped before the last convolution.
      last_inner: Output channels of the 3x3 convolution of a bottleneck; ``None`` is ``inner``. Of
        the depthwise convolution of a ``"convnext"`` without shortcut; ``None`` is ``filters``.
      layer_scale: Start of the factors, one for each channel, in which a branch ends that is added
        to a shortcut; 0 is a block without.

    Raises:
      InputError: A number is below its least.
    """

    kind: str
    filters: int
    inner: int = 0
    stride: int = 1
    norm: Norm = "batch"
    residual: bool = True
    shortcut: Shortcut = "B"
    activation: ActivationKind = "relu"
    kernel: int = 3
    groups: int = 1
    first_groups: int | None = None
    squeeze: int = 0
    squeeze_activation: ActivationKind = "relu"
    squeeze_gate: Gate = "sigmoid"
    dropout: float = 0.0
    last_inner: int | None = None
    layer_scale: float = 0.0

    def __post_init__(self) -> None:
        """Refuses numbers that no block has."""
        check_least("a block", self, filters=1, stride=1, kernel=1, groups=1, inner=0, squeeze=0)
        check_least("a block", self, first_groups=1, last_inner=1, layer_scale=0)
        check_shares(self, "dropout")
