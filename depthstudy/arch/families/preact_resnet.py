"""ResNets that normalize and rectify before each convolution.

He et al. 2016, "Identity Mappings in Deep Residual Networks" (arXiv 1603.05027).
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.families.options import map_blocks
from depthstudy.arch.families.resnet import ResNetLayout, resnet
from depthstudy.arch.literals import ActivationKind, Norm, Padding, Shortcut
from depthstudy.arch.spec import ArchSpec


def preact_resnet(
    *,
    depth: int,
    layout: ResNetLayout = "imagenet",
    width: int | None = None,
    residual: bool = True,
    norm: Norm = "batch",
    shortcut: Shortcut | None = None,
    activation: ActivationKind = "relu",
    stochastic_depth: float = 0.0,
    dropout: float = 0.0,
    padding: Padding = "torch",
    num_classes: int | None = None,
) -> ArchSpec:
    """Returns a ResNet that normalizes and rectifies before each convolution (He et al. 2016).

    Takes and raises what ``resnet`` does.
    """
    postact = resnet(
        depth=depth,
        layout=layout,
        width=width,
        residual=residual,
        norm=norm,
        shortcut=shortcut,
        activation=activation,
        stochastic_depth=stochastic_depth,
        dropout=dropout,
        padding=padding,
        num_classes=num_classes,
    )
    return preactivated(postact, "preact_resnet" if residual else "preact_plain")


def preactivated(postact: ArchSpec, family: str) -> ArchSpec:
    """Returns the value with normalization and activation before each convolution."""
    spec = map_blocks(
        postact, lambda block: dataclasses.replace(block, kind=f"preact_{block.kind}")
    )
    return dataclasses.replace(
        spec,
        family=family,
        stem=dataclasses.replace(spec.stem, activated=False),
        head=dataclasses.replace(spec.head, activated=True),
    )
