"""Names of layers in files of weights, by the package that wrote them.

Every function here goes through the layers in their order and yields the file's name for each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from depthstudy.arch import ArchSpec, DetectorSpec, lowering
from depthstudy.arch.layer_types import Scale
from depthstudy.errors import InputError
from depthstudy.nets.torch.names import (
    convnext,
    effdet,
    efficientnet_pytorch,
    keras,
    resnet,
    timm,
    torchvision,
)
from depthstudy.nets.torch.names.walk import Namer, Path, paths

TORCHVISION = "torchvision"
EFFDET = "effdet"  # whose names are of detectors
CIFAR = "CIFAR-10 code"
KERAS = "keras.applications"

# Packages by what their names tell: the first one of whose marks a file has a name wrote it.
_MARKS: Mapping[str, tuple[str, ...]] = {
    EFFDET: ("backbone.conv_stem.weight", "fpn.cell."),
    "efficientnet_pytorch": ("_conv_stem.weight",),
    KERAS: ("conv1_conv.weight", "Conv1.weight", "stem_conv.weight"),
    "Hugging Face": ("resnet.embedder.", "convnext.embeddings."),
    "ConvNeXt's authors": ("downsample_layers.",),
    CIFAR: ("linear.weight", "layer1.0.shortcut.", "layer2.0.shortcut."),
    "timm": ("conv_stem.weight", "stem.conv.weight", "stages.0.blocks.", "pre_logits."),
}
STYLES: Mapping[str, Mapping[str, Namer]] = {
    TORCHVISION: torchvision.FAMILIES,
    "timm": timm.FAMILIES,
    "efficientnet_pytorch": efficientnet_pytorch.FAMILIES,
    KERAS: keras.FAMILIES,
    "Hugging Face": {"convnext": convnext.hugging_face, "resnet": resnet.hugging_face},
    "ConvNeXt's authors": {"convnext": convnext.authors},
    CIFAR: {"plain": resnet.cifar, "resnet": resnet.cifar},
}


def style_of(names: Collection[str]) -> str:
    """Returns the package whose names of weights ``names`` are, a key of ``STYLES``.

    >>> style_of(["conv_stem.weight", "bn1.weight"]), style_of(["conv1.weight"])
    ('timm', 'torchvision')
    """
    for style, marks in _MARKS.items():
        if any(name.startswith(mark) for name in names for mark in marks):
            return style
    return TORCHVISION


def torch_names(spec: ArchSpec | DetectorSpec, style: str) -> dict[Path, str]:
    """Returns, for the path of each layer with parameters, its name in the file.

    Raises:
      InputError: No file of this family in this style is known, or none with a layer that the net
        has.
    """
    if isinstance(spec, DetectorSpec):
        if style != EFFDET or not spec.family.startswith("efficientdet"):
            raise InputError(
                f"no {style} names of weights are known for {spec.family}, a detector; known: those"
                f" of efficientdet by {EFFDET}"
            )
        return effdet.names(spec)
    family = spec.family.removesuffix("_plain")
    families = STYLES.get(style, {})
    if family not in families:
        known = ", ".join(sorted({name for names in STYLES.values() for name in names}))
        raise InputError(f"no {style} names of weights are known for {family}; known: {known}")
    _check_scales(spec, style)
    names = dict(families[family](spec))
    nameless = [path for path in paths(spec) if path not in names]
    if nameless:
        raise InputError(
            f"no {style} name is known for {'/'.join(nameless[0])} of this {spec.family}"
        )
    return names


def _check_scales(spec: ArchSpec, style: str) -> None:
    for section in lowering.sections(spec):
        for layer in section.branch:
            if isinstance(layer, Scale):
                name = "/".join((*section.path, layer.name))
                raise InputError(
                    f"no {style} net of {spec.family} has skip_init, which this one has ({name})"
                )


__all__ = ["CIFAR", "KERAS", "STYLES", "TORCHVISION", "Path", "style_of", "torch_names"]
