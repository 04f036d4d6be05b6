"""How many images nets saw in training, set against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

UNEQUAL = 1.25  # ratio of images seen above which two budgets are not called equal


def budget_ratio(pairs: Sequence[tuple[str, str]], budgets: Mapping[str, float]) -> float | None:
    """Returns the greatest ratio of the budgets of two variants that are compared.

    >>> budget_ratio(
    ...     [("deep", "shallow"), ("pruned", "deep")], {"deep": 8, "shallow": 8, "pruned": 18}
    ... )
    2.25
    """
    known = [(budgets[a], budgets[b]) for a, b in pairs if a in budgets and b in budgets]
    return max((max(pair) / min(pair) for pair in known), default=None)
