"""Names of layers in the weights of ``keras.applications``."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch import ArchSpec
from depthstudy.arch.lowering import block_sections
from depthstudy.nets.torch.names.walk import Namer, Names, mobile_block, numbers, paths

_MOBILENET_CONVS = ("expand", "depthwise", "project")
_MOBILENET_NORMS = ("expand_BN", "depthwise_BN", "project_BN")
_EFFICIENTNET_CONVS = ("expand_conv", "dwconv", "project_conv")
_EFFICIENTNET_NORMS = ("expand_bn", "bn", "project_bn")
_EFFICIENTNET_GATE = ("se_reduce", "se_expand")


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
    for index, section in enumerate(block_sections(spec)):
        prefix = f"block_{index}_" if index else "expanded_conv_"
        yield from mobile_block(section, prefix, _MOBILENET_CONVS, _MOBILENET_NORMS)
    yield ("head", "conv"), "Conv_1"
    yield ("head", "norm"), "Conv_1_bn"
    yield ("head", "dense"), "predictions"


def _efficientnet(spec: ArchSpec) -> Names:
    """Blocks of a stage have letters."""
    yield ("stem", "conv"), "stem_conv"
    yield ("stem", "norm"), "stem_bn"
    for section in block_sections(spec):
        stage, block = numbers(section.path)
        prefix = f"block{stage}{chr(ord('a') + block - 1)}_"
        yield from mobile_block(
            section, prefix, _EFFICIENTNET_CONVS, _EFFICIENTNET_NORMS, _EFFICIENTNET_GATE
        )
    yield ("head", "conv"), "top_conv"
    yield ("head", "norm"), "top_bn"
    yield ("head", "dense"), "predictions"


FAMILIES: Mapping[str, Namer] = {
    "efficientnet": _efficientnet,
    "mobilenet_v2": _mobilenet_v2,
    "resnet": _resnet,
}
