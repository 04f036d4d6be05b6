"""Effects: weighted sums of the means of arms, their intervals and tests.

Two sources of chance. Seeds: another training would give other numbers. Images: other test images
of the same kind would be got wrong. A verdict about *images like these* has both, one about *these
images* has the seeds only. Seeds and images are crossed, so the variance of an effect is that of
the seeds plus that of the images less what both count, the residual, and never less than that of
the images alone (Owen 2007, "The pigeonhole bootstrap"; Searle et al. 1992). Its degrees of freedom
are Satterthwaite's (1946).

The means of errors are bounded and skewed. Their limits are therefore taken on the logit scale, arm
by arm, and the limits of the effect recovered from them: MOVER (Zou & Donner 2008; Newcombe 1998).
The effect itself stays a difference of mean errors, in points. The variance of the images comes of
the differences on the same images, with half an image more for either side (after Bonett & Price
2012), so that equal answers on few images are no proof of equal nets.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy import special

from depthstudy.stats.effects.arm import ROUNDING, Floats
from depthstudy.stats.effects.estimate import Estimate


@dataclasses.dataclass(frozen=True, eq=False)
class Contrast:
    """A weighted sum of means, and what it takes to say how sure it is.

    Attributes:
      mean: The effect, ``[...]``, in units of the metric.
      weights: Weight of each arm, ``[arms]``.
      centers: Mean of each arm, with half counts, ``[..., arms]``.
      typical: Fraction at the mean logit of each arm's runs, ``[..., arms]``.
      errors: Standard error over seeds of each arm's mean, ``[..., arms]``.
      images: Variance that the choice of images gives the effect, ``[...]``.
      residual: Variance that both seeds and images count, ``[...]``.
      degrees: Degrees of freedom, ``[...]``.
      logit: Whether limits of arms are taken on the logit scale.
      seeds: Least number of runs of an arm.
      exact: Whether the numbers do not depend on the seed, and are compared as they stand.
    """

    mean: Floats
    weights: Floats
    centers: Floats
    typical: Floats
    errors: Floats
    images: Floats
    residual: Floats
    degrees: Floats
    logit: bool
    seeds: int
    exact: bool = False

    @property
    def variance(self) -> Floats:
        """Variance of the effect, in squared units of the metric."""
        by_seed = (self.weights**2 * self.errors**2).sum(axis=-1)
        return np.maximum(by_seed + self.images - self.residual, self.images)

    @property
    def decidable(self) -> NDArray[np.bool_]:
        """Whether a test can be made at all: some spread was seen, or the numbers are exact."""
        return (self.variance > 0) & (self.degrees > 0) | self.exact

    def limits(self, level: float | Floats = 0.95) -> tuple[Floats, Floats]:
        """Returns the ends of the two-sided interval of confidence ``level``; NaN without one."""
        critical = special.stdtrit(self.degrees, (1 + np.asarray(level)) / 2)
        if self.exact:
            return self.mean, self.mean
        low, high = self.mean - self._reach(critical, -1), self.mean + self._reach(critical, 1)
        if self.logit and np.abs(self.weights).sum() <= 2:  # a difference of two fractions
            low, high = np.maximum(low, -1.0), np.minimum(high, 1.0)
            if len(self.weights) == 1:
                low = np.maximum(low, 0.0)
        return np.where(self.decidable, low, np.nan), np.where(self.decidable, high, np.nan)

    def interval(self, level: float = 0.95) -> Estimate:
        """Returns the effect and its two-sided interval of confidence ``level``."""
        low, high = self.limits(level)
        spread = np.sqrt((self.weights**2 * self.errors**2).sum(axis=-1) * self.seeds)
        return Estimate(float(self.mean), float(low), float(high), float(spread), self.seeds)

    def p_greater(self, boundary: float | Floats = 0.0) -> Floats:
        """Returns the one-sided p value of the claim that the effect exceeds ``boundary``.

        The level at which the interval's lower end is just the boundary: interval and test agree.
        NaN where nothing can be tested.
        """
        distance = self.mean - boundary
        if self.exact:
            scale = ROUNDING * np.maximum(1.0, np.abs(boundary))
            return np.where(distance > scale, 0.0, 1.0)
        beyond = np.where(distance > 0, self._critical(distance, -1), -self._critical(-distance, 1))
        p = special.stdtr(self.degrees, -beyond)
        return np.where(self.decidable, p, np.nan)

    def p_less(self, boundary: float | Floats = 0.0) -> Floats:
        """Returns the one-sided p value of the claim that the effect is below ``boundary``.

        An exact effect that is ``boundary`` itself counts as below: it is no greater.
        """
        if self.exact:
            return 1.0 - self.p_greater(boundary)
        return self.mirrored().p_greater(-np.asarray(boundary))

    def p_equivalent(self, margin: float | Floats) -> Floats:
        """Returns the p value of the claim that the effect lies within ``margin`` of zero.

        Two one-sided tests (TOST; Schuirmann 1987), of which the larger p value counts.
        """
        return np.maximum(self.mirrored().p_less(margin), self.p_less(margin))

    def p_beyond(self, margin: float | Floats) -> Floats:
        """Returns the one-sided p value of the claim that the effect is farther than ``margin``.

        The smaller of the p values of the two sides; to be doubled, as each of them is.
        """
        return np.minimum(self.p_greater(margin), self.mirrored().p_greater(margin))

    def mirrored(self) -> Contrast:
        """Returns the effect with its sign changed."""
        return dataclasses.replace(self, mean=-self.mean, weights=-self.weights)

    def _reach(self, critical: Floats, side: int) -> Floats:
        """Returns how far the interval reaches to a side (-1, 1) at a critical value of t."""
        steps = np.asarray(critical)[..., None] * self.errors
        if self.logit:
            up = np.where(side * self.weights > 0, 1.0, -1.0)  # which limit of each arm matters
            start = up * np.maximum(up * self.centers, up * self.typical)
            with np.errstate(divide="ignore", invalid="ignore"):
                logits = special.logit(start) + up * steps / (self.centers * (1 - self.centers))
            steps = np.where(self.errors > 0, np.abs(special.expit(logits) - self.centers), 0.0)
        by_seed = (self.weights**2 * steps**2).sum(axis=-1)
        both = by_seed + critical**2 * (self.images - self.residual)
        return np.sqrt(np.maximum(both, critical**2 * self.images))

    def _critical(self, distance: Floats, side: int) -> Floats:
        """Returns the critical value of t at which the interval just reaches ``distance``."""
        low, high = np.full(np.shape(distance), -30.0), np.full(np.shape(distance), 18.0)
        for _ in range(54):
            middle = (low + high) / 2
            short = self._reach(np.exp(middle), side) < distance
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return np.exp((low + high) / 2)
