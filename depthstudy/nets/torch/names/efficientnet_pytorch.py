"""Names of the weights of the package ``efficientnet_pytorch``."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch import ArchSpec
from depthstudy.arch.layer_types import SqueezeExcite
from depthstudy.nets.torch.names.walk import Namer, Names, blocks, convs


def _efficientnet(spec: ArchSpec) -> Names:
    yield ("stem", "conv"), "_conv_stem"
    yield ("stem", "norm"), "_bn0"
    for index, section in enumerate(blocks(spec)):
        names = [layer.name for layer in convs(section)]
        words = ("_expand_conv", "_depthwise_conv", "_project_conv")[-len(names) :]
        norms = ("_bn0", "_bn1", "_bn2")[-len(names) :]
        for conv, word, norm in zip(names, words, norms, strict=True):
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


FAMILIES: Mapping[str, Namer] = {"efficientnet": _efficientnet, "efficientnet_lite": _efficientnet}
