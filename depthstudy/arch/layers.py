"""What an architecture means: every section of a net as a short list of layers.

This is the only place that knows the order of layers. ``cost`` counts these lists and
``nets.Network`` applies them, so a prediction and the net that runs cannot drift apart.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, Norm, StemSpec


@dataclasses.dataclass(frozen=True)
class Conv:
    """Convolution, padded by ``(kernel - 1) // 2`` on each side."""

    name: str
    filters: int
    kernel: int
    stride: int = 1
    bias: bool = False


@dataclasses.dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation with scale and bias (Ioffe & Szegedy 2015)."""

    name: str


@dataclasses.dataclass(frozen=True)
class Relu:
    """Rectifier."""


@dataclasses.dataclass(frozen=True)
class MaxPool:
    """Max pooling, padded by ``(window - 1) // 2`` on each side."""

    window: int
    stride: int


@dataclasses.dataclass(frozen=True)
class ZeroPad:
    """Shortcut "A": every ``stride``-th pixel, zeros as the missing channels."""

    filters: int
    stride: int


@dataclasses.dataclass(frozen=True)
class GlobalMean:
    """Average over all pixels."""


@dataclasses.dataclass(frozen=True)
class Dense:
    """Dense layer with bias."""

    name: str
    features: int


Layer = Conv | BatchNorm | Relu | MaxPool | ZeroPad | GlobalMean | Dense
Layers = tuple[Layer, ...]


@dataclasses.dataclass(frozen=True)
class Section:
    """A named part of a net: ``after(branch(x) + shortcut(x))`` with ``x = before(input)``.

    Attributes:
      path: Where its parameters are, as ``("stage2", "block07")``.
      before: Layers that branch and shortcut share.
      branch: Layers of the main path.
      shortcut: Layers of the shortcut, ``()`` for the identity and ``None`` where there is none.
      after: Layers that follow the sum.
    """

    path: tuple[str, ...]
    branch: Layers
    before: Layers = ()
    shortcut: Layers | None = None
    after: Layers = ()


def sections(spec: ArchSpec) -> tuple[Section, ...]:
    """Returns the net as sections, in the order in which images pass them."""
    found = [_stem(spec.stem)]
    channels = spec.stem.filters
    for stage_number, stage in enumerate(spec.stages, start=1):
        digits = max(2, len(str(len(stage))))
        for block_number, block in enumerate(stage, start=1):
            path = (f"stage{stage_number}", f"block{block_number:0{digits}d}")
            found.append(_block(block, channels, path))
            channels = block.filters
    return (*found, _head(spec.head))


def _stem(stem: StemSpec) -> Section:
    conv = Conv("conv", stem.filters, stem.kernel, stem.stride, bias=stem.norm == "none")
    activation = (*_norm("norm", stem.norm), Relu()) if stem.activated else ()
    pool = (MaxPool(window=3, stride=2),) if stem.pool else ()
    return Section(("stem",), branch=(conv, *activation, *pool))


def _head(head: HeadSpec) -> Section:
    activation = (*_norm("norm", head.norm), Relu()) if head.activated else ()
    return Section(("head",), branch=(*activation, GlobalMean(), Dense("dense", head.num_classes)))


def _block(block: BlockSpec, channels: int, path: tuple[str, ...]) -> Section:
    shortcut = _shortcut(block, channels)
    if not block.kind.startswith("preact"):
        return Section(path, _postact_branch(block), shortcut=shortcut, after=(Relu(),))
    first, rest = _preact_branch(block)
    projected = any(isinstance(layer, Conv) for layer in shortcut or ())
    if projected:  # He et al. 2016 project the activated input
        return Section(path, rest, before=first, shortcut=shortcut)
    return Section(path, first + rest, shortcut=shortcut)


def _shortcut(block: BlockSpec, channels: int) -> Layers | None:
    if not block.residual:
        return None
    if channels == block.filters and block.stride == 1:
        return ()
    if block.shortcut == "A":
        return (ZeroPad(block.filters, block.stride),)
    conv = Conv("shortcut_conv", block.filters, 1, block.stride, bias=block.norm == "none")
    norm = () if block.kind.startswith("preact") else _norm("shortcut_norm", block.norm)
    return (conv, *norm)


def _postact_branch(block: BlockSpec) -> Layers:
    """Convolution, normalisation, rectifier; the last one follows the sum (He et al. 2015)."""
    found: list[Layer] = []
    for i, conv in enumerate(_convs(block), start=1):
        found += [Relu()] if found else []
        found += [conv, *_norm(f"norm{i}", block.norm)]
    return tuple(found)


def _preact_branch(block: BlockSpec) -> tuple[Layers, Layers]:
    """Normalisation, rectifier, convolution (He et al. 2016), split after the first rectifier."""
    found: list[Layer] = []
    for i, conv in enumerate(_convs(block), start=1):
        found += [*_norm(f"norm{i}", block.norm), Relu(), conv]
    split = found.index(Relu()) + 1
    return tuple(found[:split]), tuple(found[split:])


def _convs(block: BlockSpec) -> tuple[Conv, ...]:
    """The convolutions of a branch, in order."""
    # In a bottleneck the 3x3 convolution has the stride, as in the published weights
    # (Goyal et al. 2017), not the first 1x1.
    shapes = (
        ((block.inner, 1, 1), (block.inner, 3, block.stride), (block.filters, 1, 1))
        if block.kind.endswith("bottleneck")
        else ((block.inner, 3, block.stride), (block.filters, 3, 1))
    )
    bias = block.norm == "none"
    return tuple(
        Conv(f"conv{i}", filters, kernel, stride, bias)
        for i, (filters, kernel, stride) in enumerate(shapes, start=1)
    )


def _norm(name: str, norm: Norm) -> Layers:
    return (BatchNorm(name),) if norm == "batch" else ()
