"""Whether a verdict outlives the recipe that it was found with: each net tuned, and trained longer.

A verdict compares nets that were trained alike. Deep nets may want another learning rate, or more
steps, than shallow ones; then it speaks of the recipe and not of depth. So the effect is looked at
once more where each net has the settings that were tuned for it, and where those that did not fit
were trained until they did.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

import pandas as pd

from depthstudy import stats
from depthstudy.config import Hypothesis
from depthstudy.evidence import metrics
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.records import Robustness, RobustnessWord, Verdict

_NOTHING = 0.01  # an effect on an error that is as good as none
_SHRUNK = 0.5  # of an effect that is left where it is said to shrink

Substitutes = Mapping[str, str]  # a variant, and the one that stands in for it
Part = Sequence[tuple[str, str]]  # of a claim: the pairs of variants that it compares


def robustness(
    hypotheses: Sequence[Hypothesis],
    verdicts: Sequence[Verdict],
    summary: pd.DataFrame,
    settings: VariantSettings,
    *,
    tuned: Substitutes,
    longer: Substitutes,
) -> list[Robustness]:
    """Returns what becomes of each verdict on errors where nets are tuned, and trained longer.

    Args:
      hypotheses: What was to be decided.
      verdicts: What was decided, in the same order.
      summary: Finished runs, with the metrics that are asked for.
      settings: Name of a variant to all its settings by dotted field.
      tuned: Variants, and the same nets with the settings that were tuned for them.
      longer: Variants that did not fit and those that they are compared with, and the same nets
        trained longest.
    """
    unfinished = set(summary.loc[summary["unfinished"].astype(bool), "variant"])
    rows = []
    for hypothesis, verdict in zip(hypotheses, verdicts, strict=True):
        parts = _compared(hypothesis, verdict, settings)
        if hypothesis.metric not in metrics.ERRORS or not parts:
            continue
        table = stats.by_seed(metrics.measured(summary, hypothesis.metric), hypothesis.metric)
        in_pairs = {name for part in parts for pair in part for name in pair}
        effects = {
            "own": _effect(hypothesis, parts, table, tuned),
            "longer": _effect(
                hypothesis, parts, table, {**tuned, **longer} if in_pairs & set(longer) else {}
            ),
        }
        rows.append(
            Robustness(
                hypothesis=hypothesis.name,
                word=_word(hypothesis, verdict, effects, bool(in_pairs & unfinished)),
                effect=verdict.effect,
                effect_own_settings=effects["own"],
                effect_longer=effects["longer"],
                unfinished=len(in_pairs & unfinished),
            )
        )
    return rows


def _compared(hypothesis: Hypothesis, verdict: Verdict, settings: VariantSettings) -> list[Part]:
    """Returns the pairs that a verdict rests on, by part, the one that decides a part first."""
    effects = {(row["left"], row["right"]): row["effect"] for row in json.loads(verdict.parts)}
    known = [
        [pair for pair in part if pair in effects] for part in pairing.parts(hypothesis, settings)
    ]
    return [sorted(part, key=effects.__getitem__, reverse=True) for part in known if part]


def _effect(
    hypothesis: Hypothesis, parts: Sequence[Part], table: pd.DataFrame, substitutes: Substitutes
) -> float:
    """Returns the effect that speaks least for a claim, with others in place of variants.

    As the verdict weighs: of a trend the greatest effect of each part counts. NaN where no variant
    has another in its place, or where a pair that decides a part has no runs.
    """
    if not any(name in substitutes for part in parts for pair in part for name in pair):
        return math.nan
    effects = []
    for part in parts:
        replaced = [(substitutes.get(a, a), substitutes.get(b, b)) for a, b in part]
        of_part = [_difference(table, *pair) for pair in replaced]
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


def _difference(table: pd.DataFrame, left: str, right: str) -> float:
    """Returns the mean difference over the seeds that both have; NaN where there are none."""
    if not {left, right} <= set(table.columns):
        return math.nan
    return float((table[left] - table[right]).dropna().mean())


def _word(
    hypothesis: Hypothesis, verdict: Verdict, effects: Mapping[str, float], unfinished: bool
) -> RobustnessWord:
    if verdict.verdict not in ("supported", "refuted"):
        return ""
    own, longer = effects["own"], effects["longer"]
    if math.isnan(own) and math.isnan(longer):
        return "budget-bound" if unfinished else ""
    is_claim = verdict.verdict == "supported"
    is_effect = is_claim != (hypothesis.relation in pairing.NONE)

    def shrinks(effect: float) -> bool:
        return is_effect and abs(effect) <= _SHRUNK * abs(verdict.effect)

    is_gone = abs(longer) <= max(hypothesis.margin, _NOTHING) < abs(verdict.effect)
    if is_gone or (not math.isnan(longer) and holds(hypothesis, longer) != is_claim):
        return "settled by training longer"
    if not math.isnan(own) and (shrinks(own) or holds(hypothesis, own) != is_claim):
        return "recipe-bound"
    return "budget-bound" if shrinks(longer) else "robust"


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
