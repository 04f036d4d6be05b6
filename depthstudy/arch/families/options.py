"""What can be asked of every family, as one function from value to value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

from depthstudy.arch.blocks import kind_of
from depthstudy.arch.literals import ActivationKind, Norm, Padding
from depthstudy.arch.spec import ArchSpec, BlockSpec
from depthstudy.arch.transforms.scaling import scale_depth
from depthstudy.errors import InputError

Layout = Literal["imagenet", "small"]

_HALVINGS = 2  # how many of the first halvings of the image the layout "small" leaves out


def apply_common_options(
    spec: ArchSpec,
    *,
    layout: Layout = "imagenet",
    depth_multiplier: float = 1.0,
    residual: bool = True,
    norm: Norm = "batch",
    activation: ActivationKind | None = None,
    stochastic_depth: float = 0.0,
    dropout: float = 0.0,
    padding: Padding = "torch",
) -> ArchSpec:
    """Returns the value with the options that families share.

    Args:
      spec: A member of a family, as published.
      layout: ``"small"`` leaves out the first two halvings of the image: for images of 8x8 to
        64x64 pixels.
      depth_multiplier: Factor of the blocks of each stage, as in ``scale_depth``.
      residual: ``False`` takes every shortcut out: the plain twin.
      norm: Normalization throughout: ``"batch"``, ``"group"`` and ``"layer"``, which do not depend
        on the batch, or ``"none"``: convolutions get a bias instead.
      activation: Replaces every activation outside gates; ``None`` leaves them.
      stochastic_depth: As in ``ArchSpec``.
      dropout: As in ``HeadSpec``.
      padding: As in ``ArchSpec``.

    Raises:
      InputError: A share is not in [0, 1), or options clash.
    """
    if stochastic_depth and not residual:
        raise InputError("stochastic_depth needs residual=True: it skips blocks by their shortcuts")
    if depth_multiplier != 1:
        spec = scale_depth(spec, depth_multiplier)
    if layout == "small":
        spec = for_small_images(spec)
    spec = _without_shortcuts(spec) if not residual else spec
    spec = with_norm(spec, norm)
    spec = _with_activation(spec, activation) if activation else spec
    head = dataclasses.replace(spec.head, dropout=dropout)
    return dataclasses.replace(spec, head=head, stochastic_depth=stochastic_depth, padding=padding)


def for_small_images(spec: ArchSpec) -> ArchSpec:
    """Returns the value without its first two halvings of the image, and with a 3x3 stem.

    Dense layers that see a picture of averages see one average, and no hidden ones remain: they
    would hold nearly all parameters.
    """
    stem, head = spec.stem, spec.head
    left = _HALVINGS - stem.halvings
    stem = dataclasses.replace(stem, kernel=min(stem.kernel, 3), stride=1, pool=False)
    stages = []
    for stage in spec.stages:
        blocks = []
        for block in stage:
            if block.stride == 2 and left > 0:
                block = dataclasses.replace(block, stride=1)
                left -= 1
            blocks.append(block)
        stages.append(tuple(blocks))
    if head.mean_side > 1:
        head = dataclasses.replace(head, mean_side=1, hidden=())
    return dataclasses.replace(spec, stem=stem, stages=tuple(stages), head=head, resolution=None)


def _without_shortcuts(spec: ArchSpec) -> ArchSpec:

    def without(block: BlockSpec) -> BlockSpec:
        has_shortcut = "residual" in kind_of(block.kind).reads
        return dataclasses.replace(block, residual=False) if has_shortcut else block

    plain = map_blocks(spec, without)
    return dataclasses.replace(plain, family=f"{spec.family}_plain")


def with_norm(spec: ArchSpec, norm: Norm) -> ArchSpec:
    """Returns the value with this normalization throughout."""
    spec = _blocks_with(spec, norm=norm)
    stem = dataclasses.replace(spec.stem, norm=norm)
    pooled_norm = norm if spec.head.pooled_norm != "none" else "none"
    head = dataclasses.replace(spec.head, norm=norm, pooled_norm=pooled_norm)
    return dataclasses.replace(spec, stem=stem, head=head)


def _with_activation(spec: ArchSpec, activation: ActivationKind) -> ArchSpec:
    spec = _blocks_with(spec, activation=activation)
    stem = dataclasses.replace(spec.stem, activation=activation)
    head = dataclasses.replace(spec.head, activation=activation)
    return dataclasses.replace(spec, stem=stem, head=head)


def _blocks_with(spec: ArchSpec, **fields: Any) -> ArchSpec:
    return map_blocks(spec, lambda block: dataclasses.replace(block, **fields))


def map_blocks(spec: ArchSpec, change: Callable[[BlockSpec], BlockSpec]) -> ArchSpec:
    """Returns the value with every block changed."""
    stages = tuple(tuple(map(change, stage)) for stage in spec.stages)
    return dataclasses.replace(spec, stages=stages)


def repeated(block: BlockSpec, count: int, stride: int) -> tuple[BlockSpec, ...]:
    """Returns a stage: a block so many times, the first of them with ``stride``."""
    return (dataclasses.replace(block, stride=stride), *(block,) * (count - 1))


def cifar_blocks(depth: int, others: int) -> int:
    """Returns the number of blocks in each stage of the nets for CIFAR.

    They have three stages, two weight layers in each block, and ``others`` beside.

    >>> cifar_blocks(56, others=2)
    9

    Raises:
      InputError: No such depth; the message names the nearest.
    """
    least = 6 + others
    if depth < least or (depth - others) % 6:
        below = max(least, depth - (depth - others) % 6)
        nearest = str(least) if depth < least else f"{below} and {below + 6}"
        raise InputError(
            f"no depth {depth} in layout 'cifar', which needs 6n+{others}; nearest: {nearest}"
        )
    return (depth - others) // 6
