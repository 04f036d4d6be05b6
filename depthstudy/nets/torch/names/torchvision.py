"""Names of torchvision's weights; for ResNets with gates or averages, those of timm.

Each family of torchvision has its own way to number layers.
"""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch import ArchSpec, lowering
from depthstudy.arch.layer_types import (
    Activation,
    BatchNorm,
    Conv,
    GroupNorm,
    MaxPool,
    SqueezeExcite,
)
from depthstudy.arch.section import Section
from depthstudy.nets.torch.names import convnext
from depthstudy.nets.torch.names.walk import Namer, Names, convs, numbers, paths

_GATE = {"conv1": "fc1", "conv2": "fc2"}


def resnet(spec: ArchSpec) -> Names:
    """A gate is called as in timm's ``seresnet50``, stem and shortcuts as in its ``resnet50d``."""
    first = 1 if any(block.shortcut == "D" for stage in spec.stages for block in stage) else 0
    words = {"shortcut_conv": f"downsample.{first}", "shortcut_norm": f"downsample.{first + 1}"}
    for path in paths(spec):
        leaf = path[-1]
        if path[0] == "stem":
            yield path, _deep_stem(spec, leaf) if spec.stem.inner else leaf_name(leaf, "1")
        elif path[0] == "head":
            yield path, "norm" if leaf == "norm" else "fc"  # of nets of pre-activation blocks
        else:
            stage, block = numbers(path)
            gate = path[2] == "squeeze_excite"
            name = f"se.{_GATE[leaf]}" if gate else words.get(leaf) or leaf_name(leaf)
            yield path, f"layer{stage}.{block - 1}.{name}"


def leaf_name(leaf: str, number: str = "") -> str:
    """Returns the name of a convolution or normalization, as ``"bn1"`` for ``"norm1"``."""
    return leaf.replace("norm", "bn") + number


def _deep_stem(spec: ArchSpec, leaf: str) -> str:
    """``conv1`` is convolution, normalization and activation in turn, but for the last two."""
    if leaf == "norm":
        return "bn1"
    number = len(spec.stem.inner) if leaf == "conv" else int(leaf[-1]) - 1
    return f"conv1.{3 * number + leaf.startswith('norm')}"


def _vgg(spec: ArchSpec) -> Names:
    """``features`` counts every layer, ``classifier`` dense, activation and dropout as three."""
    yield from vgg_features(spec)
    for index, path in enumerate(path for path in paths(spec) if path[0] == "head"):
        yield path, f"classifier.{3 * index}"


def vgg_features(spec: ArchSpec) -> Names:
    """Names of all but the dense layers."""
    index = 0
    for section in lowering.sections(spec):
        for layer in section.branch:
            if isinstance(layer, Conv | BatchNorm | GroupNorm):
                yield (*section.path, layer.name), f"features.{index}"
            index += isinstance(layer, Conv | BatchNorm | GroupNorm | Activation | MaxPool)


def _mobilenet_v2(spec: ArchSpec) -> Names:
    yield from _ends(spec, head="classifier.1")
    for index, section in enumerate(lowering.block_sections(spec), start=1):
        names = [layer.name for layer in convs(section)]
        for position, conv in enumerate(names):
            last = position == len(names) - 1  # it is not wrapped with its normalization
            start = f"features.{index}.conv.{position}"
            after = f"features.{index}.conv.{position + 1}"
            yield (*section.path, conv), start if last else f"{start}.0"
            norm = conv.replace("conv", "norm")
            yield (*section.path, norm), after if last else f"{start}.1"


def _mobilenet_v3(spec: ArchSpec) -> Names:
    yield from _ends(spec, head="classifier.3")
    yield ("head", "hidden1"), "classifier.0"
    for index, section in enumerate(lowering.block_sections(spec), start=1):
        yield from _block(section, f"features.{index}.block")


def _efficientnet(spec: ArchSpec) -> Names:
    yield from _ends(spec, head="classifier.1", last=len(spec.stages) + 1)
    for section in lowering.block_sections(spec):
        stage, block = numbers(section.path)
        yield from _block(section, f"features.{stage}.{block - 1}.block")


def _shufflenet_v2(spec: ArchSpec) -> Names:
    ends = {
        ("stem", "conv"): "conv1.0",
        ("stem", "norm"): "conv1.1",
        ("head", "conv"): "conv5.0",
        ("head", "norm"): "conv5.1",
        ("head", "dense"): "fc",
    }
    branches = ("branch2", ("conv1", "norm1", "", "conv2", "norm2", "conv3", "norm3"))
    shortcut = ("branch1", ("conv1", "norm1", "conv2", "norm2"))
    for path in paths(spec):
        if path in ends:
            yield path, ends[path]
            continue
        stage, block = numbers(path)
        branch, order = shortcut if path[-1].startswith("shortcut") else branches
        index = order.index(path[-1].removeprefix("shortcut_"))
        yield path, f"stage{stage + 1}.{block - 1}.{branch}.{index}"


def _convnext(spec: ArchSpec) -> Names:
    """``features`` is stem, stage, convolution of patches, stage and so on."""
    return convnext.names(
        spec,
        ends=("features.0.0", "features.0.1", "classifier.0", "classifier.2"),
        patches=lambda stage: f"features.{2 * stage}",
        block=lambda stage, number: f"features.{2 * stage + 1}.{number}",
        leaves={"conv1": "block.0", "norm1": "block.2", "conv2": "block.3", "conv3": "block.5"},
    )


def _densenet(spec: ArchSpec) -> Names:
    """A stage of ours but the first begins with the transition, which they call after the last."""
    for path in paths(spec):
        if path[0] in ("stem", "head"):
            ends = {"conv": "conv0", "norm": "norm0" if path[0] == "stem" else "norm5"}
            yield path, "classifier" if path[-1] == "dense" else f"features.{ends[path[-1]]}"
            continue
        stage, block = numbers(path)
        if stage > 1 and block == 1:
            yield path, f"features.transition{stage - 1}.{path[-1].rstrip('1')}"
        else:
            layer = block - (stage > 1)
            yield path, f"features.denseblock{stage}.denselayer{layer}.{path[-1]}"


def _regnet(spec: ArchSpec) -> Names:
    words = {"shortcut_conv": "proj.0", "shortcut_norm": "proj.1"}
    words |= {f"conv{i}": f"f.{letter}.0" for i, letter in enumerate("abc", 1)}
    words |= {f"norm{i}": f"f.{letter}.1" for i, letter in enumerate("abc", 1)}
    for path in paths(spec):
        leaf = path[-1]
        if path[0] == "stem":
            yield path, f"stem.{int(leaf == 'norm')}"
        elif path[0] == "head":
            yield path, "fc"
        else:
            stage, block = numbers(path)
            name = f"f.se.{_GATE[leaf]}" if path[2] == "squeeze_excite" else words[leaf]
            yield path, f"trunk_output.block{stage}.block{stage}-{block - 1}.{name}"


def _ends(spec: ArchSpec, *, head: str, last: int | None = None) -> Names:
    """Stem and head of the nets whose ``features`` are stem, blocks and the head's convolution."""
    last = last or len(lowering.block_sections(spec)) + 1
    yield ("stem", "conv"), "features.0.0"
    yield ("stem", "norm"), "features.0.1"
    yield ("head", "conv"), f"features.{last}.0"
    yield ("head", "norm"), f"features.{last}.1"
    yield ("head", "dense"), head


def _block(section: Section, prefix: str) -> Names:
    """A sequence of convolutions with their normalization, and of gates."""
    index = -1
    for layer in section.branch:
        index += isinstance(layer, Conv | SqueezeExcite)
        if isinstance(layer, Conv):
            yield (*section.path, layer.name), f"{prefix}.{index}.0"
        elif isinstance(layer, BatchNorm):
            yield (*section.path, layer.name), f"{prefix}.{index}.1"
        elif isinstance(layer, SqueezeExcite):
            for part in (layer.reduce, layer.expand):
                path = (*section.path, layer.name, part.name)
                yield path, f"{prefix}.{index}.{_GATE[part.name]}"


FAMILIES: Mapping[str, Namer] = {
    "convnext": _convnext,
    "densenet": _densenet,
    "efficientnet": _efficientnet,
    "efficientnet_v2": _efficientnet,
    "mobilenet_v2": _mobilenet_v2,
    "mobilenet_v3": _mobilenet_v3,
    "plain": resnet,
    "regnet": _regnet,
    "resnet": resnet,
    "resnet_d": resnet,
    "resnext": resnet,
    "se_resnet": resnet,
    "shufflenet_v2": _shufflenet_v2,
    "vgg": _vgg,
    "wide_resnet": resnet,
}
