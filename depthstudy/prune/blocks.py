"""Which whole residual blocks to take out, for ``nets.surgery`` to remove."""

from __future__ import annotations

import math
from collections.abc import Mapping

from depthstudy.arch import ArchSpec
from depthstudy.errors import InputError
from depthstudy.nets import surgery


def least_damaging(spec: ArchSpec, damage: Mapping[str, float], share: float) -> tuple[str, ...]:
    """Returns the blocks to take out, in the order of the net; every stage keeps at least one.

    Each block's damage is that of taking out it alone (Veit et al. 2016, arXiv 1605.06431).

    Args:
      spec: The architecture.
      damage: What taking out a block costs, as a rise of the error, by the block's path. One that
        is NaN, as of a net that is not finite without the block, is the greatest.
      share: Share of the blocks in ``damage`` to take out. Where a stage would be left empty it is
        fewer.

    Raises:
      InputError: A block cannot be taken out, or the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise InputError(f"share of blocks must be in [0, 1], it is {share}")
    allowed = surgery.removable(spec)
    for path in damage:
        if path not in allowed:
            raise InputError(f"block {path!r} cannot be removed; allowed: {', '.join(allowed)}")
    order = surgery.order(spec)
    left = {path: stage for stage in ([*stage] for stage in order) for path in stage}
    gone: list[str] = []
    ranked = sorted(
        (path for path in allowed if path in damage),
        key=lambda path: (math.isnan(damage[path]), damage[path]),
    )
    for path in ranked:
        if len(gone) < round(share * len(damage)) and len(left[path]) > 1:
            left[path].remove(path)
            gone.append(path)
    return tuple(path for path in allowed if path in gone)
