"""DenseNet: each layer sees the outputs of all layers of its resolution before it.

Huang et al. 2017, "Densely Connected Convolutional Networks" (arXiv 1608.06993), DenseNet-BC; as in
torchvision's weights, and as in the paper for CIFAR.
"""

from __future__ import annotations

from typing import Any, Literal

from depthstudy.arch.bounds import whole
from depthstudy.arch.families.options import apply_common_options, cifar_blocks, for_small_images
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.errors import InputError

_BOTTLENECK = 4  # inner channels over those that a layer adds
# Layers of the four stages, channels that each adds.
_IMAGENET = {
    121: ((6, 12, 24, 16), 32),
    161: ((6, 12, 36, 24), 48),
    169: ((6, 12, 32, 32), 32),
    201: ((6, 12, 48, 32), 32),
    264: ((6, 12, 64, 48), 32),
}
_CLASSES = {"cifar": 10, "imagenet": 1000, "small": 10}


@with_options_of(apply_common_options, without=("depth_multiplier", "stochastic_depth"))
def densenet(
    *,
    depth: int,
    growth_rate: int | None = None,
    layout: Literal["cifar", "imagenet", "small"] = "imagenet",
    activation: ActivationKind = "relu",
    num_classes: int | None = None,
    **options: Any,
) -> ArchSpec:
    """Returns DenseNet-``depth`` with bottlenecks and compression.

    Args:
      depth: Weight layers. ``"cifar"``: 6n+4; otherwise 121, 161, 169, 201 or 264.
      growth_rate: Channels that each layer adds. Default 12 for ``"cifar"``, 48 for 161, else 32.
      layout: ``"cifar"`` has a bare 3x3 convolution as its stem and three stages of n layers each;
        ``"imagenet"`` a 7x7 stem of stride 2, a pooling and four stages; ``"small"`` the same four
        stages, but a 3x3 stem and no pooling.
      residual: Whether layers hand on what they are given; without, they hand on the
        ``growth_rate`` channels alone that they make.
      activation: As in ``BlockSpec``.
      num_classes: Default 1000 for ``"imagenet"``, otherwise 10.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: No such depth or growth rate; the message names the nearest depths.
    """
    if growth_rate is not None:
        growth_rate = whole("growth_rate", growth_rate)
    if layout == "cifar":
        counts: tuple[int, ...] = (cifar_blocks(depth, others=4),) * 3
        growth = growth_rate or 12
        stem = StemSpec(filters=2 * growth, activated=False)
    else:
        if depth not in _IMAGENET:
            depths = ", ".join(map(str, _IMAGENET))
            raise InputError(f"no depth {depth} in layout {layout!r}; allowed: {depths}")
        counts, published = _IMAGENET[depth]
        growth = growth_rate or published
        stem = StemSpec(filters=2 * growth, kernel=7, stride=2, pool=True)
    spec = ArchSpec(
        family="densenet",
        stem=stem,
        stages=_stages(counts, stem.filters, growth),
        head=HeadSpec(
            num_classes=_CLASSES[layout] if num_classes is None else num_classes, activated=True
        ),
        resolution=224 if layout == "imagenet" else None,
    )
    spec = for_small_images(spec) if layout == "small" else spec
    return apply_common_options(spec, activation=activation, **options)


def _stages(
    counts: tuple[int, ...], channels: int, growth: int
) -> tuple[tuple[BlockSpec, ...], ...]:
    """Returns the stages; each but the first begins with a transition to half of the channels."""
    layer = BlockSpec(kind="dense_layer", filters=growth, inner=_BOTTLENECK * growth)
    stages: list[tuple[BlockSpec, ...]] = []
    for count in counts:
        start: tuple[BlockSpec, ...] = ()
        if stages:
            channels //= 2
            start = (BlockSpec(kind="transition", filters=channels, stride=2),)
        stages.append((*start, *(layer,) * count))
        channels += count * growth
    return tuple(stages)
