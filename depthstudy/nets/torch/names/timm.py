"""Names of timm's weights, where they are not torchvision's."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch import ArchSpec
from depthstudy.arch.lowering import block_sections
from depthstudy.nets.torch.names import convnext
from depthstudy.nets.torch.names.torchvision import vgg_features
from depthstudy.nets.torch.names.walk import Namer, Names, mobile_block, numbers, paths

# By kind of block, the names of its convolutions; those of normalizations are numbered.
_CONVS = {
    "conv": ("conv",),
    "fused_inverted": ("conv_exp", "conv_pwl"),
    "inverted": ("conv_pw", "conv_dw", "conv_pwl"),
    "linear_separable": ("conv_dw", "conv_pw"),
}
_NORMS = ("bn1", "bn2", "bn3")
_GATE = ("se.conv_reduce", "se.conv_expand")


def _mobile(spec: ArchSpec) -> Names:
    """EfficientNets and MobileNetV2."""
    yield ("stem", "conv"), "conv_stem"
    yield ("stem", "norm"), "bn1"
    yield from mobile_blocks(spec)
    yield ("head", "conv"), "conv_head"
    yield ("head", "norm"), "bn2"
    yield ("head", "dense"), "classifier"


def _mobilenet_v3(spec: ArchSpec) -> Names:
    """The head's convolution is a last stage, and what is a hidden layer of ours, the head's."""
    yield ("stem", "conv"), "conv_stem"
    yield ("stem", "norm"), "bn1"
    yield from mobile_blocks(spec)
    yield ("head", "conv"), f"blocks.{len(spec.stages)}.0.conv"
    yield ("head", "norm"), f"blocks.{len(spec.stages)}.0.bn1"
    yield ("head", "hidden1"), "conv_head"
    yield ("head", "dense"), "classifier"


def mobile_blocks(spec: ArchSpec) -> Names:
    """Names of all but stem and head."""
    flat = [block for stage in spec.stages for block in stage]
    for section, block in zip(block_sections(spec), flat, strict=True):
        stage, number = numbers(section.path)
        prefix, words = f"blocks.{stage - 1}.{number - 1}.", _CONVS[block.kind]
        yield from mobile_block(section, prefix, words, _NORMS[: len(words)], _GATE)


def _vgg(spec: ArchSpec) -> Names:
    yield from vgg_features(spec)
    for path in paths(spec):
        if path[0] == "head":
            yield path, "head.fc" if path[-1] == "dense" else f"pre_logits.fc{path[-1][-1]}"


def _convnext(spec: ArchSpec) -> Names:
    return convnext.names(
        spec,
        ends=("stem.0", "stem.1", "head.norm", "head.fc"),
        patches=lambda stage: f"stages.{stage}.downsample",
        block=lambda stage, number: f"stages.{stage}.blocks.{number}",
        leaves={
            "conv1": "conv_dw",
            "norm1": "norm",
            "conv2": "mlp.fc1",
            "conv3": "mlp.fc2",
            "layer_scale": "gamma",
        },
    )


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
