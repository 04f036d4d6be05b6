"""Which net."""

from __future__ import annotations

import dataclasses

from depthstudy.config.types import Count, Fraction, Positive


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Options of ``arch.build``; ``None`` leaves an option to the family's own default.

    No family takes all of them: ``depth`` and ``layout``, which suit the default family, have to be
    ``None`` or another word for most others.

    Attributes:
      family: A key of ``arch.FAMILIES``.
      depth: Weight layers, of families that are told apart by them.
      layout: ``"cifar"``, ``"imagenet"`` or ``"small"``: how early the image is halved.
      width: Filters of the first stage (ResNets, VGG) or of the stem (ResNeXt).
      width_multiplier: Factor of all channels (wide ResNets, MobileNets, ShuffleNets,
        EfficientNets).
      residual: Whether there are shortcuts; ``False`` is the plain twin.
      norm: ``"batch"`` or ``"none"``.
      shortcut: ``"A"`` or ``"B"``: shortcuts between different shapes.
      variant: A published member, as ``"b0"``, ``"lite0"`` or ``"small"``.
      depth_multiplier: Factor of the blocks of each stage, rounded up.
      groups: Groups of the convolutions of ShuffleNet and ResNeXt.
      width_per_group: Channels of a group in ResNeXt's first stage.
      reduction: Channels of a block over those inside its gate (SE-ResNet).
      activation: ``"relu"``, ``"relu6"``, ``"silu"``, ``"hard_swish"`` or ``"linear"``.
      stochastic_depth: Share of images for which the last block is skipped; earlier ones less.
      dropout: Share of features, or within blocks of wide ResNets, that is dropped.
      padding: ``"torch"`` or ``"same"``, TensorFlow's.
      norm_epsilon: What normalization adds to the variance (EfficientNet).
      init: How kernels start: ``"he"`` (the default), ``"orthogonal"``, ``"delta_orthogonal"`` or
        ``"looks_linear"``.
      init_scale: Factor of their standard deviation.
      skip_init: Whether branches end in a trained factor that is 0 at first (De & Smith 2020).
      branches: ``"repvgg"`` gives the 3x3 convolutions of plain nets branches (Ding et al. 2021).
    """

    family: str = "resnet"
    depth: Count | None = 20
    layout: str | None = "cifar"
    width: Count | None = None
    width_multiplier: Positive | None = None
    residual: bool | None = None
    norm: str | None = None
    shortcut: str | None = None
    variant: str | None = None
    depth_multiplier: Positive | None = None
    groups: Count | None = None
    width_per_group: Count | None = None
    reduction: Count | None = None
    activation: str | None = None
    stochastic_depth: Fraction | None = None
    dropout: Fraction | None = None
    padding: str | None = None
    norm_epsilon: Positive | None = None
    init: str | None = None
    init_scale: Positive | None = None
    skip_init: bool | None = None
    branches: str | None = None
