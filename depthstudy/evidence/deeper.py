"""Whether a greater depth lowers the test error of each group of nets, and what that rests on.

The answer is of the greatest depth that was tried. It is *yes* where it errs less than each lesser
depth, *no* where it errs more than the best one or a lesser one errs as little, within a point, and
*not known yet* otherwise, or where no depth is better than always naming the largest class.
Intervals are widened for the number of depths of the group (Bonferroni), of all its parts together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from depthstudy import records, stats
from depthstudy.evidence.baseline import Baselines, no_better
from depthstudy.evidence.causes.decomposition import MARGIN, best_depth, rivals
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.longer import SHRUNK, longer_nets, longest_pair
from depthstudy.evidence.panel import ALPHA, LEAST_SEEDS, ErrorsByVariant, RunPanel, measure
from depthstudy.records import Bound, DeeperWord, DepthAnswer, Recommendation, VariantInfo


def answers(
    summary: pd.DataFrame,
    infos: Sequence[VariantInfo],
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    baselines: Baselines | None = None,
) -> list[DepthAnswer]:
    """Returns the answer of each group of untreated, whole nets that has several depths.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      infos: The variants, treated ones and those that were trained longer among them.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      images: Name of an error to the number of images that it is counted on.
      baselines: Error of always naming the largest class, where it is known.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    panel = measure(summary, "test_error", predictions=predictions, images=images)
    unfinished = set(summary.loc[summary["unfinished"].astype(bool), "variant"])
    constant = no_better(summary, "test_error", baselines, images)
    measured = [info for info in infos if info.name in panel.arms]
    trained_longer = longer_nets(measured)
    tuned = {info.untreated: info.name for info in measured if info.has_own_settings}
    rows = []
    for group, names, count in _groups(infos, panel):
        against = best_depth(names[:-1], summary) or names[0]
        learned = not constant.issuperset(names)
        row = _answer(names, against, panel, rivals=count, learned=learned)
        longer = _effect(longest_pair(row.deepest, row.against, trained_longer), panel)
        effect_tuned = _effect(_tuned_pair(row, tuned), panel)
        is_loss = row.word == "no" and row.low is not None and row.low > 0
        loss = row.effect if is_loss else 0.0
        bound = _bound(loss, longer, effect_tuned, unfinished=row.deepest in unfinished)
        rows.append(
            DepthAnswer(
                **{
                    **vars(row),
                    "group": group,
                    "bound": bound if row.word != "yes" else "",
                    "effect_longer": longer,
                    "effect_own_settings": effect_tuned,
                }
            )
        )
    return rows


def headline(
    rows: Sequence[DepthAnswer], chosen: Recommendation | None, infos: Sequence[VariantInfo]
) -> DepthAnswer | None:
    """Returns the answer of the group of the recommended net, or else the first.

    A treated net belongs to the group that it has without its treatment. Of several series that
    begin with the net, that of its greatest gain or least loss by depth.
    """
    untreated = {info.name: info.untreated or info.name for info in infos}
    taken = untreated.get(chosen.variant, "") if chosen else ""
    series = _untreated_series(infos)
    its_own = [row for row in rows if any(info.name == taken for info in series.get(row.group, ()))]
    return min(its_own, key=lambda row: row.effect, default=next(iter(rows), None))


def _groups(infos: Sequence[VariantInfo], panel: RunPanel) -> list[tuple[str, list[str], int]]:
    """Returns the series of several depths: names by rising depth, and their group's rivals."""
    known = {
        group: [info for info in series if info.name in panel.arms]
        for group, series in _untreated_series(infos).items()
    }
    return [
        (group, [info.name for info in series], rivals(series, known.values()))
        for group, series in known.items()
        if series and series[0].depth < series[-1].depth
    ]


def _untreated_series(infos: Sequence[VariantInfo]) -> dict[str, list[VariantInfo]]:
    return records.depth_series([i for i in infos if not (i.treatment or i.dense)])


def _answer(
    names: Sequence[str], against: str, panel: RunPanel, *, rivals: int, learned: bool
) -> DepthAnswer:
    deepest, lesser = names[-1], names[:-1]
    level = ALPHA / rivals
    contrasts = {name: panel.difference(deepest, name) for name in lesser}
    effect = contrasts[against]
    estimate = effect.interval(1 - level)
    every = [contrast.interval(1 - level) for contrast in contrasts.values()]
    word: DeeperWord = "not known yet"
    if learned:
        word = _word(estimate, every)
    is_told = learned and min(one.seeds for one in every) >= LEAST_SEEDS
    most = float(np.max([one.high for one in every]))
    is_open = learned and word == "not known yet"
    needed = _needed(effect, level, panel.arms[deepest]) if is_open else None
    exact = math.isfinite(estimate.low)
    return DepthAnswer(
        group="",
        word=word,
        deepest=deepest,
        against=against,
        effect=estimate.mean,
        low=estimate.low if exact else None,
        high=estimate.high if exact else None,
        seeds=estimate.seeds,
        excess_high=most if is_told and math.isfinite(most) else None,
        seeds_needed=needed.seeds if needed else None,
        images_needed=needed.images if needed else None,
        learned=learned,
    )


def _word(against: stats.Estimate, every: Sequence[stats.Estimate]) -> DeeperWord:
    if min(one.seeds for one in every) < LEAST_SEEDS:
        return "not known yet"
    if all(one.high < 0 for one in every):
        return "yes"
    if against.low > 0 or against.low > -MARGIN:
        return "no"
    return "not known yet"


def _needed(effect: stats.Contrast, level: float, arm: stats.Arm) -> stats.Outlook | None:
    """Returns what would tell that the deepest net errs less, or gains less than a point."""
    if effect.seeds < LEAST_SEEDS:
        return stats.Outlook(LEAST_SEEDS, LEAST_SEEDS, None, None)
    mean = float(effect.mean)
    distance = max(abs(mean) if mean < 0 else 0.0, mean + MARGIN)
    count = arm.answered
    return stats.outlook(effect, (distance,), level / 2, image_count=count)


def _tuned_pair(row: DepthAnswer, tuned: Mapping[str, str]) -> tuple[str, str] | None:
    if not {row.deepest, row.against} <= tuned.keys():
        return None
    return tuned[row.deepest], tuned[row.against]


def _effect(pair: tuple[str, str] | None, panel: RunPanel) -> float | None:
    return float(panel.difference(*pair).mean) if pair else None


def _bound(loss: float, longer: float | None, tuned: float | None, *, unfinished: bool) -> Bound:
    def is_gone(other: float | None) -> bool:
        return other is not None and loss > MARGIN and other <= SHRUNK * loss

    if is_gone(longer):
        return "budget"
    if is_gone(tuned):
        return "recipe"
    return "unfinished" if unfinished and longer is None else ""
