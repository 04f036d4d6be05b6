"""Variances that borrow from the other variants of a study.

Three seeds tell little of a variance, a whole study much. The variances of its variants are taken
to scatter about a common one, and each is drawn towards it by as much as they agree: Smyth 2004,
"Linear models and empirical Bayes methods for assessing differential expression". Fractions are
compared on the logit scale, where runs of a good and of a bad net spread about alike.

Two guards are added, as studies are smaller and wilder than those of genes. A variance is only ever
raised: one that is larger than the others' may be so in truth, as that of a net of which one run in
eight fails, and then it borrows fewer degrees of freedom, too (Phipson et al. 2016 treat the same
trouble). And the variances are taken to scatter by one standard error more than they were seen to,
so that two or three of them that agree by chance lend little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from depthstudy.stats.effects.arm import Arm, Floats


class Prior(NamedTuple):
    """The common variance of the runs of a study.

    Attributes:
      variance: Variance of a run, ``[...]``; of the logit of its value if ``logit``.
      degrees: How many degrees of freedom it is worth; 0 where there is nothing to borrow.
      logit: Whether it speaks of the logit of a fraction.
    """

    variance: Floats
    degrees: Floats
    logit: bool


def fit_prior(arms: Sequence[Arm]) -> Prior:
    """Returns the common variance of ``arms``, by the method of moments on its logarithm.

    Arms with fewer than two runs, or without any spread, say nothing.
    """
    logit = all(arm.fraction for arm in arms)
    several = [arm for arm in arms if arm.seeds >= 2]
    if len(several) < 2:
        return Prior(np.asarray(1.0), np.asarray(0.0), logit)
    variances = np.stack([a.logit_variance if logit else a.variance for a in several], axis=-1)
    degrees = np.array([arm.seeds - 1.0 for arm in several])
    known = variances > 0
    count = known.sum(axis=-1)
    safe = np.maximum(count, 1)

    def mean(terms: Floats) -> Floats:
        return np.where(known, terms, 0.0).sum(axis=-1) / safe

    # The logarithm of a variance of d degrees has a known mean, variance and kurtosis.
    logs = np.log(np.where(known, variances, 1.0)) - special.digamma(degrees / 2)
    logs = logs + np.log(degrees / 2)
    center = mean(logs)
    scatter = mean((logs - center[..., None]) ** 2) * safe / np.maximum(count - 1, 1)
    expected = np.where(count > 0, mean(special.polygamma(1, degrees / 2)), 1.0)
    tail = mean(special.polygamma(3, degrees / 2)) / expected**2
    excess = np.maximum(scatter - expected, 1e-6)
    doubt = expected * np.sqrt(2 / np.maximum(count - 1, 1) + tail / safe)
    half = _inverse_trigamma(excess)
    variance = np.exp(center + special.digamma(half) - np.log(half))
    worth = 2 * _inverse_trigamma(excess + doubt)
    return Prior(variance, np.where(count >= 2, worth, 0.0), logit)


def moderate(arm: Arm, prior: Prior | None) -> tuple[Floats, Floats]:
    """Returns the variance of a run of ``arm`` and its degrees of freedom, with what is borrowed.

    Returns:
      The variance, in squared units of the metric, and the degrees; both ``[...]``.
    """
    logit = prior.logit if prior else arm.fraction
    scale = arm.odds_slope**2 if logit else np.asarray(1.0)
    variance = arm.logit_variance if logit else arm.variance
    degrees = np.full(variance.shape, max(arm.seeds - 1.0, 0.0))
    if prior is None:
        return variance * scale, degrees
    lent, worth = prior.variance, prior.degrees
    if arm.seeds < 2:
        return np.where(worth > 0, lent * scale, np.nan), worth + degrees
    pooled = (worth * lent + degrees * variance) / (worth + degrees)
    kinship = np.minimum(1.0, lent / np.where(variance > 0, variance, lent)) ** 2
    return np.maximum(variance, pooled) * scale, degrees + worth * kinship


def _inverse_trigamma(values: Floats) -> Floats:
    """Returns where the trigamma function takes ``values`` (Newton's method; Smyth 2004)."""
    x = 0.5 + 1 / values
    for _ in range(12):
        slope = special.polygamma(1, x)
        x = x + slope * (1 - slope / values) / special.polygamma(2, x)
    return x
