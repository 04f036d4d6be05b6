"""From the runs of variants to an effect: weighted sums of means, and of their logarithms."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from depthstudy.stats.effects.arm import Arm, Floats
from depthstudy.stats.effects.contrast import Contrast
from depthstudy.stats.effects.moderation import Prior, moderate


def contrast(
    arms: Sequence[Arm],
    weights: Sequence[float],
    prior: Prior | None = None,
    *,
    paired: bool = False,
    exact: bool = False,
) -> Contrast:
    """Returns the effect ``sum(weights * means of arms)``.

    >>> deep = Arm(np.array([0.14, 0.29, 0.44, 0.64, 0.89]), images=360, fraction=True)
    >>> shallow = Arm(np.array([0.04, 0.03, 0.05, 0.04, 0.04]), images=360, fraction=True)
    >>> effect = contrast([deep, shallow], [1, -1])
    >>> round(effect.interval().mean, 3), bool(effect.p_greater(0.05) < 0.025)
    (0.44, True)

    Args:
      arms: The runs of each variant, each variant once. The test images count as a source of chance
        where all of them have ``wrong``: on the same images in the same order where their
        ``image_key`` is the same, else on images that were drawn independently.
      weights: Weight of the mean of each arm.
      prior: What variances borrow from the other variants of the study.
      paired: Whether run ``k`` of every arm shares what its seed brings, as a pruned net and the
        dense one that it started from do. It pays where they are much alike: it costs half of the
        degrees of freedom, and the means of arms get no limits of their own.
      exact: Whether the numbers do not depend on the seed.

    Raises:
      ValueError: ``paired`` arms have not equally many runs.
    """
    factors = np.asarray(weights, dtype=np.float64)
    mean = np.asarray(sum(w * arm.mean for w, arm in zip(factors, arms, strict=True)))
    images, residual, image_degrees = _of_images(arms, factors, mean.shape)
    if paired:
        if len({arm.seeds for arm in arms}) > 1:
            raise ValueError("paired arms have equally many runs")
        per_seed = sum(w * arm.values for w, arm in zip(factors, arms, strict=True))
        counts = [arm.images for arm in arms if arm.images]
        floor = 0.5 / min(counts) if counts else 0.0
        one = Arm(np.asarray(per_seed))
        spread = np.maximum(np.sqrt(one.variance), floor)
        errors, degrees = spread[..., None] / math.sqrt(max(one.seeds, 1)), one.seeds - 1.0
        parts, logit = np.ones(1), False
        centers = typical = mean[..., None]
        by_arm = np.broadcast_to(np.float64(degrees), errors.shape)
    else:
        moderated = [moderate(arm, prior) for arm in arms]
        counts_of_runs = np.array([max(arm.seeds, 1) for arm in arms])
        errors = np.sqrt(np.stack([v for v, _ in moderated], axis=-1) / counts_of_runs)
        by_arm = np.stack([d for _, d in moderated], axis=-1)
        centers = np.stack([arm.center for arm in arms], axis=-1)
        typical = np.stack([arm.typical for arm in arms], axis=-1)
        logit = all(arm.fraction for arm in arms) and bool(((centers > 0) & (centers < 1)).all())
        parts = factors
    squares = parts**2 * errors**2
    total = np.maximum(squares.sum(axis=-1) + images - residual, images)
    with np.errstate(divide="ignore", invalid="ignore"):
        scatter = np.where(squares > 0, squares**2 / by_arm, 0.0).sum(axis=-1)
        degrees_of_both = total**2 / (scatter + images**2 / image_degrees)
    return Contrast(
        mean=mean,
        weights=parts,
        centers=centers,
        typical=typical,
        errors=errors,
        images=images,
        residual=residual,
        degrees=np.where(total > 0, degrees_of_both, 0.0),
        logit=logit,
        seeds=min((arm.seeds for arm in arms), default=0),
        exact=exact,
    )


def log_contrast(
    arms: Sequence[Arm], weights: Sequence[float], prior: Prior | None = None, *, least: float
) -> Contrast:
    """Returns the effect ``sum(weights * log(means of arms))``, by the delta method.

    What multiplies every error by the same factor has none on this scale.

    Args:
      arms: The runs of each variant, whose values are fractions.
      weights: Weight of the logarithm of each mean.
      prior: What variances borrow from the other variants of the study.
      least: The mean that stands for a lesser one, as zero has no logarithm.
    """
    centers = np.maximum(np.stack([arm.center for arm in arms], axis=-1), least)
    factors = np.asarray(weights, dtype=np.float64)
    linear = contrast(arms, (factors / centers).tolist(), prior)
    return dataclasses.replace(linear, mean=(factors * np.log(centers)).sum(axis=-1), logit=False)


def _of_images(
    arms: Sequence[Arm], weights: Floats, shape: tuple[int, ...]
) -> tuple[Floats, Floats, Floats]:
    """Returns the variance of the images, the residual that it holds, and the former's degrees.

    Of a mean over classes it is that of a stratified sample, whose degrees are Satterthwaite's
    (Cochran 1977, "Sampling Techniques", chapter 5).
    """
    if any(arm.wrong is None for arm in arms):
        return np.zeros(shape), np.zeros(shape), np.ones(shape)
    sets: dict[tuple[str, int | None], list[int]] = {}
    for place, arm in enumerate(arms):
        sets.setdefault(arm.image_key, []).append(place)
    parts = [_of_one_set([arms[i] for i in places], weights[places]) for places in sets.values()]
    variances = np.stack([variance for variance, _ in parts], axis=-1)
    degrees = satterthwaite(variances, np.stack([degrees for _, degrees in parts], axis=-1))
    residual = sum(w**2 * arm.residual() / arm.seeds for w, arm in zip(weights, arms, strict=True))
    return variances.sum(axis=-1), np.asarray(residual), degrees


def _of_one_set(arms: Sequence[Arm], weights: Floats) -> tuple[Floats, Floats]:
    """Returns the variance that images give an effect of arms that share them, and its degrees."""
    profile = np.asarray(sum(w * arm.profile() for w, arm in zip(weights, arms, strict=True)))
    strata = arms[0].strata
    # Half an image more that counts for the effect, and half of one that counts against it.
    ends = math.sqrt(0.5) * np.array([max(weights.max(), 0.0), min(weights.min(), 0.0)])
    parts = [_of_mean(profile[..., images], ends, 1 / len(strata)) for images in strata]
    variances = np.stack([variance for variance, _ in parts], axis=-1) / len(strata) ** 2
    degrees = np.array([degrees for _, degrees in parts])
    return variances.sum(axis=-1), satterthwaite(variances, degrees)


def satterthwaite(variances: Floats, degrees: Floats) -> Floats:
    """Returns the degrees of freedom of the sum of variances ``[..., parts]``; 1 where it is 0.

    Satterthwaite 1946, "An approximate distribution of estimates of variance components".
    """
    scatter = (variances**2 / degrees).sum(axis=-1)
    total = variances.sum(axis=-1)
    return np.where(scatter > 0, total**2 / np.where(scatter > 0, scatter, 1.0), 1.0)


def _of_mean(values: Floats, ends: Floats, share: float) -> tuple[Floats, float]:
    """Returns the variance of the mean of some images and its degrees of freedom.

    Args:
      values: What each image adds to the effect, ``[..., images]``.
      ends: What images would add that are added to them.
      share: How much of an image each of those is.
    """
    size = values.shape[-1] + share * len(ends)
    mean = (values.sum(axis=-1, keepdims=True) + share * ends.sum()) / size
    squares = ((values - mean) ** 2).sum(axis=-1) + share * ((ends - mean) ** 2).sum(axis=-1)
    return squares / (size - 1) / size, max(size - 1, 1.0)
