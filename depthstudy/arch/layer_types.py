"""The simple layers that every architecture is made of. ``lowering`` gives their order."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.arch.literals import ActivationKind, Gate, InitKind, Padding


@dataclasses.dataclass(frozen=True)
class Init:
    """How a kernel starts.

    Attributes:
      kind: As in ``ArchSpec``.
      scale: Factor of the standard deviation.
      first: Whether the layer sees the images, and not what an activation gives out.
      bias: What each number of a convolution's bias starts as.
    """

    kind: InitKind | Literal["fan_in", "glorot"] = "he"
    scale: float = 1.0
    first: bool = False
    bias: float = 0.0


@dataclasses.dataclass(frozen=True)
class Conv:
    """Convolution; with as many groups as channels it is a depthwise one."""

    name: str
    filters: int
    kernel: int
    stride: int = 1
    bias: bool = False
    groups: int = 1
    padding: Padding = "torch"
    init: Init = Init()


@dataclasses.dataclass(frozen=True)
class BatchNorm:
    """Batch normalization with scale and bias (Ioffe & Szegedy 2015)."""

    name: str
    epsilon: float = 1e-5
    momentum: float = 0.9


@dataclasses.dataclass(frozen=True)
class GroupNorm:
    """Normalization of each image by groups of channels, with scale and bias (Wu & He 2018).

    There are 32 groups, or fewer: ``rounding.norm_groups``.
    """

    name: str
    epsilon: float = 1e-5


@dataclasses.dataclass(frozen=True)
class LayerNorm:
    """Normalization of each pixel over its channels, with scale and bias (Ba et al. 2016)."""

    name: str
    epsilon: float = 1e-5


Norm = BatchNorm | GroupNorm | LayerNorm


@dataclasses.dataclass(frozen=True)
class Activation:
    """Activation, element by element."""

    kind: ActivationKind


@dataclasses.dataclass(frozen=True)
class SqueezeExcite:
    """Gates each channel by what all channels are on average (Hu et al. 2018).

    Average over all pixels, ``reduce``, ``activation``, ``expand``, ``gate``, product with the
    input.
    """

    name: str
    reduce: Conv
    expand: Conv
    activation: ActivationKind
    gate: Gate


@dataclasses.dataclass(frozen=True)
class Scale:
    """Product with one trained number, which is 0 at first."""

    name: str


@dataclasses.dataclass(frozen=True)
class LayerScale:
    """Product of each channel with a trained number, ``start`` at first (Touvron et al. 2021)."""

    name: str
    start: float


@dataclasses.dataclass(frozen=True)
class Parallel:
    """The sum of what each path makes of the same images; all have one output shape."""

    paths: tuple[Layers, ...]


@dataclasses.dataclass(frozen=True)
class FusionWeights:
    """Trained numbers of at least 0 by which ``inputs`` images are weighted and added."""

    name: str
    inputs: int


@dataclasses.dataclass(frozen=True)
class MaxPool:
    """Max pooling."""

    window: int
    stride: int
    padding: Padding = "torch"


@dataclasses.dataclass(frozen=True)
class AveragePool:
    """Average pooling; with ``"torch"`` the zeros of the padding count.

    One that is made with ``"same"`` keeps it whatever the net's padding is.
    """

    window: int
    stride: int
    padding: Padding = "torch"


@dataclasses.dataclass(frozen=True)
class ZeroPad:
    """Shortcut "A": every ``stride``-th pixel, zeros as the missing channels."""

    filters: int
    stride: int


@dataclasses.dataclass(frozen=True)
class Take:
    """The channels from ``start`` to before ``stop``."""

    start: int
    stop: int


@dataclasses.dataclass(frozen=True)
class ChannelShuffle:
    """Deals the channels out: one of each group in turn (Zhang et al. 2018)."""

    groups: int


@dataclasses.dataclass(frozen=True)
class GlobalMean:
    """Average over all pixels."""


@dataclasses.dataclass(frozen=True)
class AdaptiveMean:
    """Averages over ``side`` times ``side`` rectangles that cover the image."""

    side: int


@dataclasses.dataclass(frozen=True)
class Dropout:
    """Sets a share of the numbers to zero while training (Srivastava et al. 2014)."""

    rate: float


@dataclasses.dataclass(frozen=True)
class StochasticDepth:
    """Sets all of a branch to zero for a share of the images while training."""

    rate: float


@dataclasses.dataclass(frozen=True)
class Dense:
    """Dense layer with bias, of all that it is given."""

    name: str
    features: int
    init: Init = Init()


Layer = (
    Conv
    | BatchNorm
    | GroupNorm
    | LayerNorm
    | Activation
    | SqueezeExcite
    | Scale
    | FusionWeights
    | LayerScale
    | Parallel
    | MaxPool
    | AveragePool
    | ZeroPad
    | Take
    | ChannelShuffle
    | GlobalMean
    | AdaptiveMean
    | Dropout
    | StochasticDepth
    | Dense
)
Layers = tuple[Layer, ...]
