"""Whether a verdict outlives the recipe that it was found with: each net tuned, and trained longer.

A verdict compares nets that were trained alike. Deep nets may want another learning rate, or more
steps, than shallow ones; then it speaks of the recipe and not of depth. So the effect is looked at
once more where each net has the settings that were tuned for it, and where those that did not fit
were trained until they did, with what they are compared with for as long.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from depthstudy import stats
from depthstudy.config import Hypothesis
from depthstudy.evidence import metrics
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.longer import FITS, SHRUNK, LongerNets, longest_pair
from depthstudy.records import Robustness, RobustnessWord, Verdict

_NOTHING = 0.01  # an effect on an error that is as good as none

Pair = tuple[str, str]
Parts = Sequence[Sequence[Pair | None]]  # of a claim: pairs of variants, the deciding one first


def robustness(
    hypotheses: Sequence[Hypothesis],
    verdicts: Sequence[Verdict],
    summary: pd.DataFrame,
    settings: VariantSettings,
    *,
    tuned: Mapping[str, str],
    tuned_words: Mapping[str, str],
    longer: LongerNets,
) -> list[Robustness]:
    """Returns what becomes of each verdict on errors where nets are tuned, and trained longer.

    Args:
      hypotheses: What was to be decided.
      verdicts: What was decided, in the same order.
      summary: Finished runs, with their train errors and the metrics that are asked for.
      settings: Name of a variant to all its settings by dotted field.
      tuned: Variants, and the same nets with the settings that were tuned for them. A verdict with
        a net that was not tuned, as a treated one, is not looked at with own settings.
      tuned_words: Hypotheses, and the words of their verdicts between these nets.
      longer: Variants that did not fit and those that were trained longer beside them, and the same
        nets by the factor by which they were.
    """
    unfinished = set(summary.loc[summary["unfinished"].astype(bool), "variant"])
    means = summary.groupby("variant")["train_error"].mean()
    train_errors = {str(name): float(error) for name, error in means.items()}
    rows = []
    for hypothesis, verdict in zip(hypotheses, verdicts, strict=True):
        parts = _compared(hypothesis, verdict, settings)
        if hypothesis.metric not in metrics.ERRORS or not parts:
            continue
        table = stats.by_seed(metrics.measured(summary, hypothesis.metric), hypothesis.metric)
        names = {name for part in parts for pair in part for name in pair}
        recipes = _Recipes(tuned if names <= tuned.keys() else {}, longer, train_errors)
        tuned_parts = [[recipes.tuned_pair(*pair) for pair in part] for part in parts]
        longest = [[recipes.longest(*pair) for pair in part] for part in parts]
        improving = unfinished & {name for part in tuned_parts for pair in part for name in pair}
        looked = _Effects(
            tuned=_effect(hypothesis, tuned_parts, table) if tuned_parts != parts else math.nan,
            longer=_effect(hypothesis, longest, table)
            if _any_new(longest, tuned_parts)
            else math.nan,
            is_undecided=tuned_words.get(hypothesis.name, verdict.verdict) != verdict.verdict,
            unequal=any(pair is None for part in longest for pair in part),
            unfinished=bool(improving),
        )
        rows.append(
            Robustness(
                hypothesis=hypothesis.name,
                word=_word(hypothesis, verdict, looked),
                effect=verdict.effect,
                effect_own_settings=looked.tuned,
                effect_longer=looked.longer,
                unfinished=len(improving),
            )
        )
    return rows


class _Recipes(NamedTuple):
    """What stands in for two nets that are compared, where they are trained otherwise."""

    tuned: Mapping[str, str]
    longer: LongerNets
    train_errors: Mapping[str, float]

    def tuned_pair(self, left: str, right: str) -> Pair:
        """Returns two nets, each with its own settings."""
        return self.tuned.get(left, left), self.tuned.get(right, right)

    def longest(self, left: str, right: str) -> Pair | None:
        """Returns two nets trained longest, and as long as each other.

        Nets that fit alike are as long as they need to be with their own settings. ``None`` is of
        two of which one does not fit, where not both were trained longer by the same factor.
        """
        pair = longest_pair(left, right, self.longer)
        if pair or not {left, right} & self.longer.keys():
            return pair or self.tuned_pair(left, right)
        excess = abs(self.train_errors[left] - self.train_errors[right])
        return None if excess > FITS else self.tuned_pair(left, right)


class _Effects(NamedTuple):
    """Effects with other recipes, NaN where there are none, and what is open about both.

    Attributes:
      tuned: With own settings.
      longer: Trained longest.
      is_undecided: Whether the verdict between nets with own settings is another.
      unequal: Whether nets were not trained longer by the same factor.
      unfinished: Whether a net was still improving.
    """

    tuned: float
    longer: float
    is_undecided: bool
    unequal: bool
    unfinished: bool


def _compared(
    hypothesis: Hypothesis, verdict: Verdict, settings: VariantSettings
) -> list[list[Pair]]:
    """Returns the pairs that a verdict rests on, by part, the one that decides a part first."""
    effects = {(row["left"], row["right"]): row["effect"] for row in json.loads(verdict.parts)}
    known = [
        [pair for pair in part if pair in effects] for part in pairing.parts(hypothesis, settings)
    ]
    return [sorted(part, key=effects.__getitem__, reverse=True) for part in known if part]


def _any_new(longest: Parts, tuned: Parts) -> bool:
    """Returns whether any pair was trained longer."""
    return any(
        pair is not None and pair not in of_part
        for part, of_part in zip(longest, tuned, strict=True)
        for pair in part
    )


def _effect(hypothesis: Hypothesis, parts: Parts, table: pd.DataFrame) -> float:
    """Returns the effect that speaks least for a claim, of pairs that may be missing.

    As the verdict weighs: of a trend the greatest effect of each part counts. NaN where the pair
    that decides a part is missing, or has no runs.
    """
    effects = []
    for part in parts:
        of_part = [_difference(table, pair) for pair in part]
        if math.isnan(of_part[0]):
            return math.nan
        effects.append(max(effect for effect in of_part if not math.isnan(effect)))
    match hypothesis.relation:
        case "greater" | "rises":
            return min(effects)
        case "equivalent":
            return max(effects, key=abs)
        case _:
            return max(effects)


def _difference(table: pd.DataFrame, pair: Pair | None) -> float:
    """Returns the mean difference over the seeds that both have; NaN where there are none."""
    if pair is None or not set(pair) <= set(table.columns):
        return math.nan
    return float((table[pair[0]] - table[pair[1]]).dropna().mean())


def _word(hypothesis: Hypothesis, verdict: Verdict, looked: _Effects) -> RobustnessWord:
    if verdict.verdict not in ("supported", "refuted"):
        return ""
    tuned, longer = looked.tuned, looked.longer
    is_claim = verdict.verdict == "supported"
    is_effect = is_claim != (hypothesis.relation in pairing.NONE)

    def shrinks(effect: float) -> bool:
        return is_effect and abs(effect) <= SHRUNK * abs(verdict.effect)

    def turns(effect: float) -> bool:
        return not math.isnan(effect) and holds(hypothesis, effect) != is_claim

    if (is_effect and is_gone(verdict.effect, longer, hypothesis.margin)) or turns(longer):
        return "settled by training longer"
    if shrinks(tuned) or turns(tuned):
        return "recipe-bound"
    is_open = looked.unequal or looked.unfinished
    if shrinks(longer) or (math.isnan(longer) and is_open):
        return "budget-bound"
    nothing = math.isnan(tuned) and math.isnan(longer)
    return "" if nothing or looked.is_undecided else "robust"


def is_gone(effect: float, other: float, margin: float) -> bool:
    """Returns whether an effect on an error is as good as none with another recipe."""
    return abs(other) <= max(margin, _NOTHING) < abs(effect)


def holds(hypothesis: Hypothesis, effect: float) -> bool:
    """Returns whether an effect, taken as it stands, is as a hypothesis says."""
    match hypothesis.relation:
        case "greater" | "rises":
            return effect > hypothesis.margin
        case "less":
            return effect < -hypothesis.margin
        case "not_greater" | "does_not_rise":
            return effect <= hypothesis.margin
        case "equivalent":
            return abs(effect) <= hypothesis.margin
