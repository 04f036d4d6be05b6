"""Names of the weights of the package ``efficientnet_pytorch``."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.arch import ArchSpec
from depthstudy.arch.lowering import block_sections
from depthstudy.nets.torch.names.walk import Namer, Names, mobile_block

_CONVS = ("_expand_conv", "_depthwise_conv", "_project_conv")
_NORMS = ("_bn0", "_bn1", "_bn2")
_GATE = ("_se_reduce", "_se_expand")


def _efficientnet(spec: ArchSpec) -> Names:
    yield ("stem", "conv"), "_conv_stem"
    yield ("stem", "norm"), "_bn0"
    for index, section in enumerate(block_sections(spec)):
        yield from mobile_block(section, f"_blocks.{index}.", _CONVS, _NORMS, _GATE)
    yield ("head", "conv"), "_conv_head"
    yield ("head", "norm"), "_bn1"
    yield ("head", "dense"), "_fc"


FAMILIES: Mapping[str, Namer] = {"efficientnet": _efficientnet, "efficientnet_lite": _efficientnet}
