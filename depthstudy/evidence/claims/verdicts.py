"""What the evidence of runs says of each hypothesis of a study.

A hypothesis is turned into effects, differences of the means of two variants, in units of its
metric; ``pairing`` says which variants are compared, ``evidence`` which of them count, ``weighing``
what several effects say of one claim, and ``stats.contrast`` how sure each is. Each claim is tested
from both sides: one one-sided test (for equivalence, TOST) speaks for it, the other against. Twice
the smaller p value is the p value of having decided wrongly in either direction; Holm's method
(1979) adjusts it over all hypotheses of the study that were tested. Below 0.05 the hypothesis is
supported or refuted, whichever side is the smaller. The interval shown is the one that decides.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from depthstudy import stats
from depthstudy.config import Hypothesis
from depthstudy.errors import InputError
from depthstudy.evidence import baseline, metrics
from depthstudy.evidence.baseline import Baselines
from depthstudy.evidence.budgets import budget_ratio
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.claims.evidence import Evidence, weigh
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import ALPHA, ErrorsByVariant, RunPanel, measure
from depthstudy.records import Summary, Verdict, VerdictWord

METRICS = tuple(
    field.name for field in dataclasses.fields(Summary) if field.name not in ("variant", "seed")
)


def judge(
    summary: pd.DataFrame,
    settings: VariantSettings,
    hypotheses: Sequence[Hypothesis],
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    chance: Mapping[str, float] | None = None,
    baselines: Baselines | None = None,
    budgets: Mapping[str, float] | None = None,
    follow_ups: Collection[str] = (),
    alpha: float = ALPHA,
) -> list[Verdict]:
    """Returns a verdict on each hypothesis, in their order.

    With fewer than three runs of a variant a hypothesis is inconclusive, and its p value unknown,
    but for numbers that do not depend on the seed. It is inconclusive with a p value of 1 where
    runs show no spread, it is not known on how many images they were counted, and no two other
    variants show any. It is "not tested" where no variants with runs can be compared.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``, and those that
        ``metrics.widen`` adds; missing runs are allowed.
      settings: Name of a variant to all its settings by dotted field. Variants that are only here
        are named as missing, those that are only in ``summary`` are left out.
      hypotheses: What is to be decided.
      predictions: Name of a variant to whether each of its runs, in the order of seeds, errs on
        each test image. With them verdicts on ``test_error`` and ``gap`` speak of images like
        these, without of these images.
      images: Name of an error, as ``"train_error"``, to the number of images that it is counted on.
      chance: Name of a variant to the error of guessing, by which a run is known to have failed.
      baselines: By error and variant, that of always naming the largest class. No verdict rests on
        the difference of two nets that are no better than that.
      budgets: Name of a variant to how many images one of its runs has seen.
      follow_ups: Variants that followed from results. No variance borrows from theirs, so that a
        verdict stays as it is when they are trained.
      alpha: Level of all hypotheses together: 0.05, or that of one look (``stats.nominal_levels``).

    Raises:
      InputError: As ``check``; or a metric that is asked for is not finite, a run stands twice, or
        predictions do not fit the runs.
    """
    numeric = [c for c in summary.columns if is_numeric_dtype(summary[c]) and c != "seed"]
    check(hypotheses, settings, METRICS if summary.empty else numeric)
    panels = {
        metric: measure(
            summary, metric, predictions=predictions, images=images, follow_ups=follow_ups
        )
        for metric in dict.fromkeys(h.metric for h in hypotheses)
    }
    useless = {m: baseline.no_better(summary, m, baselines, images) for m in panels}
    evidence = [weigh(h, panels[h.metric], settings, useless[h.metric]) for h in hypotheses]
    p_values = np.array([stats.two_sided(e.p_support, e.p_refute) for e in evidence])
    tested = np.isfinite(p_values)
    levels = np.full(len(p_values), alpha)
    levels[tested] = stats.holm_levels(p_values[tested], alpha)
    p_values[tested] = stats.holm(p_values[tested])
    failing = _failing(summary, panels)
    return [
        dataclasses.replace(
            _verdict(e, float(p), float(level), alpha, chance or {}, failing[e.hypothesis.metric]),
            budget_ratio=_budget_ratio(e, budgets or {}),
            missing=", ".join(e.missing),
        )
        for e, p, level in zip(evidence, p_values, levels, strict=True)
    ]


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


def _failing(summary: pd.DataFrame, panels: Mapping[str, RunPanel]) -> dict[str, RunPanel]:
    """Returns by metric the runs by the error that tells whether they failed.

    That of anything but an error is the test error; of a gap, too: a run that learned nothing has
    none between its errors.
    """
    others = [
        m for m in panels if m not in metrics.EXACT and (not metrics.is_error(m) or m == "gap")
    ]
    if not others or "test_error" not in summary:
        return dict(panels)
    return {**panels, **dict.fromkeys(others, measure(summary, "test_error"))}


def _verdict(
    e: Evidence,
    p: float,
    level: float,
    alpha: float,
    chance: Mapping[str, float],
    failing: RunPanel,
) -> Verdict:
    h, weighed = e.hypothesis, e.weighed
    if weighed is None:
        return Verdict(
            hypothesis=h.name,
            verdict="not tested",
            effect=math.nan,
            low=math.nan,
            high=math.nan,
            p=math.nan,
            seeds=0,
            seeds_to_settle=None,
        )
    part, place = weighed.worst(level)
    worst, (left, right) = weighed.parts[part][place], weighed.pairs[part][place]
    pairs = [pair for each in weighed.pairs for pair in each]
    effects = [effect for each in weighed.parts for effect in each]
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    word: VerdictWord = "inconclusive"
    needed = stats.Outlook(None, None, None, None)
    if p <= alpha:
        word = "supported" if e.p_support < e.p_refute else "refuted"
    elif p < 1 or e.p_support < 1:
        count = e.panel.arms[left].answered
        side = level / 2 / weighed.tests(level)
        needed = stats.outlook(worst, weighed.distances(level), side, image_count=count)
    low, high = weighed.interval(level)
    failures = {name: stats.failed_runs(failing.arms[name], chance.get(name)) for name in names}
    clean = [e.panel.arms[name].seeds for name, runs in failures.items() if not runs]
    ratio = None
    if e.panel.arms[left].fraction and float(e.panel.arms[right].center) > 0:
        ratio = float(e.panel.arms[left].center / e.panel.arms[right].center)
    return Verdict(
        hypothesis=h.name,
        verdict=word,
        effect=float(worst.mean),
        low=low,
        high=high,
        p=p,
        seeds=min(effect.seeds for effect in effects),
        seeds_to_settle=needed.seeds,
        level=1 - level,
        scope=e.panel.scope(names),
        parts=_as_json(pairs, effects),
        average=float(np.mean([effect.mean for effect in effects])),
        ratio=ratio,
        failed="; ".join(
            f"{name}: {len(runs)} of {failing.arms[name].seeds}"
            for name, runs in failures.items()
            if runs
        ),
        unseen_failures=stats.unseen_failures(min(clean)) if clean and e.panel.error else None,
        seeds_low=needed.low,
        seeds_high=needed.high,
        images_to_settle=needed.images,
        no_better=", ".join(e.no_better),
    )


def _budget_ratio(e: Evidence, budgets: Mapping[str, float]) -> float | None:
    """Returns the ratio where it matters: what a step takes is the same in any budget."""
    if e.weighed is None or not metrics.is_learned(e.weighed.hypothesis.metric):
        return None
    return budget_ratio([pair for part in e.weighed.pairs for pair in part], budgets)


def _as_json(pairs: Sequence[tuple[str, str]], effects: Sequence[stats.Contrast]) -> str:
    rows = []
    for (left, right), effect in zip(pairs, effects, strict=True):
        mean, low, high, *_ = effect.interval()
        numbers = {"effect": mean, "low": low, "high": high}
        known = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        rows.append({"left": left, "right": right} | known)
    return json.dumps(rows)
