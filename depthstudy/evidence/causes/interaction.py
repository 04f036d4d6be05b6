"""What two treatments do together beyond what they do apart.

Where either of two causes is enough to spoil a net, no single treatment repairs it: both are
needed, and the interaction is above zero. Where either treatment mends the same cause, each wins
back all of it, their shares add up to more than one, and the interaction is below zero.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from depthstudy.config import Treatment
from depthstudy.evidence.panel import Panel
from depthstudy.records import Attribution


def combinations(treatments: Sequence[Treatment]) -> dict[str, list[str]]:
    """Returns the treatments that have all settings of several others, with the others' names."""
    # Values may be lists, which have no hash.
    settings = {t.name: {(field, repr(value)) for field, value in t.settings} for t in treatments}
    single = [t.name for t in treatments if t.settings and not t.control_of]
    combined = {}
    for whole in settings:
        parts = [name for name in single if settings[name] < settings[whole]]
        if len(parts) > 1 and set().union(*(settings[name] for name in parts)) == settings[whole]:
            combined[whole] = parts
    return combined


def joined(
    rows: Sequence[Attribution],
    treatments: Sequence[Treatment],
    panel: Panel,
    treated: Mapping[tuple[str, str], str],
) -> list[Attribution]:
    """Returns ``rows``, those of combined treatments with their interaction.

    Args:
      rows: What each treatment wins back.
      treatments: All treatments of the study.
      panel: Test errors of all variants.
      treated: The variant that a treatment makes of another, by both their names.
    """
    combined = combinations(treatments)
    known = {(row.variant, row.treatment) for row in rows}
    return [
        _with_interaction(row, combined[row.treatment], panel, treated)
        if row.treatment in combined
        and all((row.variant, part) in known for part in combined[row.treatment])
        else row
        for row in rows
    ]


def _with_interaction(
    row: Attribution,
    parts: Sequence[str],
    panel: Panel,
    treated: Mapping[tuple[str, str], str],
) -> Attribution:
    weights: dict[str, float] = {}
    for treatment, sign in ((row.treatment, 1.0), *((part, -1.0) for part in parts)):
        for untreated, weight in ((row.variant, sign), (row.best, -sign)):
            new = treated.get((untreated, treatment), untreated)
            weights[untreated] = weights.get(untreated, 0.0) + weight
            weights[new] = weights.get(new, 0.0) - weight
    effect = panel.effect(weights).interval()
    return dataclasses.replace(
        row,
        combines=" + ".join(parts),
        interaction=effect.mean,
        interaction_low=effect.low,
        interaction_high=effect.high,
    )
