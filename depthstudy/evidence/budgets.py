"""How many images nets saw in training, set against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from depthstudy.records import VariantInfo

# Ratio of images seen above which two budgets are not called equal: as much may come of rounding
# epochs to whole steps.
UNEQUAL = 1.05


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

    Budgets count as one that differ by no more than whole steps of two batch sizes may.

    Args:
      infos: The variants.
      budgets: Name of a variant to how many images one of its runs has seen; those without one
        count as equal.
    """
    seen = [budgets.get(info.name) for info in infos]
    if not seen:
        return []
    usual = max(seen, key=lambda one: (sum(_is_alike(one, other) for other in seen), one or 0.0))
    return [info for info, budget in zip(infos, seen, strict=True) if _is_alike(budget, usual)]


def _is_alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return max(one, other) <= UNEQUAL * min(one, other)
