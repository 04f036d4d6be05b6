"""The usual questions of a depth study, for configs to ask: hypotheses and treatments as values.

Also what studies of one kind begin with: recipes, and ``claim`` for those in ``configs/claims``.
"""

from depthstudy.questions.asked import (
    DEEPEST,
    PLAIN,
    RATES,
    RESNET,
    block_removal,
    degradation,
    log_range,
    redundancy,
    treatments,
)
from depthstudy.questions.claims import SIZES, claim, scores, search
from depthstudy.questions.recipes import cifar10, digits, imagenet

__all__ = [
    "DEEPEST",
    "PLAIN",
    "RATES",
    "RESNET",
    "SIZES",
    "block_removal",
    "cifar10",
    "claim",
    "degradation",
    "digits",
    "imagenet",
    "log_range",
    "redundancy",
    "scores",
    "search",
    "treatments",
]
