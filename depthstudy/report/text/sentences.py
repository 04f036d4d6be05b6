"""Parts of sentences that several sections share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from depthstudy.evidence.budgets import UNEQUAL
from depthstudy.evidence.claims.pools import KIND, POOL
from depthstudy.records import Attribution, Metric, StudyInfo, Verdict, in_words
from depthstudy.report.text.formats import (
    DASH,
    count,
    duration,
    moment,
    number,
    percent,
    plain,
    signed,
    spaced,
    two_digits,
)

INTERVALS = (
    "Below what is made of means over images stands its 95% interval, from drawing the images "
    "anew; it says how sure the number is of this net, not of another one trained alike."
)

SOURCES = "for seeds and, where each answer is known, test images"  # of an interval of an error


def unfinished_sentence(summary: pd.DataFrame) -> str:
    """Says how many nets had runs that were still improving; ``""`` where there are none."""
    if "unfinished" not in summary.columns or not summary["unfinished"].any():
        return ""
    names = summary.loc[summary["unfinished"], "variant"].unique()
    return (
        f"{len(names)} of {count(summary['variant'].nunique(), 'net')} had not finished: train "
        "loss was still falling at the end. What is said of them may hold for this length of "
        "training only."
    )


def unequal_sentence(row: Verdict | Attribution) -> str:
    """Says that nets are compared of which one has seen more images; ``""`` where none has."""
    if row.budget_ratio is None or row.budget_ratio <= UNEQUAL:
        return ""
    return f"Unequal budgets: one side saw {two_digits(row.budget_ratio)} times the images."


def run_noun(hypothesis: Mapping[str, Any]) -> str:
    """Returns what each run of what is compared is: ``"run"`` of pools, where it is one of a net.

    Args:
      hypothesis: The fields of ``config.Hypothesis`` as plain values.
    """
    fields = [field for side in ("where", "against") for field in dict(hypothesis.get(side) or ())]
    return "run" if {POOL, KIND} & {*fields} else "seed"


def partial(info: StudyInfo) -> str:
    """Says that a study is not done, and how far it is."""
    return (
        f"Partial: {info.partial} runs are done, and all below is of these alone. It is written "
        f"anew as the study goes on; this is of {moment(info.finished)}."
    )


def treatment_name(name: str) -> str:
    """Returns a treatment in words: ``"16x the steps"`` for one that trains longer."""
    return spaced(in_words(name))


def fold(slope: float) -> str:
    """Returns ``"shrink 300-fold"`` for -2.48 powers of ten."""
    size = 10 ** min(abs(slope), 12.0)
    if size < 1.15:
        return "keep their size"
    if size >= 1e6:
        times = "more than a million"
    else:
        times = number(size) if size < 9.95 else f"{float(f'{size:.2g}'):,.0f}"
    return f"{'shrink' if slope < 0 else 'grow'} {times}\N{NON-BREAKING HYPHEN}fold"


def points(fraction: float) -> str:
    """Returns ``"1 point"`` for 0.01: what a threshold on errors or accuracies is."""
    return count(round(100 * fraction), "point")


def value_of(metric: Metric) -> Callable[[float], str]:
    """Returns what makes of a metric's value the text that a table shows."""
    return _FORMATS.get(metric.unit, plain)


def ends_of(metric: Metric, ends: tuple[float, float] | None) -> str:
    """Returns the interval of a metric as ``"12.3% to 15.6%"``; ``""`` where there is none."""
    if ends is None:
        return ""
    say = signed if metric.unit == "points" else value_of(metric)
    return " to ".join(map(say, ends))


def finite(values: Sequence[float]) -> list[float]:
    """Returns the values that are finite."""
    return [value for value in values if math.isfinite(value)]


def _or_dash(say: Callable[[float], str]) -> Callable[[float], str]:
    return lambda value: say(value) if math.isfinite(value) else DASH


_FORMATS: dict[str, Callable[[float], str]] = {
    "fraction": percent,
    "points": _or_dash(lambda value: f"{signed(value)} points"),
    "px": _or_dash("{:,.0f} px".format),
    "bytes": _or_dash(lambda value: f"{number(value / 1e6)} MB"),
    "s": _or_dash(duration),
}
