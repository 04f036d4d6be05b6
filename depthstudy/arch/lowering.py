"""What an architecture means: every section of a net as a short list of layers.

Together with the kinds of ``blocks`` it alone knows the order of layers. ``cost`` counts these
lists and ``nets.Network`` applies them, so a prediction and the net that runs cannot drift apart.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.blocks import kind_of
from depthstudy.arch.blocks.steps import norm_layers
from depthstudy.arch.layer_types import (
    Activation,
    AdaptiveMean,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalMean,
    GroupNorm,
    Init,
    Layer,
    LayerNorm,
    Layers,
    MaxPool,
    Scale,
    StochasticDepth,
)
from depthstudy.arch.literals import ActivationKind, Norm
from depthstudy.arch.repvgg import branched
from depthstudy.arch.section import Section
from depthstudy.arch.spec import ArchSpec, HeadSpec, StemSpec


def sections(spec: ArchSpec) -> tuple[Section, ...]:
    """Returns the net as sections, in the order in which images pass them.

    >>> from depthstudy import arch
    >>> net = arch.build("resnet", depth=8, layout="cifar")
    >>> ["/".join(section.path) for section in sections(net)]
    ['stem', 'stage1/block01', 'stage2/block01', 'stage3/block01', 'head']
    """
    bare = [_stem(spec.stem)]
    channels = spec.stem.filters
    count = sum(len(stage) for stage in spec.stages)
    for stage_number, stage in enumerate(spec.stages, start=1):
        digits = max(2, len(str(len(stage))))
        for block_number, block in enumerate(stage, start=1):
            kind = kind_of(block.kind)
            path = (f"stage{stage_number}", f"block{block_number:0{digits}d}")
            drop_rate = spec.stochastic_depth * (len(bare) - 1) / count
            end: Layers = (Scale("skip_scale"),) if spec.skip_init else ()
            end += (StochasticDepth(drop_rate),) if drop_rate else ()
            bare.append(kind.section(block, channels, path, end))
            channels = kind.outputs(block, channels)
    bare.append(_head(spec.head))
    completed = tuple(_completed_section(spec, section) for section in bare)
    if spec.branches == "single":
        return completed
    blocks = [block for stage in spec.stages for block in stage]
    inputs = [0, spec.stem.filters, *(block.filters for block in blocks)]  # of plain blocks
    return tuple(branched(*pair) for pair in zip(completed, inputs, strict=True))


def block_sections(spec: ArchSpec) -> list[Section]:
    """Returns the sections that are blocks, those between stem and head."""
    return [section for section in sections(spec) if len(section.path) == 2]


def _completed_section(spec: ArchSpec, section: Section) -> Section:
    """Returns the section with what holds throughout the net."""

    def completed(layers: Layers) -> Layers:
        return tuple(
            _completed_layer(spec, layer, first=section.path == ("stem",) and number == 0)
            for number, layer in enumerate(layers)
        )

    return dataclasses.replace(
        section,
        before=completed(section.before),
        branch=completed(section.branch),
        shortcut=None if section.shortcut is None else completed(section.shortcut),
        after=completed(section.after),
    )


def _completed_layer(spec: ArchSpec, layer: Layer, *, first: bool) -> Layer:
    init = Init(spec.init, spec.init_scale, first)
    match layer:
        case BatchNorm():
            return BatchNorm(layer.name, spec.norm_epsilon, spec.norm_momentum)
        case GroupNorm() | LayerNorm():
            return dataclasses.replace(layer, epsilon=spec.norm_epsilon)
        case Conv():
            bias = layer.bias or spec.biased
            return dataclasses.replace(layer, bias=bias, padding=spec.padding, init=init)
        case Dense():
            return dataclasses.replace(layer, init=init)
        case MaxPool() | AveragePool() if layer.padding == "torch":
            return dataclasses.replace(layer, padding=spec.padding)
    return layer


def _stem(stem: StemSpec) -> Section:
    bias, stride = stem.norm == "none", stem.stride
    layers: list[Layer] = []
    for i, filters in enumerate(stem.inner, start=1):
        layers.append(Conv(f"conv{i}", filters, stem.kernel, stride, bias))
        layers += (*norm_layers(f"norm{i}", stem.norm), Activation(stem.activation))
        stride = 1
    layers.append(Conv("conv", stem.filters, stem.kernel, stride, bias))
    layers += norm_layers("norm", stem.norm) if stem.activated else ()
    layers += (Activation(stem.activation),) if stem.activated and not stem.norm_only else ()
    return Section(("stem",), (*layers, *((MaxPool(3, 2),) if stem.pool else ())))


def _head(head: HeadSpec) -> Section:
    layers: list[Layer] = [MaxPool(window=2, stride=2)] if head.pool else []
    if head.filters:
        layers.append(Conv("conv", head.filters, 1, bias=head.norm == "none"))
    layers += _norm_activation(head.norm, head.activation) if head.activated else ()
    layers.append(GlobalMean() if head.mean_side == 1 else AdaptiveMean(head.mean_side))
    layers += norm_layers("pooled_norm", head.pooled_norm)
    drop = (Dropout(head.dropout),) if head.dropout else ()
    for i, features in enumerate(head.hidden, start=1):
        layers += [Dense(f"hidden{i}", features), Activation(head.activation), *drop]
    layers += () if head.hidden else drop
    layers += (Dense("dense", head.num_classes),) if head.num_classes else ()
    return Section(("head",), branch=tuple(layers))


def _norm_activation(norm: Norm, activation: ActivationKind) -> Layers:
    return (*norm_layers("norm", norm), Activation(activation))
