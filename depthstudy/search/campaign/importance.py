"""How much of the error each choice explains: functional ANOVA by Optuna."""

from __future__ import annotations

import math
from collections.abc import Sequence

import optuna

from depthstudy.records import GeneImportance
from depthstudy.search.campaign.encoding import distributions, parameters
from depthstudy.search.space import Genome, Space

LEAST_NETS = 10


def importance(
    space: Space, tried: Sequence[tuple[Genome, float]], seed: int = 0
) -> list[GeneImportance]:
    """Returns how much of the variance of the error each gene explains, the greatest first.

    A forest of trees is fitted to the errors, and its variance is split (Hutter, Hoos &
    Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance").

    Args:
      space: What was chosen from, whole.
      tried: Choices with the validation error of each; those that are not finite are left out.
      seed: Seed of the forest.

    Returns:
      A row for each gene with several values; none of fewer than ten nets, or of equal errors.
    """
    tried = [(genome, error) for genome, error in tried if math.isfinite(error)]
    if len(tried) < LEAST_NETS or len({error for _, error in tried}) < 2:
        return []
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params=parameters(space, genome), distributions=distributions(space), value=error
            )
            for genome, error in tried
        ]
    )
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return [
        GeneImportance(gene=gene, importance=float(share), nets=len(tried))
        for gene, share in shares.items()
    ]
