"""What two treatments do together beyond what they do apart.

Where either of two causes is enough to spoil a net, no single treatment repairs it: both are
needed, and the interaction is above zero. Where both treatments mend the same cause, what they win
back overlaps, their shares add up to more than together, and the interaction is below zero.

It is made of what the rows say is won back, so that it agrees with them: what a treatment does for
the best depth is taken off where it helps. One that wins back less than nothing counts as nothing,
or another that does all by itself would seem to need it. Where one of the treatments harms the best
depth, it is credited with nothing, and there is no interaction; nor is there with fewer than three
seeds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from depthstudy.config import Treatment
from depthstudy.evidence.panel import ALPHA, LEAST_SEEDS, RunPanel
from depthstudy.records import Attribution

HARMS = "harms the best"  # word of a treatment with which the best depth does worse


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
    panel: RunPanel,
    treated: Mapping[tuple[str, str], str],
    choices: Mapping[str, int],
) -> list[Attribution]:
    """Returns ``rows``, those of combined treatments with their interaction.

    Args:
      rows: What each treatment wins back, and its word.
      treatments: All treatments of the study.
      panel: Test errors of all variants.
      treated: The variant that a treatment makes of another, by both their names.
      choices: Name of a deep net to the number of nets that its best depth was chosen from.
    """
    combined = combinations(treatments)
    known = {(row.variant, row.treatment): row for row in rows}
    result = []
    for row in rows:
        parts = [known.get((row.variant, part)) for part in combined.get(row.treatment, ())]
        present = [part for part in parts if part is not None]
        whole = bool(parts) and len(present) == len(parts)
        rivals = choices[row.variant]
        result.append(_with_interaction(row, present, panel, treated, rivals) if whole else row)
    return result


def _with_interaction(
    row: Attribution,
    parts: Sequence[Attribution],
    panel: RunPanel,
    treated: Mapping[tuple[str, str], str],
    rivals: int,
) -> Attribution:
    row = dataclasses.replace(row, combines=" + ".join(part.treatment for part in parts))
    if any(each.word == HARMS or each.seeds < LEAST_SEEDS for each in (row, *parts)):
        return row
    weights: dict[str, float] = {}
    for each, sign in ((row, 1.0), *((part, -1.0) for part in parts if part.recovered > 0)):
        nets = [(row.variant, sign)]
        nets += [(row.best, -sign)] if each.gain_at_best > 0 else []
        for untreated, weight in nets:
            new = treated.get((untreated, each.treatment), untreated)
            weights[untreated] = weights.get(untreated, 0.0) + weight
            weights[new] = weights.get(new, 0.0) - weight
    # The untreated best was chosen, and was lucky; where it drops out, no luck is left.
    effect = panel.effect(weights).interval(1 - ALPHA / (rivals if weights.get(row.best) else 1))
    return dataclasses.replace(
        row,
        interaction=effect.mean,
        interaction_low=effect.low,
        interaction_high=effect.high,
    )
