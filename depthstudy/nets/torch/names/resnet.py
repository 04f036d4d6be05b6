"""Names of ResNets' weights as Hugging Face and the usual CIFAR-10 codes write them."""

from __future__ import annotations

from depthstudy.arch import ArchSpec
from depthstudy.nets.torch.names.torchvision import leaf_name
from depthstudy.nets.torch.names.walk import Names, numbers, paths


def hugging_face(spec: ArchSpec) -> Names:
    """Names of ``ResNetForImageClassification``."""
    for path in paths(spec):
        kind = "convolution" if "conv" in path[-1] else "normalization"
        if path[0] == "stem":
            yield path, f"resnet.embedder.embedder.{kind}"
        elif path[0] == "head":
            yield path, "classifier.1"
        else:
            stage, block = numbers(path)
            shortcut = path[-1].startswith("shortcut")
            part = "shortcut" if shortcut else f"layer.{int(path[-1][-1]) - 1}"
            yield path, f"resnet.encoder.stages.{stage - 1}.layers.{block - 1}.{part}.{kind}"


def cifar(spec: ArchSpec) -> Names:
    """Names in the CIFAR-10 codes of kuangliu and akamaster."""
    words = {"shortcut_conv": "shortcut.0", "shortcut_norm": "shortcut.1"}
    for path in paths(spec):
        leaf = path[-1]
        if path[0] == "stem":
            yield path, leaf_name(leaf, "1")
        elif path[0] == "head":
            yield path, "linear"
        else:
            stage, block = numbers(path)
            yield path, f"layer{stage}.{block - 1}.{words.get(leaf) or leaf_name(leaf)}"
