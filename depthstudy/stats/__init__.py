"""What a handful of seeds lets one say: intervals, paired tests, ratios. Nothing here knows JAX."""

from depthstudy.stats.paired import (
    Estimate,
    by_seed,
    holm,
    interval,
    p_beyond,
    p_differs,
    p_equivalent,
    p_greater,
    p_less,
    power,
    seeds_needed,
    two_sided,
)
from depthstudy.stats.ratio import fieller

__all__ = [
    "Estimate",
    "by_seed",
    "fieller",
    "holm",
    "interval",
    "p_beyond",
    "p_differs",
    "p_equivalent",
    "p_greater",
    "p_less",
    "power",
    "seeds_needed",
    "two_sided",
]
