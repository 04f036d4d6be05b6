"""Pruning: scores, distributions and schedules that combine freely, masks, and smaller nets.

``sparsify(Weights(magnitude, "erk"), cubic(0.9, start=0, stop=900, every=100), key=key)`` goes last
in an optax chain. ``shrink(spec, variables, keep)`` gives the physically smaller net.
"""

from depthstudy.prune.blocks import least_damaging
from depthstudy.prune.distribution import DISTRIBUTIONS, counts
from depthstudy.prune.groups import channel_masks, kept_units
from depthstudy.prune.masks import sparsify
from depthstudy.prune.pruners import Channels, Pruner, Weights, choose_channels
from depthstudy.prune.schedule import Schedule, cubic, iterative, one_shot, rewinding, rewound
from depthstudy.prune.scores import (
    Score,
    filter_norm,
    magnitude,
    norm_scale,
    random,
    random_units,
)
from depthstudy.prune.shrink import shrink
from depthstudy.prune.slimming import scale_penalty

__all__ = [
    "DISTRIBUTIONS",
    "Channels",
    "Pruner",
    "Schedule",
    "Score",
    "Weights",
    "channel_masks",
    "choose_channels",
    "counts",
    "cubic",
    "filter_norm",
    "iterative",
    "kept_units",
    "least_damaging",
    "magnitude",
    "norm_scale",
    "one_shot",
    "random",
    "random_units",
    "rewinding",
    "rewound",
    "scale_penalty",
    "shrink",
    "sparsify",
]
