"""Names of layers in files of PyTorch weights.

Each family of torchvision has its own way to number layers, and so has the package
``efficientnet_pytorch``. Every function here goes through the layers in their order and yields the
file's name for each.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Literal

from depthstudy.arch import ArchSpec, DetectorSpec, lowering
from depthstudy.arch.layer_types import (
    Activation,
    BatchNorm,
    Conv,
    Layer,
    MaxPool,
    Section,
    SqueezeExcite,
)
from depthstudy.errors import InputError
from depthstudy.nets.torch.detectors import effdet_names

Path = tuple[str, ...]
Names = Iterator[tuple[Path, str]]
Style = Literal["torchvision", "efficientnet_pytorch", "effdet"]

_GATE = {"conv1": "fc1", "conv2": "fc2"}


def style_of(names: Container[str]) -> Style:
    """Returns the package whose names of weights ``names`` are."""
    if "backbone.conv_stem.weight" in names:
        return "effdet"
    return "efficientnet_pytorch" if "_conv_stem.weight" in names else "torchvision"


def torch_names(spec: ArchSpec | DetectorSpec, style: Style) -> dict[Path, str]:
    """Returns, for the path of each layer with parameters, its name in the file.

    Raises:
      InputError: No file of this family in this style is known.
    """
    family = spec.family.removesuffix("_plain")
    if isinstance(spec, DetectorSpec):
        if family != "efficientdet" or style != "effdet":
            raise InputError(
                f"no {style} names of weights are known for the detector {family}; known are those"
                " of efficientdet by effdet"
            )
        return effdet_names(spec)
    families = _FAMILIES.get(style, {})
    if family not in families:
        known = ", ".join(sorted({name for names in _FAMILIES.values() for name in names}))
        raise InputError(f"no {style} names of weights are known for {family}; known: {known}")
    return dict(families[family](spec))


def _resnet(spec: ArchSpec) -> Names:
    """A gate is called as in timm's ``seresnet50``, whose other names are torchvision's."""
    words = {"shortcut_conv": "downsample.0", "shortcut_norm": "downsample.1"}
    for path in _paths(spec):
        leaf = path[-1]
        if path[0] == "stem":
            yield path, {"conv": "conv1", "norm": "bn1"}[leaf]
        elif path[0] == "head":
            yield path, "fc"
        else:
            stage, block = _numbers(path)
            gate = path[2] == "squeeze_excite"
            name = f"se.{_GATE[leaf]}" if gate else words.get(leaf) or leaf.replace("norm", "bn")
            yield path, f"layer{stage}.{block - 1}.{name}"


def _vgg(spec: ArchSpec) -> Names:
    """``features`` counts every layer, ``classifier`` dense, activation and dropout as three."""
    index = dense = 0
    for section in lowering.sections(spec):
        for layer in section.branch:
            if isinstance(layer, Conv | BatchNorm):
                yield (*section.path, layer.name), f"features.{index}"
            elif hasattr(layer, "name"):
                yield (*section.path, layer.name), f"classifier.{3 * dense}"
                dense += 1
            index += isinstance(layer, Conv | BatchNorm | Activation | MaxPool)


def _mobilenet_v2(spec: ArchSpec) -> Names:
    yield from _ends(spec, head="classifier.1")
    for index, section in enumerate(_blocks(spec), start=1):
        convs = [layer.name for layer in section.branch if isinstance(layer, Conv)]
        for position, conv in enumerate(convs):
            last = position == len(convs) - 1  # it is not wrapped with its normalization
            start = f"features.{index}.conv.{position}"
            after = f"features.{index}.conv.{position + 1}"
            yield (*section.path, conv), start if last else f"{start}.0"
            norm = conv.replace("conv", "norm")
            yield (*section.path, norm), after if last else f"{start}.1"


def _mobilenet_v3(spec: ArchSpec) -> Names:
    yield from _ends(spec, head="classifier.3")
    yield ("head", "hidden1"), "classifier.0"
    for index, section in enumerate(_blocks(spec), start=1):
        yield from _block(section, f"features.{index}.block")


def _efficientnet(spec: ArchSpec) -> Names:
    yield from _ends(spec, head="classifier.1", last=len(spec.stages) + 1)
    for section in _blocks(spec):
        stage, block = _numbers(section.path)
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
    for path in _paths(spec):
        if path in ends:
            yield path, ends[path]
            continue
        stage, block = _numbers(path)
        branch, order = shortcut if path[-1].startswith("shortcut") else branches
        index = order.index(path[-1].removeprefix("shortcut_"))
        yield path, f"stage{stage + 1}.{block - 1}.{branch}.{index}"


def _efficientnet_pytorch(spec: ArchSpec) -> Names:
    yield ("stem", "conv"), "_conv_stem"
    yield ("stem", "norm"), "_bn0"
    for index, section in enumerate(_blocks(spec)):
        convs = [layer.name for layer in section.branch if isinstance(layer, Conv)]
        words = ("_expand_conv", "_depthwise_conv", "_project_conv")[-len(convs) :]
        norms = ("_bn0", "_bn1", "_bn2")[-len(convs) :]
        for conv, word, norm in zip(convs, words, norms, strict=True):
            yield (*section.path, conv), f"_blocks.{index}.{word}"
            yield (*section.path, conv.replace("conv", "norm")), f"_blocks.{index}.{norm}"
        for layer in section.branch:
            if isinstance(layer, SqueezeExcite):
                gate = (*section.path, layer.name)
                yield (*gate, layer.reduce.name), f"_blocks.{index}._se_reduce"
                yield (*gate, layer.expand.name), f"_blocks.{index}._se_expand"
    yield ("head", "conv"), "_conv_head"
    yield ("head", "norm"), "_bn1"
    yield ("head", "dense"), "_fc"


def _ends(spec: ArchSpec, *, head: str, last: int | None = None) -> Names:
    """Stem and head of the nets whose ``features`` are stem, blocks and the head's convolution."""
    last = last or len(_blocks(spec)) + 1
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


def _paths(spec: ArchSpec) -> Iterator[Path]:
    """The paths of all layers with parameters."""
    for section in lowering.sections(spec):
        layers: tuple[Layer, ...] = (*section.before, *section.branch, *(section.shortcut or ()))
        for layer in layers:
            if isinstance(layer, SqueezeExcite):
                for part in (layer.reduce, layer.expand):
                    yield (*section.path, layer.name, part.name)
            elif hasattr(layer, "name"):
                yield (*section.path, layer.name)


def _blocks(spec: ArchSpec) -> list[Section]:
    return [section for section in lowering.sections(spec) if len(section.path) == 2]


def _numbers(path: Path) -> tuple[int, int]:
    """Returns the numbers of stage and block."""
    return int(path[0].removeprefix("stage")), int(path[1].removeprefix("block"))


_FAMILIES: Mapping[Style, Mapping[str, Callable[[ArchSpec], Names]]] = {
    "torchvision": {
        "efficientnet": _efficientnet,
        "mobilenet_v2": _mobilenet_v2,
        "mobilenet_v3": _mobilenet_v3,
        "plain": _resnet,
        "resnet": _resnet,
        "resnext": _resnet,
        "se_resnet": _resnet,
        "shufflenet_v2": _shufflenet_v2,
        "vgg": _vgg,
        "wide_resnet": _resnet,
    },
    "efficientnet_pytorch": {
        "efficientnet": _efficientnet_pytorch,
        "efficientnet_lite": _efficientnet_pytorch,
    },
}
