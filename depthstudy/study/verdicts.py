"""What the evidence of paired seeds says of each hypothesis of a study.

A hypothesis is turned into one effect per seed, in units of its metric, and the effect is tested
against its boundary from both sides: one one-sided t test (for equivalence, TOST) speaks for the
claim, the other against it. Twice the smaller p value is the p value of having decided wrongly in
either direction; Holm's method (1979) adjusts it over all hypotheses of the study that were tested.
Below 0.05 the hypothesis is supported or refuted, whichever side is the smaller.

How variants are paired:

- A comparison (``greater``, ``less``, ``equivalent``, ``not_greater``) takes the metric where
  ``where`` holds minus the metric where ``against`` holds. If both sides hold several variants,
  they are matched on all settings that neither side names, and those without a match are left out;
  if one side holds a single variant, it is compared with all of the other side.
- A trend (``rises``, ``does_not_rise``) takes the metric at the greatest value of ``along`` minus
  the metric at the least, among variants that agree in all other settings. It is not a fitted
  slope: depth hurts abruptly more often than steadily, a slope would hang on the values between
  and on a scale for ``along``, and the difference is in units of the metric as it stands.
- The effect of a seed is the mean over the pairs; only seeds that all pairs have are counted.
- In ``where`` and ``against``, ``"greatest"`` and ``"least"`` stand for that value of the field
  among the variants that the side's other settings pick, in a comparison among the values that
  both sides have. Such a hypothesis keeps its sense when a sweep is overridden.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from depthstudy.config import Hypothesis, Settings, Value
from depthstudy.errors import InputError
from depthstudy.records import Summary, Verdict, VerdictWord
from depthstudy.study import metrics, statistics

METRICS = tuple(
    field.name for field in dataclasses.fields(Summary) if field.name not in ("variant", "seed")
)
ALPHA = 0.05  # level of the two-sided, adjusted p value; its intervals hold 95%
GREATEST, LEAST = "greatest", "least"
TRENDS = ("rises", "does_not_rise")
NONE = ("equivalent", "not_greater", "does_not_rise")  # relations that say of what there is none

VariantSettings = Mapping[str, Mapping[str, Value]]


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
    p_values = np.array([statistics.two_sided(e.p_support, e.p_refute) for e in evidence])
    tested = np.isfinite(p_values)
    p_values[tested] = statistics.holm(p_values[tested])
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
        for problem in (*filter(None, [unknown]), *_problems(hypothesis, settings)):
            raise InputError(f"hypothesis {hypothesis.name!r}: {problem}")


def _problems(h: Hypothesis, settings: VariantSettings) -> Iterator[str]:
    trend = h.relation in TRENDS
    if trend and h.along is None:
        yield f"{h.relation!r} needs along, the field along which the metric changes"
    if trend and h.against:
        yield f"{h.relation!r} takes no against; it looks along {h.along} within where"
    if not trend and not h.against:
        yield f"{h.relation!r} needs against, the settings to compare with"
    if not trend and h.along is not None:
        yield f"{h.relation!r} takes no along; it compares where with against"
    if not trend and dict(h.where) == dict(h.against):
        yield "where and against pick the same variants"
    if h.relation in NONE and h.margin <= 0:
        yield f"{h.relation!r} needs a margin above 0, the largest difference that is still none"
    for side in (h.where, h.against):
        fields = [field for field, _ in side]
        yield from (f"{f} stands twice on one side" for f in fields if fields.count(f) > 1)
    ordered = [field for field, value in (*h.where, *h.against) if _is_extreme(value)]
    ordered += [h.along] if h.along is not None else []
    known = sorted({field for fields in settings.values() for field in fields})
    for field in dict.fromkeys([f for f, _ in (*h.where, *h.against)] + ordered):
        if field not in known:
            near = difflib.get_close_matches(field, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"allowed: {', '.join(known)}"
            yield f"unknown field {field!r}; {hint}"
    for field in ordered:
        values = {_plain(fields.get(field)) for fields in settings.values()}
        if odd := sorted(
            repr(value) for value in values if not _is_number(value) and value is not None
        ):
            yield f"{field} has no greatest and least, it holds {', '.join(odd)}"


def _weigh(h: Hypothesis, summary: pd.DataFrame, settings: VariantSettings) -> _Evidence:
    table = statistics.by_seed(metrics.measured(summary, h.metric), h.metric)
    present = {name: fields for name, fields in settings.items() if name in table.columns}
    pairs = _trend(h, present) if h.along is not None else _comparison(h, present)
    if not pairs:
        return _Evidence(h, None)
    left = table[[name for name, _ in pairs]].to_numpy()
    right = table[[name for _, name in pairs]].to_numpy()
    effects = (left - right).mean(axis=1)
    effects = effects[~np.isnan(effects)]
    return _Evidence(h, effects, *_p_values(h, effects))


def _p_values(h: Hypothesis, effects: NDArray[np.float64]) -> tuple[float, float]:
    """Returns the one-sided p values for and against the claim."""
    greater, less = statistics.p_greater, statistics.p_less
    match h.relation:
        case "greater" | "rises":
            return greater(effects, h.margin), less(effects, h.margin)
        case "less":
            return less(effects, -h.margin), greater(effects, -h.margin)
        case "not_greater" | "does_not_rise":
            return less(effects, h.margin), greater(effects, h.margin)
        case "equivalent":
            return (
                statistics.p_equivalent(effects, h.margin),
                statistics.p_beyond(effects, h.margin),
            )


def _verdict(evidence: _Evidence, p: float, level: float) -> Verdict:
    h, effects = evidence.hypothesis, evidence.effects
    estimate = statistics.interval([] if effects is None else effects)
    word: VerdictWord = "inconclusive"
    to_settle = None
    if effects is None:
        word = "not tested"
    elif p < ALPHA:
        word = "supported" if evidence.p_support < evidence.p_refute else "refuted"
    elif estimate.seeds >= 2:
        distances = _distances(h, estimate.mean)
        to_settle = statistics.seeds_needed(distances, estimate.spread, level)
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


def _comparison(h: Hypothesis, settings: VariantSettings) -> list[tuple[str, str]]:
    """Returns the pairs of variants whose difference ``h`` is about."""
    where, against = _resolve((h.where, h.against), settings)
    left, right = _pick(where, settings), _pick(against, settings)
    named = where.keys() | against.keys()
    matched = len(left) > 1 and len(right) > 1
    return [
        (a, b)
        for a in left
        for b in right
        if a != b and (not matched or _rest(settings[a], named) == _rest(settings[b], named))
    ]


def _trend(h: Hypothesis, settings: VariantSettings) -> list[tuple[str, str]]:
    """Returns the variants of greatest and of least ``along`` for each setting of the others."""
    (where,) = _resolve((h.where,), settings)
    values = {name: settings[name].get(str(h.along)) for name in _pick(where, settings)}
    numbers: dict[str, Any] = {name: v for name, v in values.items() if _is_number(v)}
    rests = {name: _rest(settings[name], {h.along}) for name in numbers}
    pairs = []
    for name, greatest in numbers.items():
        peers = [other for other in numbers if rests[other] == rests[name]]
        least = min(peers, key=numbers.__getitem__)
        if numbers[least] < greatest == max(numbers[other] for other in peers):
            pairs.append((name, least))
    return pairs


def _resolve(sides: Sequence[Settings], settings: VariantSettings) -> list[dict[str, Any]]:
    """Returns the sides with every "greatest" and "least" replaced by a value."""
    resolved = [dict[str, Any](side) for side in sides]
    extremes = [field for side in sides for field, value in side if _is_extreme(value)]
    for field in dict.fromkeys(extremes):
        common = set.intersection(*(_numbers(field, side, settings) for side in resolved))
        for side in resolved:
            if _is_extreme(side.get(field)):
                pick = max if side[field] == GREATEST else min
                side[field] = pick(common, default=math.nan)  # NaN equals, so picks, nothing
    return resolved


def _numbers(field: str, side: Mapping[str, Any], settings: VariantSettings) -> set[Any]:
    """Returns the numbers that ``field`` takes where the side's other, plain settings hold."""
    others = {f: value for f, value in side.items() if f != field and not _is_extreme(value)}
    values = (settings[name].get(field) for name in _pick(others, settings))
    return {value for value in values if _is_number(value)}


def _pick(side: Mapping[str, Any], settings: VariantSettings) -> list[str]:
    return [
        name
        for name, fields in settings.items()
        if all(f in fields and _plain(fields[f]) == _plain(value) for f, value in side.items())
    ]


def _rest(fields: Mapping[str, Value], named: Collection[str | None]) -> dict[str, Any]:
    return {field: _plain(value) for field, value in fields.items() if field not in named}


def _plain(value: Any) -> Any:
    return tuple(_plain(item) for item in value) if isinstance(value, list | tuple) else value


def _is_extreme(value: object) -> bool:
    return value in (GREATEST, LEAST)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
