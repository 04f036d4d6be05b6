"""Names of timm's weights, where they are not torchvision's."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch import ArchSpec
from depthstudy.arch.layer_types import SqueezeExcite
from depthstudy.nets.torch.names.torchvision import vgg_features
from depthstudy.nets.torch.names.walk import (
    Namer,
    Names,
    block_paths,
    blocks,
    convs,
    numbers,
    paths,
)

# By kind of block, the names of its convolutions; those of normalizations are numbered.
_CONVS = {
    "conv": ("conv",),
    "fused_inverted": ("conv_exp", "conv_pwl"),
    "inverted": ("conv_pw", "conv_dw", "conv_pwl"),
    "linear_separable": ("conv_dw", "conv_pw"),
}
_GATE = {"conv1": "conv_reduce", "conv2": "conv_expand"}


def _mobile(spec: ArchSpec) -> Names:
    """EfficientNets and MobileNetV2."""
    yield ("stem", "conv"), "conv_stem"
    yield ("stem", "norm"), "bn1"
    yield from _mobile_blocks(spec)
    yield ("head", "conv"), "conv_head"
    yield ("head", "norm"), "bn2"
    yield ("head", "dense"), "classifier"


def _mobilenet_v3(spec: ArchSpec) -> Names:
    """The head's convolution is a last stage, and what is a hidden layer of ours, the head's."""
    yield ("stem", "conv"), "conv_stem"
    yield ("stem", "norm"), "bn1"
    yield from _mobile_blocks(spec)
    yield ("head", "conv"), f"blocks.{len(spec.stages)}.0.conv"
    yield ("head", "norm"), f"blocks.{len(spec.stages)}.0.bn1"
    yield ("head", "hidden1"), "conv_head"
    yield ("head", "dense"), "classifier"


def _mobile_blocks(spec: ArchSpec) -> Names:
    flat = [block for stage in spec.stages for block in stage]
    for section, block in zip(blocks(spec), flat, strict=True):
        stage, number = numbers(section.path)
        prefix = f"blocks.{stage - 1}.{number - 1}"
        for conv, name in zip(convs(section), _CONVS[block.kind], strict=True):
            yield (*section.path, conv.name), f"{prefix}.{name}"
            norm = conv.name.replace("conv", "norm")
            yield (*section.path, norm), f"{prefix}.{norm.replace('norm', 'bn')}"
        for layer in section.branch:
            if isinstance(layer, SqueezeExcite):
                for part in (layer.reduce, layer.expand):
                    path = (*section.path, layer.name, part.name)
                    yield path, f"{prefix}.se.{_GATE[part.name]}"


def _vgg(spec: ArchSpec) -> Names:
    yield from vgg_features(spec)
    for path in paths(spec):
        if path[0] == "head":
            yield path, "head.fc" if path[-1] == "dense" else f"pre_logits.fc{path[-1][-1]}"


def _convnext(spec: ArchSpec) -> Names:
    words = {
        "conv1": "conv_dw",
        "norm1": "norm",
        "conv2": "mlp.fc1",
        "conv3": "mlp.fc2",
        "layer_scale": "gamma",
    }
    yield ("stem", "conv"), "stem.0"
    yield ("stem", "norm"), "stem.1"
    for section in blocks(spec):
        stage, block = numbers(section.path)
        for (leaf,) in block_paths(section):
            path = (*section.path, leaf)
            if leaf.startswith("patch"):
                yield path, f"stages.{stage - 1}.downsample.{int(leaf == 'patch_conv')}"
            else:
                yield path, f"stages.{stage - 1}.blocks.{block - 1}.{words[leaf]}"
    yield ("head", "pooled_norm"), "head.norm"
    yield ("head", "dense"), "head.fc"


def _regnet(spec: ArchSpec) -> Names:
    words = {"shortcut_conv": "downsample.conv", "shortcut_norm": "downsample.bn"}
    for path in paths(spec):
        leaf = path[-1]
        if path[0] == "stem":
            yield path, f"stem.{leaf.replace('norm', 'bn')}"
        elif path[0] == "head":
            yield path, "head.fc"
        else:
            stage, block = numbers(path)
            if path[2] == "squeeze_excite":
                name = f"se.{leaf.replace('conv', 'fc')}"
            else:
                name = words.get(leaf) or f"conv{leaf[-1]}.{'conv' if 'conv' in leaf else 'bn'}"
            yield path, f"s{stage}.b{block}.{name}"


FAMILIES: Mapping[str, Namer] = {
    "convnext": _convnext,
    "efficientnet": _mobile,
    "efficientnet_lite": _mobile,
    "efficientnet_v2": _mobile,
    "mobilenet_v2": _mobile,
    "mobilenet_v3": _mobilenet_v3,
    "regnet": _regnet,
    "vgg": _vgg,
}
