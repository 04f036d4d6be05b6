"""Whether a verdict outlives the recipe that it was found with: each net tuned, and trained longer.

A verdict compares nets that were trained alike. Deep nets may want another learning rate, or more
steps, than shallow ones; then it speaks of the recipe and not of depth. So the effect is looked at
once more where each net has the settings that were tuned for it, and where those that did not fit
were trained until they did.
"""

from __future__ import annotations

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
        pairs = pairing.pairs(hypothesis, settings)
        if hypothesis.metric not in metrics.ERRORS or not pairs:
            continue
        table = stats.by_seed(metrics.measured(summary, hypothesis.metric), hypothesis.metric)
        in_pairs = {name for pair in pairs for name in pair}
        effects = {
            "own": _effect(hypothesis, pairs, table, tuned),
            "longer": _effect(
                hypothesis, pairs, table, {**tuned, **longer} if in_pairs & set(longer) else {}
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


def _effect(
    hypothesis: Hypothesis,
    pairs: Sequence[tuple[str, str]],
    table: pd.DataFrame,
    substitutes: Substitutes,
) -> float:
    """Returns the effect that speaks least for a claim, with others in place of variants.

    NaN where no variant has another in its place.
    """
    if not any(name in substitutes for pair in pairs for name in pair):
        return math.nan
    effects = [
        float((table[left] - table[right]).dropna().mean())
        for left, right in ((substitutes.get(a, a), substitutes.get(b, b)) for a, b in pairs)
        if {left, right} <= set(table.columns)
    ]
    if not effects:
        return math.nan
    match hypothesis.relation:
        case "greater" | "rises":
            return min(effects)
        case "equivalent":
            return max(effects, key=abs)
        case _:
            return max(effects)


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
