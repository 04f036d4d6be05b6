"""What the evidence of paired seeds says of each hypothesis of a study.

A hypothesis is turned into one effect per seed, in units of its metric, and the effect is tested
against its boundary from both sides: one one-sided t test (for equivalence, TOST) speaks for the
claim, the other against it. Twice the smaller p value is the p value of having decided wrongly in
either direction; Holm's method (1979) adjusts it over all hypotheses of the study that were tested.
Below 0.05 the hypothesis is supported or refuted, whichever side is the smaller. ``pairing``
says which variants are compared.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from depthstudy import stats
from depthstudy.config import Hypothesis
from depthstudy.errors import InputError
from depthstudy.evidence import metrics, pairing
from depthstudy.evidence.pairing import VariantSettings
from depthstudy.records import Summary, Verdict, VerdictWord

METRICS = tuple(
    field.name for field in dataclasses.fields(Summary) if field.name not in ("variant", "seed")
)
ALPHA = 0.05  # level of the two-sided, adjusted p value; its intervals hold 95%


class _Evidence(NamedTuple):
    """A hypothesis and its effects: one per seed, none without seeds, ``None`` if not tested."""

    hypothesis: Hypothesis
    effects: NDArray[np.float64] | None
    p_support: float = math.nan
    p_refute: float = math.nan


def judge(
    summary: pd.DataFrame, settings: VariantSettings, hypotheses: Sequence[Hypothesis]
) -> list[Verdict]:
    """Returns a verdict on each hypothesis, in their order.

    The interval is the plain 95% interval of the effect, so it may exclude the boundary where the
    adjusted p value does not. ``seeds_to_settle`` of an inconclusive hypothesis is the total number
    of seeds that gives a chance of 0.8 to decide it at the observed effect and spread, at the
    level of Holm's next step, 0.05 over the number of undecided hypotheses.

    With fewer than two paired seeds a hypothesis is inconclusive, and its interval, p and
    ``seeds_to_settle`` are unknown. It is "not tested" where no variants with runs can be compared.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``, and those that
        ``metrics.widen`` adds; missing runs are allowed.
      settings: Name of a variant to all its settings by dotted field. Variants that are only here
        or only in ``summary`` are left out.
      hypotheses: What is to be decided.

    Raises:
      InputError: As ``check``; or a metric that is asked for is not finite, or a run stands twice.
    """
    numeric = [c for c in summary.columns if is_numeric_dtype(summary[c]) and c != "seed"]
    check(hypotheses, settings, METRICS if summary.empty else numeric)
    evidence = [_weigh(hypothesis, summary, settings) for hypothesis in hypotheses]
    p_values = np.array([stats.two_sided(e.p_support, e.p_refute) for e in evidence])
    tested = np.isfinite(p_values)
    p_values[tested] = stats.holm(p_values[tested])
    level = ALPHA / 2 / max(1, int(np.count_nonzero(p_values >= ALPHA)))  # of one side
    return [_verdict(e, float(p), level) for e, p in zip(evidence, p_values, strict=True)]


def check(
    hypotheses: Sequence[Hypothesis],
    settings: VariantSettings,
    known: Collection[str] = METRICS,
    probes: Collection[str] | None = None,
) -> None:
    """Checks before any training that the hypotheses can be judged.

    Args:
      hypotheses: What is to be decided.
      settings: Name of a variant to all its settings by dotted field.
      known: Names of the metrics that there will be.
      probes: What is measured of runs; its metrics are allowed as ``"probe.metric"``, too. A metric
        that it turns out not to have leaves the hypothesis "not tested".

    Raises:
      InputError: Two hypotheses share a name; a metric or a field is unknown; a field stands twice
        on one side; a comparison lacks ``against``, equals it, or has ``along``; a trend lacks
        ``along`` or has ``against``; a margin that must be above 0 is not; or a field whose order
        matters holds something else than numbers.
    """
    names = [hypothesis.name for hypothesis in hypotheses]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"hypotheses: {names.count(name)} are named {name!r}; names are unique"
            )
    for hypothesis in hypotheses:
        unknown = metrics.problem(hypothesis.metric, known, probes)
        for problem in (*filter(None, [unknown]), *pairing.problems(hypothesis, settings)):
            raise InputError(f"hypothesis {hypothesis.name!r}: {problem}")


def _weigh(h: Hypothesis, summary: pd.DataFrame, settings: VariantSettings) -> _Evidence:
    table = stats.by_seed(metrics.measured(summary, h.metric), h.metric)
    present = {name: fields for name, fields in settings.items() if name in table.columns}
    pairs = pairing.pairs(h, present)
    if not pairs:
        return _Evidence(h, None)
    left = table[[name for name, _ in pairs]].to_numpy()
    right = table[[name for _, name in pairs]].to_numpy()
    effects = (left - right).mean(axis=1)
    effects = effects[~np.isnan(effects)]
    return _Evidence(h, effects, *_p_values(h, effects))


def _p_values(h: Hypothesis, effects: NDArray[np.float64]) -> tuple[float, float]:
    """Returns the one-sided p values for and against the claim."""
    greater, less = stats.p_greater, stats.p_less
    match h.relation:
        case "greater" | "rises":
            return greater(effects, h.margin), less(effects, h.margin)
        case "less":
            return less(effects, -h.margin), greater(effects, -h.margin)
        case "not_greater" | "does_not_rise":
            return less(effects, h.margin), greater(effects, h.margin)
        case "equivalent":
            return (
                stats.p_equivalent(effects, h.margin),
                stats.p_beyond(effects, h.margin),
            )


def _verdict(evidence: _Evidence, p: float, level: float) -> Verdict:
    h, effects = evidence.hypothesis, evidence.effects
    estimate = stats.interval([] if effects is None else effects)
    word: VerdictWord = "inconclusive"
    to_settle = None
    if effects is None:
        word = "not tested"
    elif p < ALPHA:
        word = "supported" if evidence.p_support < evidence.p_refute else "refuted"
    elif estimate.seeds >= 2:
        distances = _distances(h, estimate.mean)
        to_settle = stats.seeds_needed(distances, estimate.spread, level)
    return Verdict(
        hypothesis=h.name,
        verdict=word,
        effect=estimate.mean,
        low=estimate.low,
        high=estimate.high,
        p=p,
        seeds=estimate.seeds,
        seeds_to_settle=to_settle,
    )


def _distances(h: Hypothesis, mean: float) -> tuple[float, ...]:
    """Returns how far the mean lies beyond each boundary that the likelier verdict must pass."""
    if h.relation != "equivalent":
        return (abs(mean + h.margin if h.relation == "less" else mean - h.margin),)
    if abs(mean) < h.margin:
        return (h.margin - mean, h.margin + mean)
    return (abs(mean) - h.margin,)
