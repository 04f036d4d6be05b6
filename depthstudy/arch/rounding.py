"""Whole numbers of channels."""

from __future__ import annotations


def divisible(channels: float, divisor: int = 8) -> int:
    """Returns the multiple of ``divisor`` nearest to ``channels``, never 10 % below it.

    The rule of the MobileNets and EfficientNets.

    >>> divisible(83.2), divisible(12)
    (80, 16)
    """
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def whole_groups(channels: int, groups: int) -> int:
    """Returns ``channels`` rounded down to what ``groups`` divides, but one for each at least.

    >>> whole_groups(170, 32), whole_groups(20, 32)
    (160, 32)
    """
    return max(groups, channels // groups * groups)
