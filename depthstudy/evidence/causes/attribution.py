"""Why a deeper net did worse: what each treatment wins back of its excess test error.

The excess is the test error of a deep net minus that of the best depth of its group. A treatment
aims at one mechanism; the share of the excess that it wins back is what is credited to the
mechanism. It is a difference in differences: what the treatment does for the deep net, less what it
does for the best depth, so that a treatment that helps all depths alike earns nothing.

*Alike* has two meanings, and a cause is one by both: in points, and by factors (on the scale of the
logarithm of the error). What halves every error wins back many points of a large one, and by
factors nothing. A treatment that harms the best depth earns nothing by the harm, or one that ruins
every net would close every gap; and where the harm is likely and more than a point, it is credited
with nothing.

A treatment may do something beside what it is aimed at, as take more steps. Its controls do that
alone, and so it is a cause only if the deep net errs less with it than with each of them.

Rows are tested together by Holm's method. What was chosen as the best was lucky, too, and gains
less by a treatment for that; so the excess is tested for all the depths that the best was chosen
from, and so is what is won back where the best depth is treated (Bonferroni). Where a treatment has
all the settings of several others, its row says what they do together beyond what they do apart:
two causes, each of which is enough to spoil the net, show in no single treatment, and two
treatments of one cause share what either wins back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from depthstudy import stats
from depthstudy.config import Treatment
from depthstudy.evidence.baseline import Baselines, no_better
from depthstudy.evidence.budgets import budget_ratio
from depthstudy.evidence.causes import interaction
from depthstudy.evidence.causes.decomposition import deeper_than_best
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import ALPHA, LEAST_SEEDS, ErrorsByVariant, RunPanel, measure
from depthstudy.records import Attribution, VariantInfo

HARM = 0.01  # what a treatment may cost the best depth, a point
_LIKELY = 0.2  # level of harm: less is needed to withhold credit than to give it
_COUNTED = 1000  # images taken for an error of which it is not known on how many it was counted


class _Case(NamedTuple):
    """A deep net and the best depth, without a treatment and with it."""

    group: str
    deep: str
    best: str
    deep_treated: str
    best_treated: str
    treatment: Treatment
    controls: tuple[str, ...]  # the deep net with each control of the treatment
    rivals: int  # nets that the best was chosen from

    @property
    def choices(self) -> int:
        """How many nets might have been the best one, whose gain is taken off; 1 if it has none."""
        return 1 if self.best_treated == self.best else self.rivals

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The nets that are set against each other because of the treatment."""
        pairs = [(self.deep, self.deep_treated), (self.best, self.best_treated)]
        return pairs + [(self.deep_treated, control) for control in self.controls]

    def gain(self, *, counted: bool) -> dict[str, float]:
        """Returns the weights of what it wins back, with or without what the best depth gains."""
        weights = {self.deep: 1.0, self.deep_treated: -1.0}
        if counted and self.best_treated != self.best:
            weights |= {self.best: -1.0, self.best_treated: 1.0}
        return weights


class _Weighed(NamedTuple):
    """What a case comes to: what is won back in points and by factors, and at the best depth."""

    case: _Case
    points: stats.Contrast
    factors: stats.Contrast
    at_best: stats.Contrast | None
    p_alone: float
    p: float
    seeds: int  # the least of the four variants
    harms: bool  # the best depth

    @property
    def counted(self) -> bool:
        """Whether what the best depth gains is taken off."""
        return self.at_best is not None and bool(self.at_best.mean > 0)


def attribute(
    summary: pd.DataFrame,
    infos: Sequence[VariantInfo],
    treatments: Sequence[Treatment],
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    baselines: Baselines | None = None,
    budgets: Mapping[str, float] | None = None,
) -> list[Attribution]:
    """Returns what each treatment wins back of each deep net that does worse by more than chance.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      infos: The variants; those without runs are left out.
      treatments: What was done to them, and the mechanism that each is aimed at. One that has all
        the settings of two or more others counts as their combination.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      images: Name of an error to the number of images that it is counted on.
      baselines: Error of always naming the largest class, where it is known.
      budgets: Name of a variant to how many images one of its runs has seen.

    Returns:
      A row for each treatment of each untreated variant that is deeper than the best of its group
      and whose excess has an interval above zero; in the order of groups, depths, ``treatments``.
      There are none of a group whose best net is no better than always naming the largest class,
      nor of a longer training that the best depth did not have.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    panel = measure(summary, "test_error", predictions=predictions, images=images)
    trains = measure(summary, "train_error", images=images)
    constant = no_better(summary, "test_error", baselines, images)
    untreated = [info for info in infos if not info.treatment]
    treated = {(info.untreated, info.treatment): info.name for info in infos if info.treatment}
    weighed: list[tuple[_Weighed, stats.Estimate]] = []
    for group, deep, best, rivals in deeper_than_best(untreated, summary):
        excess = panel.difference(deep, best).interval(1 - ALPHA / rivals)
        if best in constant or min(panel.arms[deep].seeds, panel.arms[best].seeds) < LEAST_SEEDS:
            continue
        for treatment in treatments:
            new = treated.get((deep, treatment.name), "")
            # A treatment that the best depth lacks leaves it as it is, but longer training none.
            as_it_is = "" if treatment.mechanism == "budget" else best
            new_best = treated.get((best, treatment.name), as_it_is)
            names = [other.name for other in treatments if other.control_of == treatment.name]
            controls = tuple(treated[deep, name] for name in names if (deep, name) in treated)
            if excess.low > 0 and {new, new_best, *controls} <= panel.arms.keys():
                case = _Case(group, deep, best, new, new_best, treatment, controls, rivals)
                weighed.append((_weigh(case, panel), excess))
    tested = [not each.case.treatment.control_of and math.isfinite(each.p) for each, _ in weighed]
    raw = np.minimum(1.0, 2 * np.array([each.p for each, _ in weighed])[tested])
    p_values, levels = np.full(len(weighed), math.nan), np.full(len(weighed), ALPHA)
    levels[tested] = stats.holm_levels(raw, ALPHA)
    p_values[tested] = stats.holm(raw)
    rows = [
        _row(
            each,
            excess,
            panel,
            trains,
            p=float(p),
            level=float(level),
            ratio=budget_ratio(each.case.pairs, budgets or {}),
        )
        for (each, excess), p, level in zip(weighed, p_values, levels, strict=True)
    ]
    choices = {each.case.deep: each.case.rivals for each, _ in weighed}
    return interaction.joined(rows, treatments, panel, treated, choices)


def _weigh(case: _Case, panel: RunPanel) -> _Weighed:
    at_best = None
    if case.best_treated != case.best:
        at_best = panel.difference(case.best, case.best_treated)
    helped = at_best is not None and bool(at_best.mean > 0)
    weights = case.gain(counted=helped)
    points = panel.effect(weights)
    least = 0.5 / (panel.arms[case.deep].images or _COUNTED)
    factors = stats.log_contrast(
        [panel.arms[name] for name in weights], list(weights.values()), panel.prior, least=least
    )
    alone = max(float(points.p_greater(0.0)), float(factors.p_greater(0.0))) * case.choices
    over = [panel.difference(control, case.deep_treated) for control in case.controls]
    p = max([alone, *(float(effect.p_greater(0.0)) for effect in over)])
    seeds = min(effect.seeds for effect in (points, at_best) if effect is not None)
    enough = all(count >= LEAST_SEEDS for count in (seeds, *(effect.seeds for effect in over)))
    harms = at_best is not None and _is_harm(at_best, case.choices)
    return _Weighed(case, points, factors, at_best, alone, p if enough else math.nan, seeds, harms)


def _is_harm(at_best: stats.Contrast, choices: int) -> bool:
    return float(at_best.mean) < -HARM and float(at_best.p_less(0.0)) * choices < _LIKELY


def _row(
    each: _Weighed,
    excess: stats.Estimate,
    panel: RunPanel,
    trains: RunPanel,
    *,
    p: float,
    level: float,
    ratio: float | None,
) -> Attribution:
    case, points = each.case, each.points
    won = points.interval(1 - level / case.choices)
    share_low, share_high = _share(each, panel)
    optimization = float(trains.effect(case.gain(counted=each.counted)).mean)
    return Attribution(
        group=case.group,
        variant=case.deep,
        best=case.best,
        mechanism=case.treatment.mechanism,
        treatment=case.treatment.name,
        control_of=case.treatment.control_of,
        excess=excess.mean,
        excess_low=excess.low,
        excess_high=excess.high,
        gain=float(panel.difference(case.deep, case.deep_treated).mean),
        gain_at_best=0.0 if each.at_best is None else float(each.at_best.mean),
        recovered=won.mean,
        low=won.low if each.seeds >= LEAST_SEEDS else math.nan,
        high=won.high if each.seeds >= LEAST_SEEDS else math.nan,
        share=won.mean / excess.mean,
        share_low=share_low,
        share_high=share_high,
        optimization_part=optimization,
        generalization_part=won.mean - optimization,
        seeds=each.seeds,
        word=_word(each, p, level, won.low),
        p=p,
        factor=math.exp(float(each.factors.mean)),
        budget_ratio=None if case.treatment.mechanism == "budget" else ratio,
    )


def _word(each: _Weighed, p: float, level: float, low: float) -> str:
    if each.case.treatment.control_of:
        return "control"
    if math.isnan(p):
        return "not shown"
    if each.harms:
        return interaction.HARMS
    if p <= ALPHA:
        return "cause"
    if 2 * each.p_alone <= level:
        return "no more than its control"
    return "points only" if low > 0 else "not shown"


def _share(each: _Weighed, panel: RunPanel) -> tuple[float, float]:
    """Returns Fieller's interval of what is recovered over the excess."""
    case, points = each.case, each.points
    if each.seeds < LEAST_SEEDS:
        return math.nan, math.nan
    excess = panel.difference(case.deep, case.best)
    left = {case.deep: 1.0, case.best: -1.0}  # the excess less what is recovered
    for name, weight in case.gain(counted=each.counted).items():
        left[name] = left.get(name, 0.0) - weight
    xx, yy = float(points.variance), float(excess.variance)
    xy = (xx + yy - float(panel.effect(left).variance)) / 2
    degrees = min(float(points.degrees), float(excess.degrees))
    critical = float(special.stdtrit(degrees, 1 - ALPHA / 2))
    return stats.ratio_limits(float(points.mean), float(excess.mean), xx, xy, yy, critical)
