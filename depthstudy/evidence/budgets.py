"""How many images nets saw in training, set against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from depthstudy.records import VariantInfo

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


def of_equal_budget(
    infos: Sequence[VariantInfo], budgets: Mapping[str, float]
) -> list[VariantInfo]:
    """Returns the variants of the most usual budget; of equally usual ones, of the greatest.

    Args:
      infos: The variants.
      budgets: Name of a variant to how many images one of its runs has seen; those without one
        count as equal.
    """
    shares = Counter(budgets.get(info.name) for info in infos)
    if not shares:
        return []
    usual = max(shares, key=lambda budget: (shares[budget], budget or 0.0))
    return [info for info in infos if budgets.get(info.name) == usual]
