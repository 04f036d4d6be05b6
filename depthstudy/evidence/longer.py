"""Nets that were trained longer, by what factor: only equal factors are compared.

A net at four times its steps and another at its own differ in their budget, and what one has
gained on the other may be due to it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from depthstudy.records import VariantInfo

FITS = 0.01  # train error over that of a net beside it that is no failure to fit
SHRUNK = 0.5  # of an effect, at most, that is left where it is said to shrink

LongerNets = Mapping[str, Mapping[int, str]]  # of a variant: by factor, the one trained for longer


def longer_nets(infos: Iterable[VariantInfo]) -> dict[str, dict[int, str]]:
    """Returns by name of a variant, and by factor, the variants that were trained longer."""
    by_variant: dict[str, dict[int, str]] = {}
    for info in infos:
        if info.longer_factor is not None:
            by_variant.setdefault(info.untreated, {})[info.longer_factor] = info.name
    return by_variant


def longest_pair(left: str, right: str, longer: LongerNets) -> tuple[str, str] | None:
    """Returns two nets trained longer by the greatest factor that both were, or ``None``.

    >>> nets = {"deep": {2: "deep+longer2", 4: "deep+longer4"}, "shallow": {2: "shallow+longer2"}}
    >>> longest_pair("deep", "shallow", nets)
    ('deep+longer2', 'shallow+longer2')
    >>> longest_pair("deep", "other", nets)
    """
    of_left, of_right = longer.get(left, {}), longer.get(right, {})
    factor = max(of_left.keys() & of_right.keys(), default=None)
    return None if factor is None else (of_left[factor], of_right[factor])
