"""Which net to take: the simplest of those that cannot be told from the best.

The one-standard-error rule (Breiman, Friedman, Olshen & Stone 1984, "Classification and Regression
Trees", section 3.4.3): of all variants whose mean error is within one standard error of the least,
take the simplest; here an untreated one before a treated one, then the one of fewest
multiply-accumulates. The standard error is that of the difference to the best, for other seeds and
for other images of the split that is chosen on. Where only each run's error is known, and not on
which images, nets count as if they erred independently, which makes it larger rather than smaller.

Only variants of equal budget are compared, and controls are not recommended. The choice is made on
the validation error where there is one. Where it is made on the test error itself, that of the
chosen net is corrected for it (``stats.optimism``).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import special

from depthstudy import stats
from depthstudy.evidence import baseline, metrics
from depthstudy.evidence.baseline import Baselines
from depthstudy.evidence.budgets import of_equal_budget
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import ALPHA, LEAST_SEEDS, ErrorsByVariant, RunPanel, measure
from depthstudy.records import NoChoice, Recommendation, VariantInfo

# What tells a set from another, and the images of one net from those of another; how images are
# changed in training is the net's own affair.
_SET = ("name", "data_dir", "source_dir", "labels_csv", "test_split")
_SHARE = ("train_split", "train_examples", "own_subset", "validation", "validation_split", "seed")
_IMAGES = (*_SET, *_SHARE, "label_noise")
_ROUNDING = 1e-9  # differences of errors below this come of rounding


def recommend(
    summary: pd.DataFrame,
    infos: Sequence[VariantInfo],
    *,
    predictions: ErrorsByVariant | None = None,
    validated: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    budgets: Mapping[str, float] | None = None,
    baselines: Baselines | None = None,
    controls: Collection[str] = (),
) -> Recommendation | None:
    """Returns the variant to take, or ``None`` where there is none, as ``no_choice`` says.

    Nets that are no better than always naming the largest class are not recommended.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions. A
        column ``validation_error`` is what the choice is made on; ``seconds`` are NaN of a run that
        diverged, and a net of which all did is not recommended.
      infos: The variants.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      validated: The same of the validation images.
      images: Name of an error to the number of images that it is counted on.
      budgets: Name of a variant to what it was trained with, as its steps or images seen; variants
        of another budget than the most usual one (of equally usual ones, the greatest) are left
        out. Without it all budgets count as equal.
      baselines: By error and variant, that of always naming the largest class.
      controls: Names of variants that are the controls of others.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    tests = measure(summary, "test_error", predictions=predictions, images=images)
    present = _candidates(summary, infos, controls)
    fair = of_equal_budget(present, budgets or {})
    other_budget = [info.name for info in present if info not in fair]
    if len(fair) < 2 or _have_several_sets(present):
        return None
    compared = summary[summary["variant"].isin([info.name for info in fair])]
    metric = metrics.to_choose_by(compared)
    holds_out = metric == "validation_error"
    panel = measure(compared, metric, validated=validated, images=images) if holds_out else tests
    useless = _useless(summary, metric, baselines, images)
    known = {info.name: info for info in fair if info.name not in useless}
    if not known:
        return None
    means = {info.name: float(panel.arms[info.name].mean) for info in fair}
    least = min(means[name] for name in known)
    tied = [name for name in known if means[name] <= least + _ROUNDING]
    best = min(tied, key=lambda name: _price(known[name], means))
    near = [name for name in known if _within_one_error(panel, name, best)]
    near.sort(key=lambda name: _price(known[name], means))
    chosen = known[near[0]]
    alike = [i for i in fair if not i.treatment and _images(i) == _images(chosen)] or fair
    deepest = min(alike, key=lambda info: (-info.depth, means[info.name]))
    ordered = sorted(known, key=lambda name: _price(known[name], means))
    optimism = 0.0 if holds_out else stats.optimism([tests.arms[name] for name in ordered])
    error, low, high = _shifted(tests, chosen.name, optimism)
    seconds = summary.loc[summary["variant"] == chosen.name, "seconds"]
    test = {name: float(tests.arms[name].mean) for name in means}
    return Recommendation(
        variant=chosen.name,
        group=chosen.group,
        treatment=chosen.treatment,
        depth=chosen.depth,
        parameters=chosen.parameters,
        macs=chosen.macs,
        seconds=float(seconds.mean()),
        test_error=error,
        low=low,
        high=high,
        seeds=tests.arms[chosen.name].seeds,
        best=best,
        over_best=test[chosen.name] - test[best],
        macs_saved_best=1 - chosen.macs / known[best].macs,
        deepest=deepest.name,
        over_deepest=test[chosen.name] - test[deepest.name],
        macs_saved_deepest=1 - chosen.macs / deepest.macs,
        chosen_on="validation" if holds_out else "test",
        optimism=optimism,
        ties=", ".join(near),
        excluded=", ".join(other_budget),
        enough=_told_apart(panel, best, list(means)),
        scope=_scope(panel, list(known)),
    )


def no_choice(
    summary: pd.DataFrame,
    infos: Sequence[VariantInfo],
    *,
    images: ImageCounts | None = None,
    budgets: Mapping[str, float] | None = None,
    baselines: Baselines | None = None,
    controls: Collection[str] = (),
) -> NoChoice:
    """Returns why no variant is recommended; ``""`` where one is, or there is but one.

    Errors on different sets, or with different budgets, say nothing of which net is better.

    Args:
      summary: As in ``recommend``, as is all else.
      infos: The variants.
      images: Name of an error to the number of images that it is counted on.
      budgets: Name of a variant to what it was trained with.
      baselines: By error and variant, that of always naming the largest class.
      controls: Names of variants that are the controls of others.
    """
    present = _candidates(summary, infos, controls)
    metric = metrics.to_choose_by(summary)
    useless = _useless(summary, metric, baselines, images)
    if present and useless >= {info.name for info in present}:
        return "nothing learned"
    if len(present) < 2:
        return ""
    if _have_several_sets(present):
        return "several data sets"
    fair = of_equal_budget(present, budgets or {})
    if len(fair) < 2:
        return "unequal budgets"
    return "nothing learned at equal budget" if useless >= {info.name for info in fair} else ""


def _candidates(
    summary: pd.DataFrame, infos: Sequence[VariantInfo], controls: Collection[str]
) -> list[VariantInfo]:
    """Returns the variants with runs that are no controls."""
    finished = {*summary["variant"]}
    return [info for info in infos if info.name in finished and info.name not in controls]


def _useless(
    summary: pd.DataFrame, metric: str, baselines: Baselines | None, images: ImageCounts | None
) -> frozenset[str]:
    """Returns the variants that have learned nothing, or of which no run came to its end."""
    timed = {*summary.dropna(subset=["seconds"])["variant"]}
    diverged = {*summary["variant"]} - timed
    return baseline.no_better(summary, metric, baselines, images) | diverged


def _have_several_sets(infos: Sequence[VariantInfo]) -> bool:
    return len({_of_data(info, _SET) for info in infos}) > 1


def _images(info: VariantInfo) -> tuple[object, ...]:
    """Returns what tells the images of a net from those of others."""
    return info.image_shape, *_of_data(info, _IMAGES)


def _of_data(info: VariantInfo, fields: Sequence[str]) -> tuple[object, ...]:
    return tuple(info.settings.get(f"data.{field}") for field in fields)


def _price(info: VariantInfo, means: Mapping[str, float]) -> tuple[int, ...]:
    """Returns what orders variants from the simplest: untreated, then cheap, then good."""
    return bool(info.treatment), info.macs, info.parameters, round(means[info.name] / _ROUNDING)


def _within_one_error(panel: RunPanel, name: str, best: str) -> bool:
    """Whether a variant's mean is above that of the best by at most one standard error."""
    if name == best:
        return True
    effect = _difference(panel, name, best)
    error = math.sqrt(float(effect.variance)) if effect.seeds >= 2 else 0.0
    return float(effect.mean) <= error + _ROUNDING


def _told_apart(panel: RunPanel, best: str, names: Sequence[str]) -> bool:
    """Whether any mean is above that of the best, by a test for all pairs of variants."""
    pairs = len(names) * (len(names) - 1) / 2
    effects = (_difference(panel, name, best) for name in names if name != best)
    return any(
        effect.seeds >= LEAST_SEEDS
        and bool(effect.decidable)
        and float(effect.p_greater(0.0)) * 2 * pairs <= ALPHA
        for effect in effects
    )


def _difference(panel: RunPanel, name: str, other: str) -> stats.Contrast:
    """Returns an effect with the images as a source of chance wherever their number is known."""
    effect = panel.difference(name, other)
    arms = [panel.arms[name], panel.arms[other]]
    counts = [arm.images for arm in arms if arm.images]
    if len(counts) < 2 or all(arm.wrong is not None for arm in arms):
        return effect
    by_images = np.array(
        [float(arm.center * (1 - arm.center)) / n for arm, n in zip(arms, counts, strict=True)]
    )
    degrees = stats.satterthwaite(
        np.array([float(effect.variance), *by_images]),
        np.maximum([float(effect.degrees), *(count - 1 for count in counts)], 1.0),
    )
    return dataclasses.replace(effect, images=np.asarray(by_images.sum()), degrees=degrees)


def _scope(panel: RunPanel, names: Sequence[str]) -> str:
    """Returns what the choice speaks of, as ``RunPanel.scope`` does."""
    counted = all(panel.arms[name].images for name in names)
    return "images like these" if counted else panel.scope(names)


def _shifted(
    panel: RunPanel, name: str, optimism: float
) -> tuple[float, float | None, float | None]:
    """Returns the mean error and its interval, with ``optimism`` added to all on the logit scale.

    The shift itself is uncertain by about as much as it is large, which widens the interval.
    """
    effect = panel.effect({name: 1.0})
    mean = float(effect.mean)
    if effect.seeds < 2 or not bool(effect.decidable):
        return min(1.0, mean + optimism), None, None
    low, high = (float(end) for end in effect.limits(1 - ALPHA))
    if not optimism:
        return mean, max(0.0, low), min(1.0, high)
    center = min(max(float(effect.centers[0]), 1e-6), 1 - 1e-6)
    shift = special.logit(min(center + optimism, 1 - 1e-6)) - special.logit(center)
    ends = special.expit(special.logit(np.clip([low, high], 1e-9, 1 - 1e-9)) + shift)
    return min(1.0, mean + optimism), min(low, float(ends[0])), float(ends[1])
