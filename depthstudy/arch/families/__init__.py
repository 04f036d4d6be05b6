"""Families of architectures: each builds values from a few options.

A new family is a file here, with its builder, and its line in ``FAMILIES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from depthstudy.arch.families.densenet import densenet
from depthstudy.arch.families.depthwise.convnext import convnext
from depthstudy.arch.families.depthwise.efficientnet import efficientnet
from depthstudy.arch.families.depthwise.efficientnet_lite import efficientnet_lite
from depthstudy.arch.families.depthwise.efficientnet_v2 import efficientnet_v2
from depthstudy.arch.families.depthwise.mobilenet.v1 import mobilenet_v1
from depthstudy.arch.families.depthwise.mobilenet.v2 import mobilenet_v2
from depthstudy.arch.families.depthwise.mobilenet.v3 import mobilenet_v3
from depthstudy.arch.families.depthwise.shufflenet_v1 import shufflenet_v1
from depthstudy.arch.families.depthwise.shufflenet_v2 import shufflenet_v2
from depthstudy.arch.families.regnet import regnet
from depthstudy.arch.families.resnets.preact_resnet import preact_resnet
from depthstudy.arch.families.resnets.resnet import plain, resnet
from depthstudy.arch.families.resnets.resnet_d import resnet_d
from depthstudy.arch.families.resnets.resnext import resnext
from depthstudy.arch.families.resnets.se_resnet import se_resnet
from depthstudy.arch.families.resnets.wide_resnet import wide_resnet
from depthstudy.arch.families.staged import staged
from depthstudy.arch.families.vgg import vgg
from depthstudy.arch.spec import ArchSpec

FAMILIES: Mapping[str, Callable[..., ArchSpec]] = {
    "convnext": convnext,
    "densenet": densenet,
    "efficientnet": efficientnet,
    "efficientnet_lite": efficientnet_lite,
    "efficientnet_v2": efficientnet_v2,
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v3": mobilenet_v3,
    "plain": plain,
    "preact_resnet": preact_resnet,
    "regnet": regnet,
    "resnet": resnet,
    "resnet_d": resnet_d,
    "resnext": resnext,
    "se_resnet": se_resnet,
    "shufflenet_v1": shufflenet_v1,
    "shufflenet_v2": shufflenet_v2,
    "staged": staged,
    "vgg": vgg,
    "wide_resnet": wide_resnet,
}

__all__ = ["FAMILIES"]
