"""What each variant gains on the first, and its price, where nets differ in anything but depth."""

from __future__ import annotations

import math

from depthstudy.evidence.budgets import UNEQUAL
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.records import Gain
from depthstudy.report import tables
from depthstudy.report.blocks import Row, Section, Table, Text
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import (
    DASH,
    change,
    listing,
    number,
    two_digits,
    visible,
    whole_percent,
)

_SAME = 0.05  # share of a cost up to which two are about the same


def section(study: Study) -> Section | None:
    """Returns the gains, or ``None`` where there is no first to set others against."""
    if not study.gains:
        return None
    first = study.gains[0].first
    header = ("Variant", "Test error", f"Against {first}", "MACs", "Time of a run")
    intervals = ""
    if study.has_seeds:
        intervals = " Errors have 95% intervals, and so have all differences together (Bonferroni)."
    note = (
        f"Against {first}: test error minus that of {first}, in points"
        f". MACs and time are shares of those of {first}.{intervals}"
    )
    return Section(
        f"What each variant gains on {first}",
        (
            Text(f"{sentence(study)} {_unequal(study)}".strip(), "finding"),
            Table(header, tuple(_row(study, gain) for gain in study.gains)),
            Text(note, "note"),
        ),
    )


def sentence(study: Study) -> str:
    """Names the variants that are better than the first by more than chance, with their price."""
    first, *others = study.gains
    sure = sorted((gain for gain in others if _is_sure(gain)), key=lambda gain: gain.change)
    if not sure:
        return f"No variant is shown to have a lower test error than {first.first}."
    parts = [
        f"{gain.variant} by {number(-100 * gain.change)} points "
        f"({_times(gain.macs, 'MACs')}, {_times(gain.seconds, 'time')})"
        for gain in sure
    ]
    text = f"Lower test error than {first.first}: {listing(parts)}."
    open_ones = [gain.variant for gain in others if gain not in sure]
    return text + (f" Not shown of {listing(open_ones)}." if open_ones else "")


def _unequal(study: Study) -> str:
    """Names the variants that have seen more or fewer images than the first."""
    ratios = {gain.variant: gain.budget_ratio or 1.0 for gain in study.gains}
    names = [name for name, ratio in ratios.items() if ratio > UNEQUAL]
    if not names:
        return ""
    saw = f"{listing(names)} saw more or fewer images than {study.gains[0].first}"
    return f"Unequal budgets: {saw}, up to {two_digits(max(ratios.values()))} times."


def _is_sure(gain: Gain) -> bool:
    return gain.high < 0 and gain.seeds >= LEAST_SEEDS


def _row(study: Study, gain: Gain) -> Row:
    is_first = gain.variant == gain.first
    return Row(
        gain.variant,
        (
            tables.error_estimate(study, gain.variant, "test_error"),
            DASH if is_first else change(gain.change, gain.low, gain.high),
            whole_percent(gain.macs),
            whole_percent(gain.seconds),
        ),
    )


def _times(ratio: float, what: str) -> str:
    if math.isfinite(ratio) and abs(ratio - 1) < _SAME:
        return f"about the same {what}"
    return f"{visible(ratio)}× the {what}"
