"""DenseNet: each layer sees the outputs of all layers of its resolution before it.

Huang et al. 2017, "Densely Connected Convolutional Networks" (arXiv 1608.06993), DenseNet-BC; as in
torchvision's weights, and as in the paper for CIFAR.
"""

from __future__ import annotations

from typing import Literal

from depthstudy.arch.families.options import apply_common_options
from depthstudy.arch.literals import ActivationKind, Norm, Padding
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


def densenet(
    *,
    depth: int,
    growth_rate: int | None = None,
    layout: Literal["cifar", "imagenet", "small"] = "imagenet",
    residual: bool = True,
    norm: Norm = "batch",
    activation: ActivationKind = "relu",
    dropout: float = 0.0,
    padding: Padding = "torch",
    num_classes: int | None = None,
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
      norm: As in ``apply_common_options``.
      activation: As in ``BlockSpec``.
      dropout: As in ``HeadSpec``.
      padding: As in ``ArchSpec``.
      num_classes: Default 1000 for ``"imagenet"``, otherwise 10.

    Raises:
      InputError: No such depth or growth rate; the message names the nearest depths.
    """
    if growth_rate is not None and (growth_rate < 1 or growth_rate != int(growth_rate)):
        raise InputError(f"growth_rate must be at least 1 and whole, it is {growth_rate}")
    if layout == "cifar":
        counts, growth = _cifar_counts(depth), growth_rate or 12
        stem = StemSpec(filters=2 * growth, activated=False)
    else:
        if depth not in _IMAGENET:
            depths = ", ".join(map(str, _IMAGENET))
            raise InputError(f"no depth {depth} in layout {layout!r}; allowed: {depths}")
        counts, published = _IMAGENET[depth]
        growth = growth_rate or published
        stem = StemSpec(filters=2 * growth, kernel=7, stride=2, pool=True)
    return apply_common_options(
        ArchSpec(
            family="densenet",
            stem=stem,
            stages=_stages(counts, stem.filters, growth),
            head=HeadSpec(num_classes=num_classes or _CLASSES[layout], activated=True),
            resolution=224 if layout == "imagenet" else None,
        ),
        layout=layout,
        residual=residual,
        norm=norm,
        activation=activation,
        dropout=dropout,
        padding=padding,
    )


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


def _cifar_counts(depth: int) -> tuple[int, ...]:
    if depth < 10 or depth % 6 != 4:
        below = max(10, depth - (depth - 4) % 6)
        nearest = "10" if depth < 10 else f"{below} and {below + 6}"
        raise InputError(
            f"no depth {depth} in layout 'cifar', which needs 6n+4; nearest: {nearest}"
        )
    return ((depth - 4) // 6,) * 3
