"""What becomes of a verdict with other recipes, in a sentence."""

from __future__ import annotations

import math

from depthstudy import records
from depthstudy.evidence.claims.robustness import is_gone
from depthstudy.report.text.formats import listing, sentence_case
from depthstudy.report.text.quantities import Quantity


def robustness_sentence(row: records.Robustness, about: Quantity, margin: float = 0.0) -> str:
    """Says what becomes of a verdict with tuned nets, and with longer trainings.

    Args:
      row: What becomes of it.
      about: What is measured.
      margin: That of the hypothesis.
    """
    if not row.word:
        return ""
    parts = [
        f"{words} {about.signed(effect)}"
        for words, effect in (
            ("own settings", row.effect_own_settings),
            ("longest training", row.effect_longer),
        )
        if math.isfinite(effect)
    ]
    numbers = f" ({listing(parts)})" if parts else ""
    return f"{sentence_case(row.word)}: {_because(row, margin)}{numbers}."


def _because(row: records.Robustness, margin: float) -> str:
    """Says why a verdict is robust or not, from what was looked at."""
    is_tuned, is_longer = map(math.isfinite, (row.effect_own_settings, row.effect_longer))
    match row.word:
        case "robust":
            looked = {"at its own settings": is_tuned, "trained longer": is_longer}
            return (
                f"it holds with each net {listing([how for how, known in looked.items() if known])}"
            )
        case "recipe-bound":
            return "it shrinks by half or turns with each net at its own settings"
        case "budget-bound" if is_longer:
            return "it shrinks by half or more with longer training"
        case "budget-bound":
            short = "a run had not finished" if row.unfinished else "a net does not fit"
            return f"it may be, as {short}, and the nets were not trained longer by the same factor"
    gone = is_gone(row.effect, row.effect_longer, margin)
    return "it is gone then" if gone else "it turns then"
