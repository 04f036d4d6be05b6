"""Claim 13: a score of the untrained net tells which architecture will be best.

    depthstudy run claims/zero_cost_scores
    depthstudy run claims/zero_cost_scores:full

Prediction: no score (synflow, covariance of input gradients, gradient norm) ranks nets of free
stages better than their number of parameters does by more than chance, and at least one ranks them
worse.

Why this is fair: the nets are drawn at random, so no search has favored what a score likes; all
have the same images, steps and limit of multiply-accumulates, and a learning rate that was tuned
for the space. A score is held against the number of parameters on the same nets (Kendall's tau-b,
with an interval from drawing nets anew), at a level that holds for all scores together, and what
is left of it once parameters and multiply-accumulates are known is told as well.
"""

import ml_collections

from depthstudy import questions

CLAIM = "A score of the untrained network tells which architecture will be best."
MEANING = (
    "Rank by the number of parameters first: it costs nothing. Pay for a score only where it ranks "
    "nets of your own space better than that, on nets that were trained."
)
PUBLISHED = (
    "On NAS-Bench-201 the best of such scores has a rank correlation of 0.82 with the final "
    "accuracy (Abdelfattah et al. 2021). But scores favor certain sizes of nets, and hardly any is "
    "ahead of parameters and multiply-accumulates in all spaces (Ning et al. 2021); of 13 scores "
    "over 28 tasks each has its own biases (Krishnakumar et al. 2022)."
)

JUDGED_BY = "scores"
FIGURE = "search_by_depth"


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("zero_cost_scores", size)
    questions.scores(config, size)
    return config
