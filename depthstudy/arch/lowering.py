"""What an architecture means: every section of a net as a short list of layers.

This is the only place that knows the order of layers. ``cost`` counts these lists and
``nets.Network`` applies them, so a prediction and the net that runs cannot drift apart.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.layer_types import (
    Activation,
    AdaptiveMean,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    Conv,
    Dense,
    Dropout,
    GlobalMean,
    Init,
    Layer,
    Layers,
    MaxPool,
    Scale,
    Section,
    SqueezeExcite,
    StochasticDepth,
    Take,
    ZeroPad,
)
from depthstudy.arch.repvgg import branched
from depthstudy.arch.spec import ActivationKind, ArchSpec, BlockSpec, HeadSpec, Norm, StemSpec


def sections(spec: ArchSpec) -> tuple[Section, ...]:
    """Returns the net as sections, in the order in which images pass them."""
    found = [_stem(spec.stem)]
    channels = spec.stem.filters
    count = sum(len(stage) for stage in spec.stages)
    for stage_number, stage in enumerate(spec.stages, start=1):
        digits = max(2, len(str(len(stage))))
        for block_number, block in enumerate(stage, start=1):
            path = (f"stage{stage_number}", f"block{block_number:0{digits}d}")
            drop_rate = spec.stochastic_depth * (len(found) - 1) / count
            end: Layers = (Scale("skip_scale"),) if spec.skip_init else ()
            end += (StochasticDepth(drop_rate),) if drop_rate else ()
            found.append(_block(block, channels, path, end))
            channels = block.filters
    found.append(_head(spec.head))
    settled = tuple(_section_of(spec, section) for section in found)
    if spec.branches == "single":
        return settled
    blocks = [block for stage in spec.stages for block in stage]
    inputs = [0, spec.stem.filters, *(block.filters for block in blocks)]
    return tuple(branched(*pair) for pair in zip(settled, inputs, strict=True))


def _section_of(spec: ArchSpec, section: Section) -> Section:
    """Returns the section with what holds throughout the net."""

    init = Init(spec.init, spec.init_scale, first=section.path == ("stem",))

    def settled(found: Layers) -> Layers:
        return tuple(_layer_of(spec, layer, init) for layer in found)

    return dataclasses.replace(
        section,
        before=settled(section.before),
        branch=settled(section.branch),
        shortcut=None if section.shortcut is None else settled(section.shortcut),
        after=settled(section.after),
    )


def _layer_of(spec: ArchSpec, layer: Layer, init: Init) -> Layer:
    match layer:
        case BatchNorm():
            return BatchNorm(layer.name, spec.norm_epsilon, spec.norm_momentum)
        case Conv():
            bias = layer.bias or spec.biased
            return dataclasses.replace(layer, bias=bias, padding=spec.padding, init=init)
        case Dense():
            return dataclasses.replace(layer, init=init)
        case MaxPool() | AveragePool():
            return dataclasses.replace(layer, padding=spec.padding)
    return layer


def _stem(stem: StemSpec) -> Section:
    conv = Conv("conv", stem.filters, stem.kernel, stem.stride, bias=stem.norm == "none")
    activation = _norm_activation(stem.norm, stem.activation) if stem.activated else ()
    return Section(("stem",), (conv, *activation, *((MaxPool(3, 2),) if stem.pool else ())))


def _head(head: HeadSpec) -> Section:
    found: list[Layer] = [MaxPool(window=2, stride=2)] if head.pool else []
    if head.filters:
        found.append(Conv("conv", head.filters, 1, bias=head.norm == "none"))
    found += _norm_activation(head.norm, head.activation) if head.activated else ()
    found.append(GlobalMean() if head.mean_side == 1 else AdaptiveMean(head.mean_side))
    drop = (Dropout(head.dropout),) if head.dropout else ()
    for i, features in enumerate(head.hidden, start=1):
        found += [Dense(f"hidden{i}", features), Activation(head.activation), *drop]
    found += () if head.hidden else drop
    return Section(("head",), branch=(*found, Dense("dense", head.num_classes)))


def _block(block: BlockSpec, channels: int, path: tuple[str, ...], end: Layers) -> Section:
    """The section of a block; ``end`` is how a branch ends that is added to a shortcut."""
    if block.kind == "shuffle_v2":
        return _shuffle_v2(block, channels, path)
    shortcut = _shortcut(block, channels)
    concat = block.kind == "shuffle_v1" and bool(shortcut)
    end = () if shortcut is None or concat else end
    if block.kind.startswith("preact"):
        first, rest = _preact_branch(block, channels)
        projected = any(isinstance(layer, Conv) for layer in shortcut or ())
        if projected:  # He et al. 2016 project the activated input
            return Section(path, rest + end, before=first, shortcut=shortcut)
        return Section(path, first + rest + end, shortcut=shortcut)
    # In a VGG net the first convolution of a stage sees pooled images.
    pool = (MaxPool(2, block.stride),) if block.kind == "conv" and block.stride > 1 else ()
    branch = _sequence(_steps(block, channels, block.filters - concat * channels), block)
    late = block.kind in ("basic", "bottleneck", "shuffle_v1")
    return Section(
        path,
        branch=pool + branch + end,
        shortcut=shortcut,
        join="concat" if concat else "add",
        after=(Activation(block.activation),) if late else (),
    )


def _shortcut(block: BlockSpec, channels: int) -> Layers | None:
    """The layers of a shortcut that is added, and of ShuffleNet's, which is pooled."""
    if not block.residual:
        return None
    if _unchanged(block, channels):
        return ()
    if block.kind == "shuffle_v1":
        return (AveragePool(3, block.stride),)
    if block.shortcut == "identity":
        return None
    if block.shortcut == "A":
        return (ZeroPad(block.filters, block.stride),)
    conv = Conv("shortcut_conv", block.filters, 1, block.stride, bias=block.norm == "none")
    norm = () if block.kind.startswith("preact") else _norm("shortcut_norm", block.norm)
    return (conv, *norm)


def _unchanged(block: BlockSpec, channels: int) -> bool:
    """Whether the input can pass as it is."""
    return channels == block.filters and block.stride == 1 and block.shortcut != "C"


def _shuffle_v2(block: BlockSpec, channels: int, path: tuple[str, ...]) -> Section:
    """Half of the channels passes by, or both halves are made anew; then they are dealt out."""
    half, shuffle = block.filters // 2, (ChannelShuffle(2),)
    if not block.residual:
        branch = _sequence(_steps(block, channels, block.filters), block)
        return Section(path, branch, after=shuffle)
    rest = block.filters - half
    if _unchanged(block, channels):
        branch = (Take(half, channels), *_sequence(_steps(block, rest, rest), block))
        return Section(path, branch, shortcut=(Take(0, half),), join="concat", after=shuffle)
    branch = _sequence(_steps(block, channels, rest), block)
    pair = (_depthwise(block, channels, activated=False), _Step(half))
    short = _sequence(pair, block, prefix="shortcut_")
    return Section(path, branch, shortcut=short, join="concat", after=shuffle)


@dataclasses.dataclass(frozen=True)
class _Step:
    """A convolution, its normalization and, if ``activated``, its activation; ``then`` others."""

    filters: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    activated: bool = True
    then: Layers = ()


def _steps(block: BlockSpec, channels: int, filters: int) -> tuple[_Step, ...]:
    """The steps of a branch from ``channels`` to ``filters``, by kind of block."""
    inner, kernel, stride = block.inner, block.kernel, block.stride
    last = _Step(filters, activated=False)
    match block.kind:
        case "basic" | "preact_basic":
            return _Step(inner, kernel, stride), _Step(filters, kernel, activated=False)
        # The 3x3 convolution has the stride, as in the published weights (Goyal et al. 2017),
        # not the first 1x1.
        case "bottleneck" | "preact_bottleneck":
            return _Step(inner), _Step(block.last_inner or inner, kernel, stride), last
        case "conv":
            return (_Step(filters, kernel),)
        case "separable":
            return _depthwise(block, channels), _Step(filters)
        case "linear_separable":
            return _depthwise(block, channels, then=_gate(block, channels)), last
        case "inverted":
            return _Step(inner), _depthwise(block, inner, then=_gate(block, inner)), last
        case "shuffle_v1":
            groups = block.groups if block.first_groups is None else block.first_groups
            first = _Step(inner, groups=groups, then=(ChannelShuffle(block.groups),))
            depthwise = _depthwise(block, inner, activated=False)
            return first, depthwise, dataclasses.replace(last, groups=block.groups)
        case "shuffle_v2":
            return _Step(inner), _depthwise(block, inner, activated=False), _Step(filters)


def _depthwise(
    block: BlockSpec, channels: int, *, activated: bool = True, then: Layers = ()
) -> _Step:
    return _Step(channels, block.kernel, block.stride, channels, activated, then)


def _gate(block: BlockSpec, channels: int) -> Layers:
    if not block.squeeze:
        return ()
    reduce = Conv("conv1", block.squeeze, 1, bias=True)
    expand = Conv("conv2", channels, 1, bias=True)
    activation, gate = block.squeeze_activation, block.squeeze_gate
    return (SqueezeExcite("squeeze_excite", reduce, expand, activation, gate),)


def _sequence(steps: tuple[_Step, ...], block: BlockSpec, prefix: str = "") -> Layers:
    """Convolution, normalization, activation, step by step."""
    found: list[Layer] = []
    for i, step in enumerate(steps, start=1):
        found += _dropout(block, last=i == len(steps))
        found += [_conv(f"{prefix}conv{i}", step, block), *_norm(f"{prefix}norm{i}", block.norm)]
        found += [Activation(block.activation)] if step.activated else []
        found += step.then
    return tuple(found)


def _preact_branch(block: BlockSpec, channels: int) -> tuple[Layers, Layers]:
    """Normalization, activation, convolution (He et al. 2016), split after the first two."""
    steps = _steps(block, channels, block.filters)
    found: list[Layer] = []
    for i, step in enumerate(steps, start=1):
        found += [*_norm(f"norm{i}", block.norm), Activation(block.activation)]
        found += _dropout(block, last=i == len(steps))
        found.append(_conv(f"conv{i}", step, block))
    split = found.index(Activation(block.activation)) + 1
    return tuple(found[:split]), tuple(found[split:])


def _conv(name: str, step: _Step, block: BlockSpec) -> Conv:
    return Conv(name, step.filters, step.kernel, step.stride, block.norm == "none", step.groups)


def _dropout(block: BlockSpec, last: bool) -> Layers:
    return (Dropout(block.dropout),) if last and block.dropout else ()


def _norm_activation(norm: Norm, activation: ActivationKind) -> Layers:
    return (*_norm("norm", norm), Activation(activation))


def _norm(name: str, norm: Norm) -> Layers:
    return (BatchNorm(name),) if norm == "batch" else ()
