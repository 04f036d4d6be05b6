"""Settings of the net: a family with its options, or a user's own module."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from depthstudy.config.types import Count, Fraction, Natural, Positive, Value


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """A family of ``arch.families()`` with its options, or a user's own Flax module with its own.

    An option that is ``None`` is left to the family: ``plan.STARTING_OPTIONS`` says what a study
    begins with where a family cannot be built without, and its builder has the other defaults. An
    option that the family does not take is refused by name.

    Attributes:
      family: A key of ``arch.FAMILIES``, or of ``arch.DETECTORS`` for images with objects; ``None``
        is ``"resnet"``, unless there is a module.
      depth: Weight layers, of families whose members differ in them (ResNets, DenseNet, VGG).
      layout: ``"cifar"``, ``"imagenet"`` or ``"small"``: how early the image is halved.
      width: Filters of the first stage (ResNets, VGG) or of the stem (ResNeXt, ``"staged"``).
      width_multiplier: Factor of all channels (wide ResNets, MobileNets, ShuffleNets,
        EfficientNets, ConvNeXt, RegNet).
      residual: Whether there are shortcuts; ``False`` is the plain twin.
      norm: ``"batch"``, ``"group"``, ``"layer"`` or ``"none"``.
      shortcut: ``"A"``, ``"B"``, ``"C"`` or ``"D"``: shortcuts between different shapes.
      stages: Stages one by one, as ``"basic_r2_c16 inverted_r3_k5_s2_e4_c24_se4"`` (``"staged"``).
      variant: A published member, as ``"b0"``, ``"lite0"`` or ``"small"``.
      depth_multiplier: Factor of the blocks of each stage, rounded up.
      groups: Groups of the convolutions of ShuffleNet and ResNeXt.
      width_per_group: Channels of a group in ResNeXt's first stage.
      reduction: Channels of a block over those inside its gate (SE-ResNet).
      growth_rate: Channels that each layer of a DenseNet adds.
      activation: ``"relu"``, ``"relu6"``, ``"silu"``, ``"hard_swish"``, ``"gelu"`` or ``"linear"``.
      layer_scale: Start of the factors at the ends of ConvNeXt's branches; 0 is none.
      stochastic_depth: Share of images for which the last block is skipped; earlier ones less.
      dropout: Share of features, or within blocks of wide ResNets, that is dropped.
      padding: ``"torch"`` or ``"same"``, TensorFlow's.
      norm_epsilon: Number that normalization adds to the variance (EfficientNet).
      init: How kernels start: ``"he"`` (the default), ``"orthogonal"``, ``"delta_orthogonal"`` or
        ``"looks_linear"``.
      init_scale: Factor of their standard deviation.
      skip_init: Whether branches end in a trained factor that is 0 at first (De & Smith 2020).
      branches: ``"repvgg"`` gives the 3x3 convolutions of plain nets branches (Ding et al. 2021).
      backbone: Family of a ``"detector"``'s backbone, which the options above are for.
      cells: Cells of a detector's pyramid.
      head_repeats: Convolutions of a detector's heads before the predicting one.
      channels: Channels of a detector's pyramid.
      fusion: How nodes of the pyramid add: ``"fast"``, with trained weights, or ``"sum"``.
      residual_pyramid: Whether every cell of the pyramid but the first has a shortcut around it.
      min_level: Finest level of the pyramid, a pixel of which stands for ``2**min_level``.
      max_level: Its coarsest level.
      stem_halvings: How often a ``"detector"``'s stem halves the image, at the least.
      anchor_scale: Side of the smallest anchor over the stride of its level.
      module: A Flax module instead of a family, as ``"package.module:Class"``. It is made as
        ``Class(num_classes=K, **options)`` and called as
        ``module(images[B,H,W,C], train=...) -> logits[B,K]``.
      options: Its options, plain values by name, each a field of its own as
        ``model.options.depth``; ``None`` leaves one to the class.
    """

    family: str | None = None
    depth: Count | None = None
    layout: str | None = None
    width: Count | Positive | None = None  # earlier versions wrote factors of channels here, too
    width_multiplier: Positive | None = None
    residual: bool | None = None
    norm: str | None = None
    shortcut: str | None = None
    stages: str | None = None
    variant: str | None = None
    depth_multiplier: Positive | None = None
    groups: Count | None = None
    width_per_group: Count | None = None
    reduction: Count | None = None
    growth_rate: Count | None = None
    activation: str | None = None
    layer_scale: float | None = None
    stochastic_depth: Fraction | None = None
    dropout: Fraction | None = None
    padding: str | None = None
    norm_epsilon: Positive | None = None
    init: str | None = None
    init_scale: Positive | None = None
    skip_init: bool | None = None
    branches: str | None = None
    backbone: str | None = None
    cells: Count | None = None
    head_repeats: Natural | None = None
    channels: Count | None = None
    fusion: str | None = None
    residual_pyramid: bool | None = None
    min_level: Natural | None = None
    max_level: Count | None = None
    stem_halvings: Natural | None = None
    anchor_scale: Positive | None = None
    module: str | None = None
    options: Mapping[str, Value] = dataclasses.field(default_factory=dict)
