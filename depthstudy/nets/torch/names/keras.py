"""Names of layers in the weights of ``keras.applications``."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch import ArchSpec
from depthstudy.arch.layer_types import SqueezeExcite
from depthstudy.nets.torch.names.walk import Namer, Names, blocks, convs, numbers, paths


def _resnet(spec: ArchSpec) -> Names:
    places = {"shortcut_conv": "0_conv", "shortcut_norm": "0_bn"}
    places |= {f"conv{i}": f"{i}_conv" for i in (1, 2, 3)}
    places |= {f"norm{i}": f"{i}_bn" for i in (1, 2, 3)}
    for path in paths(spec):
        if path[0] == "stem":
            yield path, f"conv1_{path[-1].replace('norm', 'bn')}"
        elif path[0] == "head":
            yield path, "predictions"
        else:
            stage, block = numbers(path)
            yield path, f"conv{stage + 1}_block{block}_{places[path[-1]]}"


def _mobilenet_v2(spec: ArchSpec) -> Names:
    yield ("stem", "conv"), "Conv1"
    yield ("stem", "norm"), "bn_Conv1"
    for index, section in enumerate(blocks(spec)):
        prefix = f"block_{index}" if index else "expanded_conv"
        names = [layer.name for layer in convs(section)]
        words = ("expand", "depthwise", "project")[-len(names) :]
        for conv, word in zip(names, words, strict=True):
            yield (*section.path, conv), f"{prefix}_{word}"
            yield (*section.path, conv.replace("conv", "norm")), f"{prefix}_{word}_BN"
    yield ("head", "conv"), "Conv_1"
    yield ("head", "norm"), "Conv_1_bn"
    yield ("head", "dense"), "predictions"


def _efficientnet(spec: ArchSpec) -> Names:
    """Blocks of a stage have letters."""
    yield ("stem", "conv"), "stem_conv"
    yield ("stem", "norm"), "stem_bn"
    for section in blocks(spec):
        stage, block = numbers(section.path)
        prefix = f"block{stage}{chr(ord('a') + block - 1)}"
        names = [layer.name for layer in convs(section)]
        words = (("expand_conv", "expand_bn"), ("dwconv", "bn"), ("project_conv", "project_bn"))
        for conv, (word, norm) in zip(names, words[-len(names) :], strict=True):
            yield (*section.path, conv), f"{prefix}_{word}"
            yield (*section.path, conv.replace("conv", "norm")), f"{prefix}_{norm}"
        for layer in section.branch:
            if isinstance(layer, SqueezeExcite):
                yield (*section.path, layer.name, layer.reduce.name), f"{prefix}_se_reduce"
                yield (*section.path, layer.name, layer.expand.name), f"{prefix}_se_expand"
    yield ("head", "conv"), "top_conv"
    yield ("head", "norm"), "top_bn"
    yield ("head", "dense"), "predictions"


FAMILIES: Mapping[str, Namer] = {
    "efficientnet": _efficientnet,
    "mobilenet_v2": _mobilenet_v2,
    "resnet": _resnet,
}
