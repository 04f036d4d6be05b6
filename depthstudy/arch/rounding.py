"""Whole numbers of channels."""

from __future__ import annotations

_NORM_GROUPS = 32


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


def norm_groups(channels: int) -> int:
    """Returns into how many groups a group normalization cuts channels.

    The most up to 32 (Wu & He 2018, arXiv 1803.08494) that divide them, of two channels at least: a
    group of one channel at one pixel would be normalized to zero.

    >>> norm_groups(64), norm_groups(16), norm_groups(24), norm_groups(7)
    (32, 8, 12, 1)
    """
    most = min(_NORM_GROUPS, channels // 2)
    return next((count for count in range(most, 1, -1) if channels % count == 0), 1)
