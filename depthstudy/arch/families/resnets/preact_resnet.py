"""ResNets that normalize and rectify before each convolution.

He et al. 2016, "Identity Mappings in Deep Residual Networks" (arXiv 1603.05027).
"""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.families.options import map_blocks
from depthstudy.arch.families.resnets.resnet import resnet
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.spec import ArchSpec


@with_options_of(resnet)
def preact_resnet(*, depth: int, **options: Any) -> ArchSpec:
    """Returns a ResNet that normalizes and rectifies before each convolution (He et al. 2016).

    Args:
      depth: As in ``resnet``.
      **options: Further ones of ``resnet``.

    Raises:
      InputError: As ``resnet``.
    """
    family = "preact_resnet" if options.get("residual", True) else "preact_plain"
    return preactivated(resnet(depth=depth, **options), family)


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
