"""Which nets were trained with as much, so that none has its error from having seen more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from depthstudy.records import VariantInfo


def of_equal_budget(
    infos: Sequence[VariantInfo], budgets: Mapping[str, float]
) -> list[VariantInfo]:
    """Returns the variants of the most usual budget; of equally usual ones, of the greatest.

    Args:
      infos: The variants.
      budgets: Name of a variant to what it was trained with, as the images that a run has seen;
        those without one count as equal.
    """
    shares = Counter(budgets.get(info.name) for info in infos)
    if not shares:
        return []
    usual = max(shares, key=lambda budget: (shares[budget], budget or 0.0))
    return [info for info in infos if budgets.get(info.name) == usual]
